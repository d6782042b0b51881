/** What is asked of a sweep: a metric of a group of requests and its limit, asked of every class at once. */
import { ALL, type SweepMetric } from "./points.ts";

/** The question put to the points. */
export interface SweepQuestion {
  readonly metric: SweepMetric;
  /** A class, or `all`. */
  readonly group: string;
  /** In the metric's unit; null: none. */
  readonly objective: number | null;
  /** Of costs and savings: a strategy whose p95 latency exceeds it is not worth its money. Null: no objective. */
  readonly p95LimitMs: number | null;
}

/** A class of traffic with its own objectives, as the scenario has them. */
export interface SweepClass {
  readonly name: string;
  /** Null: none. */
  readonly sloE2eMs: number | null;
  readonly sloTtftMs: number | null;
  /** Share of the requests that has to lie within. */
  readonly sloShare: number;
}

/** What a person said; the rest follows from the classes. */
export interface AskedQuestion {
  readonly metric: SweepMetric;
  readonly group: string | null;
  readonly objective: number | null;
}

/**
 * The same question for every group of requests. The one that is asked about comes first: the class that was named, the
 * only class, the first one with an objective of its own, or all requests. Classes of their own objective are judged by it
 * unless another is given.
 */
export function questionsOf(classes: readonly SweepClass[], asked: AskedQuestion): readonly SweepQuestion[] {
  const { metric, objective } = asked;
  const limitOn = (group: string, of: SweepMetric) =>
    ownObjective(
      classes.find(({ name }) => name === group),
      of,
    );
  const ownOf = (group: string) => limitOn(group, metric);
  const isMoney = metric === "cost" || metric === "saving";
  const limitOf = (group: string) => (isMoney ? limitOn(group, "p95") : null);
  const names = classes.map(({ name }) => name);
  const first = asked.group ?? firstGroup(names, objective === null ? ownOf : () => null);
  const others = [...names, ...(names.length > 1 ? [ALL] : [])].filter((group) => group !== first);
  return [
    { metric, group: first, objective: objective ?? ownOf(first), p95LimitMs: limitOf(first) },
    ...others.map((group) => ({ metric, group, objective: ownOf(group), p95LimitMs: limitOf(group) })),
  ];
}

function firstGroup(names: readonly string[], ownOf: (group: string) => number | null): string {
  if (names.length === 1) return names[0]!;
  return names.find((name) => ownOf(name) !== null) ?? ALL;
}

/** Percentiles that an objective with a share is about: "95 % within 8 s" limits p95. */
const SHARE_OF: Readonly<Partial<Record<SweepMetric, number>>> = {
  p50: 0.5,
  p95: 0.95,
  p99: 0.99,
  "ttft-p95": 0.95,
};

function ownObjective(one: SweepClass | undefined, metric: SweepMetric): number | null {
  if (one === undefined || SHARE_OF[metric] !== one.sloShare) return null;
  return metric === "ttft-p95" ? one.sloTtftMs : one.sloE2eMs;
}
