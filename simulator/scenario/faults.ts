/** `world.faults`: what goes wrong, at set times or at random. */
import { z } from "zod";
import { durationMs, share } from "../base/schema-forms.ts";
import type { FaultSpec } from "../service/service-plan.ts";
import type { Problems } from "./problems.ts";

const lasting = durationMs.refine((ms) => ms > 0, "must be more than 0");
/** Shorter mean times would only fill the memory with edges. */
const meanTime = durationMs.refine((ms) => ms >= 1000, "must be 1s or more");

const when = {
  region: z.string().min(1).optional().meta({ description: "Region it strikes; every region unless given" }),
  at: durationMs.optional().meta({ description: "When it begins, after the run's start: 10h" }),
  for: lasting.optional().meta({ description: "How long it lasts" }),
  mtbf: meanTime.optional().meta({ description: "Random: mean time between failures, exponential" }),
  mttr: meanTime.optional().meta({ description: "Random: mean time to repair, exponential" }),
};
const model = z.string().min(1).optional().meta({ description: "Model it strikes; every model unless given" });
const left = share.pipe(z.number().min(0).max(1));
const lost = share.pipe(z.number().min(0).max(0.99));

/** Scheduled (`at`, `for`) or random (`mtbf`, `mttr`) faults: the same ones for every strategy. */
export const faultSchema = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("outage"), ...when }).meta({ description: "The region is lost" }),
    z
      .strictObject({
        kind: z.literal("brownout"),
        ...when,
        model,
        capacity: left.meta({ description: "Capacity that is left: 50%" }),
      })
      .meta({ description: "Part of the region's capacity is lost" }),
    z
      .strictObject({
        kind: z.literal("quota-cut"),
        ...when,
        model,
        quota: left.meta({ description: "Quota that is left: 50%" }),
      })
      .meta({ description: "Quotas shrink" }),
    z
      .strictObject({
        kind: z.literal("latency-surge"),
        ...when,
        add: durationMs.meta({ description: "Added to each round trip" }),
      })
      .meta({ description: "Round trips to the region get longer" }),
    z
      .strictObject({
        kind: z.literal("packet-loss"),
        ...when,
        share: lost.meta({ description: "Messages lost and sent again: 2%" }),
      })
      .meta({ description: "Messages to and from the region get lost" }),
    z
      .strictObject({
        kind: z.literal("errors"),
        ...when,
        share: left.meta({ description: "Attempts that fail with 500: 5%" }),
      })
      .meta({ description: "Attempts fail after they were served" }),
    z
      .strictObject({ kind: z.literal("wrong-health"), ...when })
      .meta({ description: "Health checks say the opposite of the truth" }),
  ])
  .superRefine((fault, context) => {
    const isScheduled = fault.at !== undefined && fault.for !== undefined;
    const isRandom = fault.mtbf !== undefined && fault.mttr !== undefined;
    const isMixed = (fault.at ?? fault.for) !== undefined && (fault.mtbf ?? fault.mttr) !== undefined;
    if ((!isScheduled && !isRandom) || isMixed) {
      context.addIssue({ code: "custom", message: "give at and for (scheduled), or mtbf and mttr (random)" });
    }
  })
  .meta({ description: "Something goes wrong" });
export type FaultInput = z.output<typeof faultSchema>;

/** The one number of a fault that has one. */
export function faultAmount(fault: FaultInput): number {
  switch (fault.kind) {
    case "brownout":
      return fault.capacity;
    case "quota-cut":
      return fault.quota;
    case "latency-surge":
      return fault.add;
    case "packet-loss":
    case "errors":
      return fault.share;
    default:
      return 0;
  }
}

/** The faults of a world as the service takes them; names that are not there become problems. */
export function faultsOf(
  faults: readonly FaultInput[],
  regionNames: readonly string[],
  modelNames: readonly string[],
  problems: Problems,
): readonly FaultSpec[] {
  return faults.map((fault, i): FaultSpec => {
    const where = `world.faults[${i}]`;
    const model = "model" in fault ? fault.model : undefined;
    return {
      kind: fault.kind,
      region:
        fault.region === undefined ? -1 : problems.indexOf(fault.region, regionNames, "region", `${where}.region`),
      model: model === undefined ? -1 : problems.indexOf(model, modelNames, "model", `${where}.model`),
      atMs: fault.at ?? Number.NaN,
      forMs: fault.for ?? Number.NaN,
      mtbfMs: fault.mtbf ?? Number.NaN,
      mttrMs: fault.mttr ?? Number.NaN,
      amount: faultAmount(fault),
    };
  });
}
