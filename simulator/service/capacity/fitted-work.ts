/** The work of calls at a `fitted` endpoint: its spec, its YAML block, and the draw for each call. */
import { z } from "zod";
import { count, durationMs } from "../../base/schema-forms.ts";
import type { SlotTable } from "../../base/slot-table.ts";
import { keyedUniform, mix32 } from "../../random/keyed-random.ts";
import type { Sampler } from "../../random/law.ts";
import { createLaw, type LawSpec, lawSchema, leastDraw } from "../../random/laws/index.ts";
import { compileSampler } from "../../random/sampler.ts";
import { ATTEMPT, ATTEMPT_FLOAT, ATTEMPT_FLOATS, ATTEMPT_INTS } from "../attempt-table.ts";
import type { CapacityContext, Throughput } from "./capacity.ts";
import type { QueueSpec } from "./waiting-line.ts";

/** An endpoint that was measured, as calibration fits it; `background` counts calls, added to those that count. */
export interface FittedSpec extends QueueSpec {
  readonly kind: "fitted";
  /** Calls served at a time; Infinity = as many as come. */
  readonly servers: number;
  /** The prompt's part at an unloaded endpoint: base + perToken x uncached input tokens, ms, to the first token. */
  readonly promptBaseMs: number;
  readonly promptPerTokenMs: number;
  /**
   * own: load does not slow it. shared: paced by the load curve. in-line: one prompt at a time, else not slowed.
   * serial: paced, and one at a time. in-steps: as serial, but only the tokens are one at a time: the base is a wait
   * for the next step, which all can do at once.
   */
  readonly prompts: "own" | "shared" | "in-line" | "serial" | "in-steps";
  /** Added to the load's factor of all calls while a prompt is read, where prompts are read one at a time. */
  readonly promptSlowdown: number;
  /** Each output token after the first at an unloaded endpoint, ms. */
  readonly perOutputTokenMs: number;
  /** Factors of mean 1 on the two parts of each call's work. */
  readonly promptNoise: LawSpec | null;
  readonly outputNoise: LawSpec | null;
  /** Both factors come from one draw: a call that is fast with its prompt is so with its output. */
  readonly sharedNoise: boolean;
  /** The answer comes in one piece at the end. */
  readonly isWhole: boolean;
  /** Slowdown by calls: points (calls, factor), straight between, on along the last line; empty = 1. */
  readonly load: readonly (readonly [number, number])[];
  /** Which calls slow the others: all in service, or those past their first token. */
  readonly counts: "all" | "decoding";
  /** The slowdown follows the load all the time, or is settled when service begins. */
  readonly applies: "continuously" | "at-start";
}

/** Whether a capacity is of the kind that calibration writes. */
export function isFitted(spec: { readonly kind: string }): spec is FittedSpec {
  return spec.kind === "fitted";
}

const noise = lawSchema("count").optional().meta({ description: "Factor of mean 1 on each call's part" });

const loadPoints = z
  .array(z.tuple([count, z.number().positive()]))
  .default([])
  .refine((points) => points.every(([calls], i) => i === 0 || calls > points[i - 1]![0]), "calls must ascend")
  .meta({ description: "[calls, factor] points, ascending; straight between them, and on along the last line" });

/** What a measured endpoint has beside its servers and its line. */
export const fittedShape = {
  prompt: z
    .strictObject({
      base: durationMs.default(0).meta({ description: "Time to the first token, whatever the prompt" }),
      perToken: durationMs.default(0).meta({ description: "Added for each uncached input token" }),
      noise,
      paced: z.enum(["own", "shared", "in-line", "serial", "in-steps"]).default("own").meta({
        description:
          "own: load does not slow it; shared: load does; in-line: it does not, but prompts are read one at a time; serial: it does, and one at a time; in-steps: as serial, but the base of one does not hold up the next",
      }),
      slowdown: z.number().min(0).max(1000).default(0).meta({
        description: "Added to the load's factor of all calls while a prompt is read, where that is one at a time: 0.2",
      }),
    })
    .prefault({})
    .meta({ description: "From the start of service to the first token" }),
  output: z
    .strictObject({
      perToken: durationMs.default(0).meta({ description: "Each output token after the first" }),
      noise,
      sharedNoise: z
        .boolean()
        .default(false)
        .meta({ description: "Prompt and output of a call have the same noise factor" }),
      whole: z.boolean().default(false).meta({ description: "The answer comes in one piece at the end" }),
    })
    .prefault({})
    .meta({ description: "From the first token to the last" }),
  load: z
    .strictObject({
      factors: loadPoints,
      counts: z.enum(["all", "decoding"]).default("all").meta({
        description: "Calls that slow the others: all in service, or those past their first token",
      }),
      applies: z.enum(["continuously", "at-start"]).default("continuously").meta({
        description: "The slowdown follows the load all the time, or is settled when service begins",
      }),
    })
    .prefault({})
    .meta({ description: "How calls in service slow each other" }),
};

const fittedParts = z.strictObject(fittedShape);

/** The plain spec of these parts. */
export function fittedPartsOf(
  block: z.output<typeof fittedParts>,
): Omit<FittedSpec, "kind" | "servers" | keyof QueueSpec> {
  const { prompt, output, load } = block;
  return {
    promptBaseMs: prompt.base,
    promptPerTokenMs: prompt.perToken,
    prompts: prompt.paced,
    promptSlowdown: prompt.slowdown,
    perOutputTokenMs: output.perToken,
    promptNoise: prompt.noise ?? null,
    outputNoise: output.noise ?? null,
    sharedNoise: output.sharedNoise,
    isWhole: output.whole,
    load: load.factors,
    counts: load.counts,
    applies: load.applies,
  };
}

/**
 * How much slower an endpoint is with so many calls inside: straight lines through the points, flat before the first,
 * and on along the last line after the last, for a measured slowdown does not end where the measuring ended.
 * 1 without points.
 *
 * @param points (calls, factor), ascending in calls
 */
export function loadFactor(points: readonly (readonly [number, number])[], calls: number): number {
  const last = points.length - 1;
  if (last < 0) return 1;
  if (last === 0 || calls <= points[0]![0]) return points[0]![1];
  let i = 1;
  while (i < last && calls > points[i]![0]) i++;
  const [x0, y0] = points[i - 1]!;
  const [x1, y1] = points[i]!;
  return Math.max(Math.min(y0, y1), y0 + ((y1 - y0) * (calls - x0)) / (x1 - x0));
}

/**
 * Two limits. Servers: each does at most the work of an unloaded one in its time. Pace: n calls advance by
 * n / factor(n) together, which is greatest at one of the curve's points or beyond all of them; where the slowdown is
 * settled when service begins, or counts others than those that it slows, only the servers limit.
 */
export function fittedThroughputs(spec: FittedSpec): readonly Throughput[] {
  const mean = (noise: LawSpec | null) => (noise === null ? 1 : createLaw(noise).mean);
  const perOutputToken = spec.perOutputTokenMs * mean(spec.outputNoise);
  const fastest = leastLoad(spec);
  const servers: Throughput = {
    perCall: (spec.promptBaseMs - spec.perOutputTokenMs) * fastest * mean(spec.promptNoise),
    perInputToken: spec.promptPerTokenMs * fastest * mean(spec.promptNoise),
    perOutputToken: perOutputToken * fastest,
    unitsPerMs: () => spec.servers,
  };
  const pace: Throughput = {
    perCall: -perOutputToken,
    perInputToken: 0,
    perOutputToken,
    unitsPerMs: () => greatestPace(spec),
  };
  const isPaced = spec.applies === "continuously" && !spec.isWhole && greatestPace(spec) < Number.POSITIVE_INFINITY;
  return [...(spec.servers < Number.POSITIVE_INFINITY ? [servers] : []), ...(isPaced ? [pace] : [])];
}

/** Time of a call alone with the least noise that can be drawn, ms. */
export function leastFittedMs(spec: FittedSpec, inputTokens: number, outputTokens: number): number {
  const least = (noise: LawSpec | null) => (noise === null ? 1 : leastDraw(noise)) * leastLoad(spec);
  const promptMs = (spec.promptBaseMs + spec.promptPerTokenMs * inputTokens) * least(spec.promptNoise);
  return promptMs + Math.max(0, outputTokens - 1) * spec.perOutputTokenMs * least(spec.outputNoise);
}

/** The least factor of the curve; 1 where nothing slows a call, as not all of it may be paced. */
function leastLoad({ load }: FittedSpec): number {
  return Math.min(1, ...load.map(([, factor]) => factor));
}

function greatestPace({ load, servers }: FittedSpec): number {
  if (load.length === 0) return servers;
  const last = load.at(-1)!;
  const before = load.at(-2) ?? last;
  const slope = last[0] > before[0] ? (last[1] - before[1]) / (last[0] - before[0]) : 0;
  const paces = [...load.map(([calls]) => calls), ...(servers < Number.POSITIVE_INFINITY ? [servers] : [])].map(
    (calls) => Math.min(calls, servers) / loadFactor(load, Math.min(calls, servers)),
  );
  const beyond = servers < Number.POSITIVE_INFINITY ? 0 : slope > 0 ? 1 / slope : Number.POSITIVE_INFINITY;
  return Math.max(...paces, beyond);
}

/**
 * The work of the calls at a fitted station, ms of an unloaded one, by attempt slot: before the prompt is read, of
 * reading it, and from the first token to the end. The first two are NaN once they have begun, which says what the
 * slot's mark is for.
 */
export class FittedWork {
  beforeMs = new Float64Array(1024);
  promptMs = new Float64Array(1024);
  outputMs = new Float64Array(1024);
  private readonly spec: FittedSpec;
  private readonly context: CapacityContext;
  private readonly table: SlotTable;
  private readonly promptNoise: Sampler | null;
  private readonly outputNoise: Sampler | null;
  private readonly outputKey: number;

  constructor(spec: FittedSpec, context: CapacityContext, table: SlotTable) {
    this.spec = spec;
    this.context = context;
    this.table = table;
    const samplerOf = (noise: LawSpec | null) => noise && compileSampler(createLaw(noise), context.attempts);
    this.promptNoise = samplerOf(spec.promptNoise);
    this.outputNoise = samplerOf(spec.outputNoise);
    this.outputKey = spec.sharedNoise ? context.serviceKey : mix32(context.serviceKey ^ 0x5bd1e995);
  }

  /** Draws the factors of a call, and with them its work at an unloaded endpoint. */
  draw(attempt: number): void {
    const { floats, ints } = this.table;
    const { spec, context } = this;
    const at = attempt * ATTEMPT_INTS;
    const from = attempt * ATTEMPT_FLOATS;
    if (attempt >= this.promptMs.length) {
      this.promptMs = grown(this.promptMs, attempt);
      this.beforeMs = grown(this.beforeMs, attempt);
      this.outputMs = grown(this.outputMs, attempt);
    }
    const request = ints[at + ATTEMPT.requestId]!;
    const ordinal = ints[at + ATTEMPT.ordinal]!;
    const promptFactor =
      this.promptNoise === null ? 1 : this.promptNoise(keyedUniform(context.serviceKey, request, ordinal));
    const outputFactor =
      this.outputNoise === null ? 1 : this.outputNoise(keyedUniform(this.outputKey, request, ordinal));
    const uncached = ints[at + ATTEMPT.inputTokens]! - ints[at + ATTEMPT.cacheReadTokens]!;
    const later = Math.max(0, ints[at + ATTEMPT.outputTokens]! - 1);
    const isStepwise = spec.prompts === "in-steps";
    this.beforeMs[attempt] = isStepwise ? spec.promptBaseMs * promptFactor : 0;
    this.promptMs[attempt] = ((isStepwise ? 0 : spec.promptBaseMs) + spec.promptPerTokenMs * uncached) * promptFactor;
    this.outputMs[attempt] = later * spec.perOutputTokenMs * outputFactor * floats[from + ATTEMPT_FLOAT.decodeFactor]!;
    floats[from + ATTEMPT_FLOAT.work] = outputFactor;
    if (!spec.isWhole) return;
    // The answer comes in one piece: all of the work is before its first token.
    this.promptMs[attempt]! += this.outputMs[attempt]!;
    this.outputMs[attempt] = 0;
  }
}

function grown(column: Float64Array, index: number): Float64Array<ArrayBuffer> {
  const longer = new Float64Array(Math.max(index + 1, column.length * 2));
  longer.set(column);
  return longer;
}
