/** Sweeps made up for tests of their reports. */
import type { SweepReport } from "../../../reports/sweep/words.ts";
import type { Estimate } from "../../../simulator/base/statistics.ts";
import { analyse, type SweepAnswer } from "../../../simulator/sweep/analysis.ts";
import { type Factor, parseRange, type SweepFile } from "../../../simulator/sweep/job.ts";
import { questionsOf, SWEEP_METRICS, type SweepMetric, type SweepRow } from "../../../simulator/sweep/points.ts";

const USUAL: Readonly<Record<SweepMetric, number>> = {
  p50: 2000,
  p95: 5000,
  p99: 6000,
  "ttft-p95": 900,
  failed: 0,
  throttled: 0,
  goodput: 1,
  cost: 5,
  saving: 0,
  regret: 0.05,
};

/** One strategy's row at a point, of class `chat`; intervals are two hundredths wide, of latencies 200 ms. */
export function row(
  point: number,
  values: readonly unknown[],
  strategy: string,
  given: Partial<Record<SweepMetric, number | null>>,
  isUnstable = false,
): SweepRow {
  const metrics = Object.fromEntries(
    SWEEP_METRICS.map((metric) => {
      const value = metric in given ? given[metric]! : USUAL[metric];
      return [metric, estimate(value, metric === "failed" ? 0 : value !== null && value > 100 ? 100 : 0.1)];
    }),
  ) as Record<SweepMetric, Estimate>;
  return { point, values, strategy, group: "chat", isUnstable, metrics };
}

function estimate(value: number | null, half: number): Estimate {
  if (value === null) return { value: null, low: null, high: null, n: 0 };
  return { value, low: value - half, high: value + half, n: 3 };
}

export interface Given {
  readonly factors: readonly Factor[];
  readonly rows: readonly SweepRow[];
  readonly design?: string;
  readonly metric?: SweepMetric;
  readonly objective?: number | null;
  readonly slo?: number | null;
}

/** A report of rows; the class has an objective of 8 s. */
export function reportOf({
  factors,
  rows,
  design = "grid",
  metric = "p95",
  objective,
  slo = 8000,
}: Given): SweepReport {
  const points = Math.max(...rows.map(({ point }) => point)) + 1;
  const sweep: SweepFile = {
    schemaVersion: 2,
    meridianVersion: "0.1.0",
    name: "a <b>",
    scenarioYaml: "",
    scenarioFile: "a.yaml",
    design,
    seed: 1,
    factors,
    baseline: "home",
    classes: [{ name: "chat", sloE2eMs: slo, sloTtftMs: null, sloShare: 0.95 }],
    adaptive: null,
    jobs: Array.from({ length: points }, (_, i) => ({ key: String(i), values: [] })),
  };
  const questions = questionsOf(sweep.classes, { metric, group: null, objective: objective ?? null });
  const answers = questions.map((question): SweepAnswer => ({ question, analysis: analyse(sweep, rows, question) }));
  return { sweep, answers: answers as [SweepAnswer, ...SweepAnswer[]], rows, done: points };
}

/** Two strategies over load: one loses its percentile, then its stability; the other rises through 8 s. */
export function curveReport(): SweepReport {
  const home = [
    row(0, [1], "home", { p95: 6000 }),
    row(1, [2], "home", { p95: null, failed: 0.1 }),
    row(2, [3], "home", { p95: null, failed: 0.3 }),
    row(3, [4], "home", { p95: 3_000_000, failed: 0.3 }, true),
  ];
  const steady = [5000, 7000, 9000, 10_000].map((p95, i) => row(i, [i + 1], "steady", { p95 }));
  return reportOf({ factors: [parseRange("traffic[0].arrivals.scale", "1..4x4")!], rows: [...home, ...steady] });
}
