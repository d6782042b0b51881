/** Which rows of a recording a class takes, by their labels. */
import { z } from "zod";
import { bareModelId, shortModelName } from "./labels.ts";
import type { RecordedColumns } from "./recording.ts";

/** Labels that rows must have, all of them. */
export interface RowLabels {
  readonly class?: string | undefined;
  readonly tenant?: string | undefined;
  /** An id, a profile or a short name: `claude-haiku-4-5` takes all ids and profiles of the model. */
  readonly model?: string | undefined;
  readonly origin?: string | undefined;
}

const label = z.string().max(200);

/** The YAML form: a class label, or `{ tenant: search, model: nova-lite, origin: us-east-1 }`. */
export const onlySchema: z.ZodType<string | RowLabels> = z
  .union([
    z.string().min(1),
    z
      .strictObject({
        class: label.optional().meta({ description: "Class label" }),
        tenant: label.optional().meta({ description: "Team, application or customer" }),
        model: label.optional().meta({ description: "Model: an id, a profile or a short name" }),
        origin: label.optional().meta({ description: "Region that the call was sent to, or origin" }),
      })
      .meta({ description: "Only rows with all of these labels" }),
  ])
  .meta({ description: "Only rows with this class label, or with these labels" });

/** Whether a row has the labels. */
export function rowFilter(only: string | RowLabels | null, columns: RecordedColumns): (row: number) => boolean {
  if (only === null) return () => true;
  const wanted = typeof only === "string" ? { class: only } : only;
  const filters = [
    filterOf(wanted.class, columns.classIndex, columns.classNames, (name, asked) => name === asked),
    filterOf(wanted.tenant, columns.tenantIndex, columns.tenantNames, (name, asked) => name === asked),
    filterOf(wanted.model, columns.modelIndex, columns.modelNames, isModel),
    filterOf(wanted.origin, columns.originIndex, columns.originNames, (name, asked) => name === asked),
  ].filter((filter) => filter !== undefined);
  return (row) => filters.every((filter) => filter(row));
}

/** Labels of which so many are named in a message. */
const NAMED_MAX = 12;

/** The labels that a recording has, of the kinds that were asked for, for messages: ` and the class labels a, b`. */
export function labelText(only: string | RowLabels | null, columns: RecordedColumns): string {
  const { classNames, tenantNames, modelNames, originNames } = columns;
  const all = { class: classNames, tenant: tenantNames, model: modelNames, origin: originNames };
  const asked = only === null || typeof only === "string" ? ["class"] : Object.keys(only);
  return Object.entries(all)
    .filter(([kind, names]) => asked.includes(kind) && names !== undefined)
    .map(([kind, names]) => ` and the ${kind} labels ${listOf(names!)}`)
    .join("");
}

function listOf(names: readonly string[]): string {
  const told = names.filter((name) => name !== "");
  const more = told.length > NAMED_MAX ? ` and ${told.length - NAMED_MAX} more` : "";
  return `${told.slice(0, NAMED_MAX).join(", ")}${more}`;
}

function isModel(name: string, asked: string): boolean {
  return name === asked || bareModelId(name) === asked || shortModelName(name) === asked;
}

function filterOf(
  asked: string | undefined,
  index: Uint16Array | undefined,
  names: readonly string[] | undefined,
  matches: (name: string, asked: string) => boolean,
): ((row: number) => boolean) | undefined {
  if (asked === undefined) return undefined;
  const wanted = new Set((names ?? []).flatMap((name, i) => (matches(name, asked) ? [i] : [])));
  return (row) => index !== undefined && wanted.has(index[row]!);
}
