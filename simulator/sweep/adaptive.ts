/** Where a sweep over one range needs more points: around each crossing of an objective and each knee, until they are narrow. */
import { analyse, type Curve, type SweepPoint } from "./analysis.ts";
import { distinct, type Factor, type SweepFile, type SweepJob, written } from "./job.ts";
import type { SweepRow } from "./points.ts";

/** A point to run: at a new value, or at a known one with more replications. */
export type NewPoint = Omit<SweepJob, "key">;

/** A crossing whose interval is still wider than asked for. */
export interface OpenCrossing {
  readonly strategy: string;
  readonly group: string;
  /** Width of its interval, as a share of the value there. */
  readonly width: number;
}

/** A point is run again with at most this many times the replications that it had at first. */
const MORE_REPLICATIONS_MAX = 16;

/**
 * The next round of points. Where the points are too far apart to place a crossing, or a knee, the gap is halved; where
 * they are close enough and the interval is wide all the same, it is noise: the points beside it are run again with twice
 * the replications. The answer depends on the rows alone, so that every machine adds the same points.
 *
 * @param rows of all jobs of the sweep so far
 * @returns none when every crossing is narrow enough, or nothing more is allowed
 */
export function nextPoints(sweep: SweepFile, rows: readonly SweepRow[]): readonly NewPoint[] {
  const { adaptive, factors } = sweep;
  const [factor] = factors;
  if (adaptive === null || factor === undefined) return [];
  const halves = new Set<number>();
  const again = new Map<number, number>();
  for (const question of adaptive.questions) {
    for (const curve of analyse(sweep, rows, question).curves) {
      const wanted = wantedAt(curve, adaptive.tolerance);
      for (const [a, b] of wanted.gaps) halves.add(middle(factor, a, b));
      // Gaps come first: with closer points less may have to be run again.
      if (wanted.gaps.length === 0)
        for (const { load, estimate } of wanted.noisy) again.set(load, Math.max(again.get(load) ?? 0, 2 * estimate.n));
    }
  }
  const least = Math.min(...rows.map(({ metrics }) => metrics.failed.n));
  const repeated = [...again].filter(([, replications]) => replications <= MORE_REPLICATIONS_MAX * least);
  const points = [
    ...[...halves].sort(ascending).map((load): NewPoint => ({ values: [factorValue(factor, load)] })),
    ...repeated
      .sort(([a], [b]) => a - b)
      .map(([load, replications]): NewPoint => ({ values: [factorValue(factor, load)], replications })),
  ];
  return points.slice(0, Math.max(0, adaptive.pointsMax - distinct(sweep.jobs).length));
}

/** Crossings that are not as narrow as the sweep was asked for. */
export function openCrossings(sweep: SweepFile, rows: readonly SweepRow[]): readonly OpenCrossing[] {
  const { adaptive } = sweep;
  if (adaptive === null) return [];
  return adaptive.questions.flatMap((question) =>
    analyse(sweep, rows, question).curves.flatMap((curve): readonly OpenCrossing[] => {
      const span = spanOf(curve);
      if (span === null || !isWide(span, adaptive.tolerance)) return [];
      const width = (span.high - span.low) / Math.abs(span.load);
      return [{ strategy: curve.strategy, group: question.group, width }];
    }),
  );
}

interface Span {
  readonly load: number;
  readonly low: number;
  readonly high: number;
}

/** The crossing's interval, to the ends of the range where it is open; null without a crossing. */
function spanOf({ crossing, points }: Curve): Span | null {
  if (crossing === null || crossing.load === null) return null;
  const { load, low, high } = crossing;
  return { load, low: low ?? points[0]!.load, high: high ?? points.at(-1)!.load };
}

type Gap = readonly [number, number];

/** Gaps that are too wide, and points whose noise leaves the crossing open. */
function wantedAt(
  curve: Curve,
  tolerance: number,
): { readonly gaps: readonly Gap[]; readonly noisy: readonly SweepPoint[] } {
  const { points, knee } = curve;
  const loads = points.map(({ load }) => load);
  const span = spanOf(curve);
  const gaps: Gap[] = [];
  let noisy: readonly SweepPoint[] = [];
  if (span !== null && isWide(span, tolerance)) {
    const inside = gapsWithin(loads, span);
    const [first, last] = [inside[0]!, inside.at(-1)!];
    const middle = inside.find(([, b]) => b >= span.load) ?? last;
    // Both ends of the interval are points: with gaps of half its goal, what is left of its width is noise.
    const goal = tolerance * Math.abs(span.load);
    gaps.push(...new Set([first, middle, last].filter(([a, b]) => b - a > goal / 2)));
    noisy = points.filter(({ load, isUnstable }) => load > span.low && load < span.high && !isUnstable);
  }
  if (knee !== null) gaps.push(...gapsAt(loads, knee.load).filter(([a, b]) => b - a > tolerance * Math.abs(knee.load)));
  return { gaps, noisy };
}

function isWide({ load, low, high }: Span, tolerance: number): boolean {
  return high - low > tolerance * Math.abs(load);
}

/** The gaps between neighbouring points from the low end of a span to its high end; at least one. */
function gapsWithin(loads: readonly number[], { low, high }: Span): readonly Gap[] {
  return loads.slice(1).flatMap((b, i) => (loads[i]! >= low && b <= high ? [[loads[i]!, b] as const] : []));
}

/** The gaps between neighbours that hold a load: both where it is itself a point. */
function gapsAt(loads: readonly number[], load: number): readonly Gap[] {
  return loads.slice(1).flatMap((b, i) => {
    const a = loads[i]!;
    return a <= load && load <= b ? [[a, b] as const] : [];
  });
}

function middle(factor: Factor, a: number, b: number): number {
  const isLog = factor.kind === "range" && factor.scale === "log" && a > 0;
  return Number((isLog ? Math.sqrt(a * b) : (a + b) / 2).toPrecision(8));
}

function factorValue(factor: Factor, load: number): unknown {
  return factor.kind === "range" ? written(factor, load) : load;
}

function ascending(a: number, b: number): number {
  return a - b;
}
