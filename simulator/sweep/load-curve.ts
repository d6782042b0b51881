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
  /** Loads at which the upper and the lower interval cross: the crossing lies between. Null: beyond the range. */
  readonly low: number | null;
  readonly high: number | null;
  /** Where there is no crossing: the metric is within its objective at all loads, or at none. */
  readonly side: "crosses" | "within" | "beyond";
}

/**
 * The first load, from below, at which a metric exceeds its objective, linear between points.
 *
 * @param points sorted by load; points without a value are left out; an infinite value lies beyond any objective, and
 * tells only that the crossing is somewhere between its load and the one before
 * @param objective in the metric's unit; larger is worse
 */
export function crossingOf(points: readonly CurvePoint[], objective: number): Crossing {
  const load = firstAbove(points, objective, ({ value }) => value, 0.5);
  const known = points.filter(({ estimate }) => estimate.value !== null);
  const side = load !== null ? "crosses" : (known[0]?.estimate.value ?? 0) > objective ? "beyond" : "within";
  return {
    load,
    low: firstAbove(points, objective, ({ high, value }) => high ?? value, 0),
    high: firstAbove(points, objective, ({ low, value }) => low ?? value, 1),
    side,
  };
}

/** @param atInfinity where between the two loads the crossing is put, as a share, when the upper value is infinite */
function firstAbove(
  points: readonly CurvePoint[],
  objective: number,
  read: (estimate: Estimate) => number | null,
  atInfinity: number,
): number | null {
  let before: { readonly load: number; readonly value: number } | undefined;
  for (const { load, estimate } of points) {
    const value = read(estimate);
    if (value === null) continue;
    if (value > objective) {
      if (before === undefined) return null;
      const share = Number.isFinite(value) ? (objective - before.value) / (value - before.value) : atInfinity;
      return before.load + (load - before.load) * share;
    }
    before = { load, value };
  }
  return null;
}

/**
 * The knee: the point furthest below the straight line from the first to the last, both axes scaled to one. What the
 * Kneedle method calls the point of maximum curvature (Satopaa et al., ICDCSW 2011), for a rising convex curve.
 *
 * @returns null with fewer than three points or where the curve does not rise
 */
export function kneeOf(points: readonly CurvePoint[]): CurvePoint | null {
  const known = points.filter(({ estimate }) => estimate.value !== null);
  const [first, last] = [known[0], known.at(-1)];
  if (known.length < 3 || first === undefined || last === undefined) return null;
  const rise = last.estimate.value! - first.estimate.value!;
  if (!(rise > 0)) return null;
  let knee: CurvePoint | null = null;
  let deepest = 0;
  for (const point of known) {
    const along = (point.load - first.load) / (last.load - first.load);
    const depth = along - (point.estimate.value! - first.estimate.value!) / rise;
    if (depth > deepest) [knee, deepest] = [point, depth];
  }
  return knee;
}
