/** Runs for the tests of comparisons: results whose replications hold the values that a test gives them. */

import type { RunToCompare } from "../../../simulator/compare/compare.ts";
import type { GroupSamples, RunResult, SampleMetric } from "../../../simulator/experiment/result.ts";
import { SAMPLE_METRICS } from "../../../simulator/experiment/result.ts";
import { fixture } from "../../reports/fixture.ts";

export type Values = Partial<Record<SampleMetric, readonly (number | null)[]>>;

export interface RunOptions {
  readonly label?: string;
  readonly seed?: number;
  readonly traffic?: string;
  readonly classes?: readonly string[];
  /** By strategy: values of the total, and by class. */
  readonly strategies: Readonly<
    Record<string, { readonly total?: Values; readonly byClass?: Readonly<Record<string, Values>> }>
  >;
  readonly over?: Partial<RunResult>;
  readonly scenario?: unknown;
}

/** A simulated run of one class `chat` unless others are given. */
export function runOf(options: RunOptions): RunToCompare {
  const { label = "b", seed = 7, traffic = "t", classes = ["chat"], strategies, over = {}, scenario } = options;
  const base = fixture({ strategies: Object.keys(strategies), classes, hours: 1, regions: ["us-east-1"] });
  const result: RunResult = {
    ...base,
    seed,
    trafficSha256: traffic,
    strategies: base.strategies.map((strategy) => {
      const { total = {}, byClass = {} } = strategies[strategy.name]!;
      const samples = [
        samplesOf("total", "", total),
        ...classes.map((name) => samplesOf("class", name, byClass[name] ?? {})),
      ];
      return { ...strategy, samples };
    }),
    ...over,
  };
  return { label, result, ...(scenario === undefined ? {} : { scenario }) };
}

function samplesOf(scope: GroupSamples["scope"], name: string, values: Values): GroupSamples {
  const all = Object.fromEntries(SAMPLE_METRICS.map((metric) => [metric, values[metric] ?? []]));
  return { scope, name, values: all as unknown as GroupSamples["values"] };
}

/** A standard normal draw from uniform ones. */
export function normalFrom(random: { next(): number }): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}
