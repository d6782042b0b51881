/** A metric against load: where it crosses its objective, with an interval, and where its knee is. */
import type { Estimate } from "../base/statistics.ts";

/** A metric at one load. */
export interface CurvePoint {
  readonly load: number;
  readonly estimate: Estimate;
}

/** Where a curve crosses its objective. */
export interface Crossing {
  /** Load at which the line through the means crosses; null: within the range it does not. */
  readonly load: number | null;
  /**
   * Points between which the crossing lies: the last one whose whole interval is within the objective, and the first one
   * whose whole interval is beyond it. Nothing is taken for a line between them, since a curve over load is convex. Null:
   * beyond the range.
   */
  readonly low: number | null;
  readonly high: number | null;
  /**
   * `rises`: within the objective below, beyond it above; `falls`: the other way round, as over a quota; `between`: beyond
   * it at both ends and within somewhere between; else the metric is within its objective at all loads, or at none.
   */
  readonly side: "rises" | "falls" | "within" | "beyond" | "between";
}

/**
 * Where a metric crosses its objective, linear between points: the first load, from below, at which it exceeds it; or,
 * where it exceeds it at the lowest load and not at the highest, the load from which on it is within.
 *
 * @param points sorted by load; points without a value are left out; an infinite value lies beyond any objective, and
 * tells only that the crossing is somewhere between its load and the one before
 * @param objective in the metric's unit; larger is worse
 * @returns null where no point has a value
 */
export function crossingOf(points: readonly CurvePoint[], objective: number): Crossing | null {
  const known = points.filter(({ estimate }) => estimate.value !== null);
  if (known.length === 0) return null;
  const isBeyond = (point: CurvePoint | undefined) => (point?.estimate.value ?? 0) > objective;
  const falls = isBeyond(known[0]) && !isBeyond(known.at(-1));
  const along = falls ? [...points].reverse() : points;
  const load = firstAbove(along, objective, ({ value }) => value, interpolated);
  const near = firstAbove(
    along,
    objective,
    ({ high, value }) => high ?? value,
    ({ before }) => before.load,
  );
  const far = firstAbove(
    along,
    objective,
    ({ low, value }) => low ?? value,
    ({ at }) => at.load,
  );
  const uncrossed = !isBeyond(known[0]) ? "within" : known.every(isBeyond) ? "beyond" : "between";
  const side = load === null ? uncrossed : falls ? "falls" : "rises";
  return { load, low: falls ? far : near, high: falls ? near : far, side };
}

interface Reading {
  readonly load: number;
  readonly value: number;
}

/** Where a reading first exceeds the objective: between `before` and `at`. */
function firstAbove(
  points: readonly CurvePoint[],
  objective: number,
  read: (estimate: Estimate) => number | null,
  place: (gap: { readonly before: Reading; readonly at: Reading; readonly objective: number }) => number,
): number | null {
  let before: Reading | undefined;
  for (const { load, estimate } of points) {
    const value = read(estimate);
    if (value === null) continue;
    const at = { load, value };
    if (value > objective) return before === undefined ? null : place({ before, at, objective });
    before = at;
  }
  return null;
}

/** On the line between two readings; in the middle where the second is infinite. */
function interpolated({ before, at, objective }: { before: Reading; at: Reading; objective: number }): number {
  const share = Number.isFinite(at.value) ? (objective - before.value) / (at.value - before.value) : 0.5;
  return before.load + (at.load - before.load) * share;
}

/** The load from which on more work costs more latency than it brings throughput. */
export interface Knee {
  readonly load: number;
  /** Loads that the intervals and the spacing of the points do not tell from it. */
  readonly low: number;
  readonly high: number;
}

/**
 * The knee: the load of most power, which is throughput over latency, where a line from the origin touches the curve.
 * It does not depend on the range that was tried, as the distance from a chord would. For the mean of M/M/1 it is at half
 * the capacity, for M/D/1 at 2 - √2 of it.
 * Source: L. Kleinrock, "Power and deterministic rules of thumb for probabilistic problems in computer communications",
 * ICC 1979.
 *
 * @param points sorted by load, which is the throughput up to a factor; an infinite value has no power
 * @returns null where the most power is at an end of the range: the knee lies beyond it
 */
export function kneeOf(points: readonly CurvePoint[]): Knee | null {
  const known = points.filter(({ load, estimate: { value } }) => load > 0 && value !== null && value > 0);
  const power = known.map(({ load, estimate }) => load / estimate.value!);
  const at = power.indexOf(Math.max(...power));
  const [before, best, after] = [known[at - 1], known[at], known[at + 1]];
  if (before === undefined || best === undefined || after === undefined) return null;
  const least = best.load / (best.estimate.high ?? best.estimate.value!);
  const alike = known.filter(({ load, estimate }) => load / Math.max(estimate.low ?? estimate.value!, 0) >= least);
  return {
    load: best.load,
    low: Math.min(before.load, alike[0]!.load),
    high: Math.max(after.load, alike.at(-1)!.load),
  };
}
