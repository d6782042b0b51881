import type { CapacitySpec } from "../world/capacity/index.ts";
import type { Calls } from "./calls.ts";
import { quantileSorted } from "./quantiles.ts";
import { type Replayed, replayCalls } from "./replay-calls.ts";

/** How far a model is from what was measured; 0 is perfect, and 0.05 about five percent. */
export interface Score {
  /**
   * Mean continuous ranked probability score of the logarithms of TTFT and E2E, call by call: it punishes a wrong
   * spread as it does a wrong middle (Gneiting and Raftery 2007, JASA 102, eq. 21).
   */
  readonly perCall: number;
  /** Mean relative error of the p50, p90, p95 and p99 of TTFT and E2E. */
  readonly perPercentile: number;
  readonly total: number;
  readonly percentiles: readonly PercentileError[];
}

export interface PercentileError {
  readonly measure: "ttft" | "e2e";
  readonly share: number;
  readonly measuredMs: number;
  readonly predictedMs: number;
}

export interface ScoreOptions {
  /** Calls that count: numbers [from, to). */
  readonly from: number;
  readonly to: number;
  readonly seeds: readonly number[];
  /** Compare first tokens too. */
  readonly hasTtft: boolean;
}

/** Any spread of luck can be bent to fit a percentile, so percentiles say little of what an endpoint is. */
const PERCENTILE_WEIGHT = 0.15;

const SHARES = [0.5, 0.9, 0.95, 0.99] as const;

export function scoreModel(spec: CapacitySpec, calls: Calls, options: ScoreOptions): Score {
  const replays = options.seeds.map((seed) => replayCalls(spec, calls, seed));
  return scoreReplays(replays, calls, options);
}

export function scoreReplays(replays: readonly Replayed[], calls: Calls, options: ScoreOptions): Score {
  const { from, to, hasTtft } = options;
  const rows: number[] = [];
  for (let i = from; i < to; i++) if (calls.isServed[i] === 1) rows.push(i);
  const e2e = measureScore(
    rows,
    (i) => calls.endMs[i]! - calls.atMs[i]!,
    replays.map((each) => each.e2eMs),
  );
  const ttft = hasTtft
    ? measureScore(
        rows,
        (i) => calls.firstMs[i]! - calls.atMs[i]!,
        replays.map((each) => each.ttftMs),
      )
    : undefined;
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

function measureScore(rows: readonly number[], measuredOf: (i: number) => number, columns: readonly Float64Array[]) {
  const measured = Float64Array.from(rows, measuredOf).sort();
  const pooled = new Float64Array(rows.length * columns.length);
  for (const [k, column] of columns.entries()) {
    for (const [n, i] of rows.entries()) pooled[k * rows.length + n] = column[i]!;
  }
  const predicted = pooled.filter((value) => !Number.isNaN(value)).sort();
  let sum = 0;
  const logs = new Float64Array(columns.length);
  for (const i of rows) {
    const y = Math.log(Math.max(0.5, measuredOf(i)));
    // A model that refuses a call that was answered is as wrong as one that is off by a factor of e squared.
    for (let k = 0; k < columns.length; k++) {
      const value = columns[k]![i]!;
      logs[k] = Number.isNaN(value) ? y + 2 : Math.log(Math.max(0.5, value));
    }
    sum += crps(logs, y);
  }
  const percentiles = SHARES.map((share) => ({
    share,
    measuredMs: quantileSorted(measured, share),
    predictedMs: Math.max(0.1, quantileSorted(predicted, share)),
  }));
  return { crps: sum / Math.max(1, rows.length), percentiles };
}

/** Of a few draws x for one value y: E|x - y| - E|x - x'| / 2, the second over pairs of different draws. */
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
