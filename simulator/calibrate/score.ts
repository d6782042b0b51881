/** How far a model is from measured calls: by simulating them, and call by call given the measured concurrency. */
import { quantileSorted } from "../base/statistics.ts";
import { mix32 } from "../random/keyed-random.ts";
import { ATTEMPT, ATTEMPT_FLOAT, ATTEMPT_FLOATS, ATTEMPT_INTS, createAttemptTable } from "../service/attempt-table.ts";
import { CAPACITY_EVENT, OFFER } from "../service/capacity/capacity.ts";
import { type CapacitySpec, createCapacity } from "../service/capacity/index.ts";
import { callPartsOf, movingShare, workUnder } from "./call-parts.ts";
import type { Calls } from "./calls.ts";
import { medianNoise, type Parameters, type Variant } from "./candidate-model.ts";
import { occupancyOf } from "./occupancy.ts";

/** How far a model is from what was measured; 0 is perfect, and 0.05 about five percent. */
export interface Score {
  /**
   * Mean continuous ranked probability score of the logarithms of TTFT and E2E, call by call: it penalises a wrong
   * spread as well as a wrong centre (Gneiting and Raftery 2007, JASA 102, eq. 21).
   */
  readonly perCall: number;
  /** Mean relative error of the p50, p90, p95 and p99 of TTFT and E2E. */
  readonly perPercentile: number;
  /** The weighted sum of both, which decides. */
  readonly total: number;
  readonly percentiles: readonly PercentileError[];
}

/** Measured and predicted value of one percentile. */
export interface PercentileError {
  readonly measure: "ttft" | "e2e";
  /** 0.95 = p95. */
  readonly share: number;
  readonly measuredMs: number;
  readonly predictedMs: number;
}

export interface ScoreOptions {
  /** Calls that count: numbers [from, to). */
  readonly from: number;
  readonly to: number;
  /** One simulation of the calls each. */
  readonly seeds: readonly number[];
  /** Compare first tokens too. */
  readonly hasTtft: boolean;
}

/** Noise alone can match any single percentile, so percentiles weigh little. */
const PERCENTILE_WEIGHT = 0.15;

const SHARES = [0.5, 0.9, 0.95, 0.99] as const;

/** Simulates measured calls under a model, once per seed, and scores the result. */
export function scoreModel(spec: CapacitySpec, calls: Calls, options: ScoreOptions): Score {
  return scorerOf(calls, options)(spec);
}

/** `scoreModel` for many models of the same calls: what was measured is laid out once. */
export function scorerOf(calls: Calls, options: ScoreOptions): (spec: CapacitySpec) => Score {
  const measured = measuredIn(calls, options);
  return (spec) =>
    scoreAgainst(
      measured,
      options.seeds.map((seed) => replayCalls(spec, calls, seed)),
    );
}

/** Scores simulations of measured calls against what was measured. @param replays as `replayCalls` returns them */
export function scoreReplays(replays: readonly Replayed[], calls: Calls, options: ScoreOptions): Score {
  return scoreAgainst(measuredIn(calls, options), replays);
}

/** What counts of a measurement. */
interface Measured {
  /** Numbers of the calls. */
  readonly rows: Int32Array;
  readonly e2e: MeasuredLatency;
  readonly ttft: MeasuredLatency | undefined;
}

interface MeasuredLatency {
  /** ms, ascending. */
  readonly sorted: Float64Array;
  /** Logarithms, by place in `rows`. */
  readonly logs: Float64Array;
}

function measuredIn(calls: Calls, { from, to, hasTtft }: ScoreOptions): Measured {
  const rows: number[] = [];
  for (let i = from; i < to; i++) if (calls.isServed[i] === 1) rows.push(i);
  const latency = (atMs: Float64Array): MeasuredLatency => {
    const values = Float64Array.from(rows, (i) => atMs[i]! - calls.atMs[i]!);
    return { sorted: values.toSorted(), logs: values.map(logOf) };
  };
  return {
    rows: Int32Array.from(rows),
    e2e: latency(calls.endMs),
    ttft: hasTtft ? latency(calls.firstMs) : undefined,
  };
}

function logOf(ms: number): number {
  return Math.log(Math.max(0.5, ms));
}

function scoreAgainst(measured: Measured, replays: readonly Replayed[]): Score {
  const { rows } = measured;
  const e2e = measureScore(
    rows,
    measured.e2e,
    replays.map((each) => each.e2eMs),
  );
  const ttft =
    measured.ttft &&
    measureScore(
      rows,
      measured.ttft,
      replays.map((each) => each.ttftMs),
    );
  const both = ttft === undefined ? [e2e] : [e2e, ttft];
  const perCall = both.reduce((sum, each) => sum + each.crps, 0) / both.length;
  const percentiles = [
    ...e2e.percentiles.map((each) => ({ measure: "e2e" as const, ...each })),
    ...(ttft?.percentiles ?? []).map((each) => ({ measure: "ttft" as const, ...each })),
  ];
  const perPercentile =
    percentiles.reduce((sum, each) => sum + Math.abs(Math.log(each.predictedMs / each.measuredMs)), 0) /
    percentiles.length;
  return { perCall, perPercentile, total: perCall + PERCENTILE_WEIGHT * perPercentile, percentiles };
}

function measureScore(rows: Int32Array, measured: MeasuredLatency, columns: readonly Float64Array[]) {
  const pooled = new Float64Array(rows.length * columns.length);
  for (let k = 0, at = 0; k < columns.length; k++) {
    for (let n = 0; n < rows.length; n++) pooled[at++] = columns[k]![rows[n]!]!;
  }
  const predicted = pooled.filter((value) => !Number.isNaN(value)).sort();
  let sum = 0;
  const logs = new Float64Array(columns.length);
  for (let n = 0; n < rows.length; n++) {
    const y = measured.logs[n]!;
    // Refusing a call that was answered counts as an error by a factor of e squared.
    for (let k = 0; k < columns.length; k++) {
      const value = columns[k]![rows[n]!]!;
      logs[k] = Number.isNaN(value) ? y + 2 : logOf(value);
    }
    sum += crps(logs, y);
  }
  const percentiles = SHARES.map((share) => ({
    share,
    measuredMs: quantileSorted(measured.sorted, share),
    predictedMs: Math.max(0.1, quantileSorted(predicted, share)),
  }));
  return { crps: sum / Math.max(1, rows.length), percentiles };
}

/** Of a few draws x for one value y: E|x - y| - E|x - x'| / 2, the second term over pairs of different draws. */
function crps(draws: Float64Array, y: number): number {
  const size = draws.length;
  let near = 0;
  let apart = 0;
  for (let a = 0; a < size; a++) {
    near += Math.abs(draws[a]! - y);
    for (let b = a + 1; b < size; b++) apart += Math.abs(draws[a]! - draws[b]!);
  }
  return near / size - (size > 1 ? apart / (size * (size - 1)) : 0);
}

/** Simulated latencies of each call, ms from its arrival; NaN where it was refused or abandoned. */
interface Replayed {
  readonly ttftMs: Float64Array;
  readonly e2eMs: Float64Array;
}

/** Calls inside at a time are seldom more. */
const REPLAY_SLOTS = 64;

/**
 * Sends measured calls, at their measured arrivals, through the simulator's model of an endpoint. Call i has the draws
 * of request i under the seed: common random numbers, so that models can be compared on few calls.
 */
export function replayCalls(spec: CapacitySpec, calls: Calls, seed: number): Replayed {
  const table = createAttemptTable(REPLAY_SLOTS);
  const keys = { serviceKey: mix32(seed * 2 + 1), patienceKey: mix32(seed * 2 + 2) };
  const capacity = createCapacity(spec, { seed, ...keys, localHourAtStart: 0, attempts: calls.count }, table);
  const ttftMs = new Float64Array(calls.count).fill(Number.NaN);
  const e2eMs = new Float64Array(calls.count).fill(Number.NaN);
  let inside = 0;
  const leave = (slot: number, nowMs: number, isServed: boolean) => {
    const i = table.ints[slot * ATTEMPT_INTS + ATTEMPT.requestId]!;
    if (isServed) {
      ttftMs[i] = table.floats[slot * ATTEMPT_FLOATS + ATTEMPT_FLOAT.firstTokenMs]! - calls.atMs[i]!;
      e2eMs[i] = nowMs - calls.atMs[i]!;
    }
    inside--;
    table.release(slot);
  };
  const advance = () => {
    const nowMs = capacity.nextMs;
    const event = capacity.advance();
    if (event === CAPACITY_EVENT.finished) leave(capacity.subject, nowMs, true);
    else if (event === CAPACITY_EVENT.abandoned) leave(capacity.subject, nowMs, false);
  };
  for (let i = 0; i < calls.count; i++) {
    const nowMs = calls.atMs[i]!;
    while (capacity.nextMs <= nowMs) advance();
    const slot = table.allocate();
    const at = slot * ATTEMPT_INTS;
    table.ints.fill(0, at + 1, at + ATTEMPT_INTS);
    table.ints[at + ATTEMPT.requestId] = i;
    table.ints[at + ATTEMPT.inputTokens] = calls.inputTokens[i]!;
    table.ints[at + ATTEMPT.outputTokens] = calls.outputTokens[i]!;
    table.floats[slot * ATTEMPT_FLOATS + ATTEMPT_FLOAT.decodeFactor] = 1;
    inside++;
    if (capacity.offer(nowMs, slot) === OFFER.refused) leave(slot, nowMs, false);
  }
  while (inside > 0) advance();
  return { ttftMs, e2eMs };
}

/** Absolute errors of the logarithms by call; NaN for calls whose times do not count. */
export interface CallErrors {
  readonly e2e: Float64Array;
  /** Equal to those of E2E where answers come in one piece. */
  readonly ttft: Float64Array;
  /** Their mean. */
  readonly both: Float64Array;
}

/**
 * Per-call errors of a candidate model given the measured concurrency of all other calls. Less noisy than a simulation,
 * whose random draws change which calls overlap.
 */
export function errorsAtMeasuredConcurrency(calls: Calls, variant: Variant, parameters: Parameters): CallErrors {
  const { servers, curve, promptSlowdown } = parameters;
  const occupancy = occupancyOf(calls, {
    servers,
    isSerial: variant.prompts === "serial" || variant.prompts === "in-line",
    counts: variant.counts,
    isWhole: variant.isWhole,
  });
  const data = callPartsOf(calls, occupancy, variant);
  const isStepwise = variant.prompts === "in-steps";
  const beside = isStepwise ? promptSlowdown * parameters.promptPerTokenMs : promptSlowdown;
  const work = workUnder(data, variant, { curve, beside });
  const promptMedian = medianNoise(parameters.promptNoise);
  const outputMedian = medianNoise(parameters.outputNoise);
  const e2e = new Float64Array(calls.count).fill(Number.NaN);
  const ttft = new Float64Array(calls.count).fill(Number.NaN);
  let readUntilMs = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < calls.count; i++) {
    const { atMs, endMs } = { atMs: calls.atMs[i]!, endMs: calls.endMs[i]! };
    const firstMs = variant.isWhole ? endMs : calls.firstMs[i]!;
    if (calls.isServed[i] === 0 || Number.isNaN(firstMs)) continue;
    const startMs = occupancy.startMs[i]!;
    const later = data.later[i]!;
    const base = parameters.promptBaseMs * promptMedian;
    const size =
      (parameters.promptPerTokenMs * calls.inputTokens[i]! +
        (variant.isWhole ? parameters.perOutputTokenMs * later : 0)) *
      promptMedian;
    // Ratio of the part's duration to its work, given the measured load.
    const moving = isStepwise ? movingShare(beside * calls.inputTokens[i]!, firstMs - startMs) : 1;
    const pace = firstMs > startMs && work.promptMs[i]! > 0 ? ((firstMs - startMs) * moving) / work.promptMs[i]! : 1;
    const heldUpMs = isStepwise ? Math.max(0, readUntilMs - startMs - base * pace) : 0;
    const stoppedMs = isStepwise ? beside * calls.inputTokens[i]! : 0;
    const ttftMs = startMs - atMs + (base + size) * pace + heldUpMs + stoppedMs;
    readUntilMs = Math.max(readUntilMs, firstMs);
    const output = parameters.perOutputTokenMs * later * outputMedian;
    const outputMs = work.outputMs[i]! > 0 ? (output * (endMs - firstMs)) / work.outputMs[i]! : 0;
    e2e[i] = logDistance(ttftMs + outputMs, endMs - atMs);
    ttft[i] = variant.isWhole ? e2e[i]! : logDistance(ttftMs, firstMs - atMs);
  }
  return { e2e, ttft, both: e2e.map((error, i) => (error + ttft[i]!) / 2) };
}

function logDistance(predictedMs: number, measuredMs: number): number {
  return Math.abs(Math.log(Math.max(0.5, predictedMs) / Math.max(0.5, measuredMs)));
}
