/** The registry of capacity models, and what the program asks of any of them. */
import { z } from "zod";
import type { SlotTable } from "../../base/slot-table.ts";
import type { LawSpec } from "../../random/laws/index.ts";
import { batching } from "./batching.ts";
import type { Capacity, CapacityContext, CapacityForm, CapacityModel, Discipline } from "./capacity.ts";
import { empirical } from "./empirical.ts";
import { fitted } from "./fitted.ts";
import { slots } from "./slots.ts";
import type { QueueSpec } from "./waiting-line.ts";

/** Every capacity model by kind. A new model is one file and one line here. */
export const CAPACITY_MODELS = { slots, batching, empirical, fitted } as const;

type Registered = (typeof CAPACITY_MODELS)[keyof typeof CAPACITY_MODELS];
type RegisteredForm = Registered["schema"];

/** A capacity as plain data: what a resolved scenario stores. */
export type CapacitySpec = ReturnType<Registered["toSpec"]>;

/** The YAML forms: `{ kind: slots, servers: 8, ... }`, distinguished by `kind`. */
export const capacitySchema = z
  .discriminatedUnion("kind", formsOf())
  .meta({ id: "capacity", description: "Serving capacity of one region for one model" });
export type CapacityBlock = z.output<typeof capacitySchema>;

/** A station that every request passes before it is routed: it refuses no request and sees no tokens. */
export const gatewaySchema = capacitySchema.superRefine((block, context) => {
  for (const key of modelOf(block).refusedInGateway(block)) {
    const message = `a gateway lets every request wait and does not see its tokens: leave ${key} out`;
    context.addIssue({ code: "custom", path: [key], message });
  }
});

/** The plain spec of a block. @param usual the discipline where the block names none */
export function capacitySpecOf(block: CapacityBlock, usual: Discipline = "fcfs"): CapacitySpec {
  return modelOf(block).toSpec(block, usual);
}

/** The running mechanism of a spec. @param table rows of the attempts that it will be offered, by slot */
export function createCapacity(spec: CapacitySpec, context: CapacityContext, table: SlotTable): Capacity {
  return modelOf(spec).create(spec, context, table);
}

/** The capacity of `units` model units from that of one. */
export function scaleCapacity(spec: CapacitySpec, units: number): CapacitySpec {
  return modelOf(spec).scaleTo(spec, units);
}

/** What an endpoint can do at most; empty where no limit is known. */
export function throughputsOf(spec: CapacitySpec) {
  return modelOf(spec).throughputs?.(spec) ?? [];
}

/** Time of a call at an empty endpoint with the least noise, ms; 0 where nothing is certain. */
export function leastMsOf(spec: CapacitySpec, inputTokens: number, outputTokens: number): number {
  return modelOf(spec).leastMs?.(spec, inputTokens, outputTokens) ?? 0;
}

/** Law of the draw that each attempt's work begins with there; null where there is not one. */
export function workLawOf(spec: CapacitySpec): LawSpec | null {
  return modelOf(spec).workLaw?.(spec) ?? null;
}

/** Whether calls may wait there: the spec then says how many, how long, and beside which other tenants. */
export function isQueueing(spec: CapacitySpec): spec is Extract<CapacitySpec, QueueSpec> {
  return modelOf(spec).isQueueing;
}

/** Whether its numbers come from measured calls, not from whoever wrote the scenario. */
export function isMeasured(spec: CapacitySpec): boolean {
  return modelOf(spec).isMeasured === true;
}

/** Whether an answer's first token may come before its last. */
export function isStreaming(spec: CapacitySpec): boolean {
  return modelOf(spec).isStreaming(spec);
}

/** Whether calls wait there in an order that ignores their level. */
export function ignoresPriority(spec: CapacitySpec): boolean {
  return modelOf(spec).ignoresPriority(spec);
}

/** The table is keyed by kind, which TypeScript cannot tie to the spec's own member of the union. */
function modelOf({ kind }: { readonly kind: Registered["kind"] }) {
  return CAPACITY_MODELS[kind] as unknown as CapacityModel<CapacitySpec, z.ZodType<CapacityBlock> & CapacityForm>;
}

function formsOf(): [RegisteredForm, ...RegisteredForm[]] {
  const forms = Object.values(CAPACITY_MODELS).map(({ schema, summary }) =>
    (schema as z.ZodType).meta({ description: summary }),
  );
  return forms as unknown as [RegisteredForm];
}
