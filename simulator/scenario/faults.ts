/** `world.faults`: what goes wrong, at set times or at random. */
import { z } from "zod";
import { didYouMean } from "../base/near-names.ts";
import { durationMs, share } from "../base/schema-forms.ts";
import { isServiceErrorName, SERVICE_ERROR_NAMES } from "../service/service-errors.ts";
import type { FaultSpec, StreamFault } from "../service/service-plan.ts";
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

const EFFECTS = ["reset", "silence", "empty", "drip"] as const;
const STREAM_ERRORS = [...EFFECTS, ...SERVICE_ERROR_NAMES] as readonly string[];
const wholeNumber = (least: number) => z.number().int().min(least);

const streamFault = z.strictObject({
  kind: z.literal("stream"),
  ...when,
  model,
  class: z.string().min(1).optional().meta({ description: "Class it strikes; every class unless given" }),
  error: z
    .string()
    .superRefine((error, context) => {
      if (STREAM_ERRORS.includes(error)) return;
      const message = `"${error}" is neither an effect nor an error of the service${didYouMean(error, STREAM_ERRORS)}; write ${EFFECTS.join(", ")} or a name such as ModelStreamErrorException`;
      context.addIssue({ code: "custom", message });
    })
    .meta({
      description:
        "What happens: reset (the connection breaks), silence (no more bytes), empty (200 without content), drip (tokens come slowly), or an error of the service by its name",
    }),
  message: z.string().optional().meta({ description: "Text of an error, in place of its usual one" }),
  afterTokens: wholeNumber(0).optional().meta({
    description: "Tokens that come first; 0 unless given, for a drip at least 1. An answer that is not longer is whole",
  }),
  lasts: lasting.optional().meta({ description: "For silence: how long; for good unless given" }),
  gap: lasting.optional().meta({ description: "For a drip: from one token to the next" }),
  share: share
    .pipe(z.number().positive().max(1))
    .default(1)
    .meta({ description: "Calls that it strikes: 5%; all unless given" }),
  times: wholeNumber(1).optional().meta({ description: "Calls that it strikes at most" }),
});

/** What does not go together in a stream fault. */
function mismatches(fault: z.output<typeof streamFault>): readonly (readonly [path: string, message: string])[] {
  const { error, lasts, gap, message, afterTokens = 0 } = fault;
  const found: (readonly [string, string])[] = [];
  if (lasts !== undefined && error !== "silence") found.push(["lasts", "is for silence: leave it out"]);
  if (gap !== undefined && error !== "drip") found.push(["gap", "is for a drip: leave it out"]);
  if (gap === undefined && error === "drip") found.push(["gap", "a drip needs the time between tokens: gap: 2s"]);
  if (error === "empty" && afterTokens > 0) found.push(["afterTokens", "an empty answer has none: leave it out"]);
  if (message !== undefined && !isServiceErrorName(error)) found.push(["message", "is for errors of the service"]);
  return found;
}

const TIMES =
  "a fault has at and for (scheduled), or mtbf and mttr (random); write for example at: 10h, for: 30m, or mtbf: 5h, mttr: 10m";

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
    streamFault.meta({ description: "Answers of single calls stall, break or come empty" }),
    z
      .strictObject({ kind: z.literal("wrong-health"), ...when })
      .meta({ description: "Health checks say the opposite of the truth" }),
  ])
  .superRefine((fault, context) => {
    if (fault.kind === "stream") {
      for (const [path, message] of mismatches(fault)) context.addIssue({ code: "custom", path: [path], message });
      // Without a time it is in force throughout.
      if ((fault.mtbf ?? fault.mttr) === undefined) return;
    }
    const isScheduled = fault.at !== undefined && fault.for !== undefined;
    const isRandom = fault.mtbf !== undefined && fault.mttr !== undefined;
    const isMixed = (fault.at ?? fault.for) !== undefined && (fault.mtbf ?? fault.mttr) !== undefined;
    if ((!isScheduled && !isRandom) || isMixed) {
      context.addIssue({ code: "custom", message: TIMES });
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
  classNames: readonly string[],
  problems: Problems,
): readonly FaultSpec[] {
  return faults.map((fault, i): FaultSpec => {
    const where = `world.faults[${i}]`;
    const model = "model" in fault ? fault.model : undefined;
    const isThroughout = fault.kind === "stream" && fault.mtbf === undefined;
    return {
      kind: fault.kind,
      region:
        fault.region === undefined ? -1 : problems.indexOf(fault.region, regionNames, "region", `${where}.region`),
      model: model === undefined ? -1 : problems.indexOf(model, modelNames, "model", `${where}.model`),
      atMs: fault.at ?? (isThroughout ? 0 : Number.NaN),
      forMs: fault.for ?? (isThroughout ? Number.POSITIVE_INFINITY : Number.NaN),
      mtbfMs: fault.mtbf ?? Number.NaN,
      mttrMs: fault.mttr ?? Number.NaN,
      amount: faultAmount(fault),
      ...(fault.kind === "stream" ? { stream: streamOf(fault, classNames, `${where}.class`, problems) } : {}),
    };
  });
}

function streamOf(
  fault: FaultInput & { kind: "stream" },
  classNames: readonly string[],
  where: string,
  problems: Problems,
): StreamFault {
  const { error } = fault;
  const isError = isServiceErrorName(error);
  return {
    effect: isError ? "error" : (error as StreamFault["effect"]),
    error: isError ? error : null,
    message: fault.message ?? "",
    // What drips begins with a token.
    afterTokens: Math.max(fault.afterTokens ?? 0, error === "drip" ? 1 : 0),
    lastsMs: fault.lasts ?? Number.POSITIVE_INFINITY,
    gapMs: fault.gap ?? Number.NaN,
    share: fault.share,
    times: fault.times ?? Number.POSITIVE_INFINITY,
    classIndex: fault.class === undefined ? -1 : problems.indexOf(fault.class, classNames, "class", where),
  };
}
