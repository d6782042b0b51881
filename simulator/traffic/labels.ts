/**
 * What the labels of a recorded call say (its model by id, profile or ARN, its region, who it is for), and which rows a class
 * takes by them.
 */
import { z } from "zod";
import type { JsonObject } from "./row-cells.ts";
import type { RecordedColumns } from "./traffic.ts";

/**
 * A short name of a Bedrock model id, profile or ARN.
 *
 * @example shortModelName("us.anthropic.claude-haiku-4-5-20251001-v1:0") // => "claude-haiku-4-5"
 */
export function shortModelName(id: string): string {
  const last = bareModelId(id).split(".").at(-1)!;
  return (
    last
      .replace(/:\d+$/, "")
      .replace(/-v\d+$/, "")
      .replace(/-\d{8}$/, "") || last
  );
}

const PROFILE_PREFIX = /^(us|us-gov|eu|apac|jp|au|ca|global)\./;

/**
 * The model's own id: without an ARN or a gateway's provider around it, and without a profile's prefix.
 *
 * @example bareModelId("eu.amazon.nova-lite-v1:0") // => "amazon.nova-lite-v1:0"
 */
export function bareModelId(id: string): string {
  const inArn = id.startsWith("arn:") ? id.slice(id.lastIndexOf("/") + 1) : id.replace(/^bedrock\/(converse\/)?/, "");
  return inArn.replace(PROFILE_PREFIX, "");
}

const REGION = /\b(?:us|eu|ap|ca|sa|me|af|il|mx)(?:-gov|-iso[a-z]?)?-[a-z]+-\d\b/;

/**
 * The region in a host name, a URL or an ARN; undefined where there is none.
 *
 * @example regionIn("https://bedrock-runtime.eu-central-1.amazonaws.com") // => "eu-central-1"
 */
export function regionIn(text: unknown): string | undefined {
  return typeof text === "string" ? REGION.exec(text)?.[0] : undefined;
}

/** Keys that say who a request is for, in order. */
const TENANT_KEYS = ["team", "tenant", "tenantId", "tenant_id", "application", "app", "project", "service"];

/** Whether the tags of a call say who it is for. @param asked key of a tag; null for the known ones */
export function isTagged(tags: JsonObject, asked: string | null): boolean {
  return (asked === null ? TENANT_KEYS : [asked]).some((key) => Object.hasOwn(tags, key));
}

/**
 * The label of a request by its tags: the one asked for, or the first known one, or else the role that called.
 *
 * @param asked key of a tag; null for the known ones
 * @param arn   identity of the caller
 * @example tagsClass({ env: "prod", team: "search" }, null, undefined) // => "search"
 */
export function tagsClass(tags: JsonObject, asked: string | null, arn: string | undefined): string {
  const keys = asked === null ? TENANT_KEYS : [asked];
  for (const key of keys) {
    const value = Object.hasOwn(tags, key) ? tags[key] : undefined;
    if (typeof value === "string" || typeof value === "number") return String(value).slice(0, 200);
  }
  return asked === null ? roleOf(arn) : "";
}

/** `arn:aws:sts::111122223333:assumed-role/search-bedrock/app` → `search-bedrock`. */
function roleOf(arn: string | undefined): string {
  if (arn === undefined) return "";
  const [kind = "", name = ""] = (arn.split(":")[5] ?? "").split("/");
  return kind === "" || name === "" ? "" : name.slice(0, 200);
}

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
