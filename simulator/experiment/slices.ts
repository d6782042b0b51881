/**
 * A run of which only slices of time are simulated: where they lie, which rows of the traffic are in them, and how a
 * sample of a replication becomes an estimate of all of it.
 *
 * Stratified sampling with one slice in each equal part of the run, at a place that is drawn anew in each replication, and
 * the ratio estimator of totals: the traffic is drawn whole, so that the number of its requests is known exactly.
 * Source: W. G. Cochran, "Sampling Techniques", 1977, chapters 5A (one unit a stratum) and 6 (ratio estimators).
 */
import { invariant } from "../base/errors.ts";
import { studentQuantile } from "../base/statistics.ts";
import { KeyedRandom } from "../random/keyed-random.ts";
import type { Plan } from "../scenario/plan.ts";
import type { TrafficChunk } from "../traffic/traffic.ts";
import type { CostStats, GroupStats, ReplicationStats } from "./replication-stats.ts";

/** A slice, ms: it counts from `fromMs` on, and is simulated from `warmFromMs` on. */
export interface Slice {
  readonly warmFromMs: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Where the counted part of a plan's run begins, ms. */
function countedFromMs({ warmup, arrivalsFromMs }: Plan): number {
  return warmup.kind === "duration" ? warmup.amount : arrivalsFromMs;
}

/**
 * The slices of a replication, in the order of time; they do not overlap. A slice that would reach beyond its part of the
 * run goes on at that part's start, so that every instant is as likely to be in it as any other.
 */
export function slicesOf(plan: Plan, replication: number): readonly Slice[] {
  const { slices } = plan;
  invariant(slices !== undefined, "the plan has slices");
  const { count, lengthMs, warmupMs } = slices;
  const startMs = countedFromMs(plan);
  const partMs = (plan.durationMs - startMs) / count;
  const random = new KeyedRandom(plan.seed, "slices");
  const found: Slice[] = [];
  let endMs = Number.NEGATIVE_INFINITY;
  const add = (wantedFromMs: number, toMs: number) => {
    // One part's end and the next one's start may differ in the last digit.
    const fromMs = Math.max(wantedFromMs, endMs);
    if (toMs <= fromMs) return;
    found.push({ warmFromMs: Math.max(plan.arrivalsFromMs, endMs, fromMs - warmupMs), fromMs, toMs });
    endMs = toMs;
  };
  for (let part = 0; part < count; part++) {
    random.seek(replication, part);
    const partFromMs = startMs + part * partMs;
    const offsetMs = random.next() * partMs;
    add(partFromMs, partFromMs + Math.max(0, offsetMs + lengthMs - partMs));
    add(partFromMs + offsetMs, partFromMs + Math.min(partMs, offsetMs + lengthMs));
  }
  return found;
}

/** Rows of a chunk that lie in one slice, or in the warm-up before it. */
export interface Piece {
  readonly chunk: TrafficChunk;
  readonly isCounted: boolean;
  /** The last rows of the slice, or of its warm-up. */
  readonly isLast: boolean;
}

/** Chance that a stable strategy is called unstable, at most about. */
const FALSE_ALARM = 1e-4;
/** A backlog that grows by less than this share of itself is not worth an alarm. */
const GROWTH_MIN = 0.05;

/** Cuts the traffic of one replication to its slices, and scales what came of them. */
export class SliceSampler {
  private readonly slices: readonly Slice[];
  private readonly fromMs: number;
  /** Requests in the system of each run when a slice began to count, and how it had grown at its end. */
  private readonly atStart: number[];
  private readonly growth: number[][];
  private readonly level: number[];
  private next = 0;
  /** Counted requests of the whole run, and of those the ones that were simulated. */
  private arrived = 0;
  private sampled = 0;

  constructor(plan: Plan, replication: number, runs: number) {
    this.slices = slicesOf(plan, replication);
    this.fromMs = countedFromMs(plan);
    this.atStart = new Array<number>(runs).fill(0);
    this.level = new Array<number>(runs).fill(0);
    this.growth = Array.from({ length: runs }, () => []);
  }

  /** The pieces of a chunk, in order. Chunks must come in the order of time, all of them. */
  *cut(chunk: TrafficChunk): Generator<Piece> {
    const { arrivalMs, length } = chunk;
    this.arrived += length - firstAt(arrivalMs, 0, length, this.fromMs);
    for (let row = 0; this.next < this.slices.length; ) {
      const { warmFromMs, fromMs, toMs } = this.slices[this.next]!;
      const warm = firstAt(arrivalMs, row, length, warmFromMs);
      const from = firstAt(arrivalMs, warm, length, fromMs);
      const to = firstAt(arrivalMs, from, length, toMs);
      if (from > warm) yield { chunk: rowsOf(chunk, warm, from), isCounted: false, isLast: from < length };
      if (to > from) {
        this.sampled += to - from;
        yield { chunk: rowsOf(chunk, from, to), isCounted: true, isLast: to < length };
      }
      if (to === length) return;
      row = to;
      this.next++;
    }
  }

  /** Notes how many requests a run has in the system after a piece. */
  note(run: number, { isCounted, isLast }: Piece, inSystem: number): void {
    if (!isLast) return;
    if (!isCounted) {
      this.atStart[run] = inSystem;
      return;
    }
    this.growth[run]!.push(inSystem - this.atStart[run]!);
    this.level[run]! += inSystem;
  }

  /** What a run's slices say of the whole replication. */
  scaled(run: number, stats: ReplicationStats): ReplicationStats {
    const { arrived, sampled } = this;
    const ratio = { of: arrived, in: Math.max(1, sampled) };
    const group = (each: GroupStats) => scaledGroup(each, ratio);
    const numbers = (values: Float64Array) => values.map((value) => Math.round((value * ratio.of) / ratio.in));
    const money = <Key extends string>(fUsd: Readonly<Record<Key, readonly bigint[]>>) =>
      mapped(fUsd, (kinds) => kinds.map((each) => scaledMoney(each, ratio)));
    return {
      ...stats,
      total: group(stats.total),
      byClass: stats.byClass.map(group),
      byRegion: stats.byRegion.map(group),
      byHour: stats.byHour.map(group),
      regionHours: stats.regionHours.map(numbers),
      regionAttempts: numbers(stats.regionAttempts),
      meanInSystem: stats.meanInSystem * this.spanOverSlices(),
      tokens: {
        count: stats.tokens.count.map((value) => Math.round((value * ratio.of) / ratio.in)),
        fUsd: money(stats.tokens.fUsd),
      },
      otherBills: stats.otherBills.map(({ fUsd, leastFUsd }) => ({
        fUsd: mapped(fUsd, (each) => scaledMoney(each, ratio)),
        leastFUsd: scaledMoney(leastFUsd, ratio),
      })),
      billedTokens: numbers(stats.billedTokens),
      capacityUse: stats.capacityUse.map((units) => (units * ratio.of) / ratio.in),
      unstable: stats.unstable ?? this.growthOf(run),
    };
  }

  /** Between slices the system is empty: the mean over all time is that over the simulated time, times this. */
  private spanOverSlices(): number {
    const simulatedMs = this.slices.reduce((sum, { warmFromMs, toMs }) => sum + toMs - warmFromMs, 0);
    const [first, last] = [this.slices[0]!, this.slices.at(-1)!];
    return (last.toMs - first.fromMs) / (simulatedMs - (first.fromMs - first.warmFromMs));
  }

  /** Whether the backlog grows within the slices: then they are too short to say how long requests wait. */
  private growthOf(run: number): string | null {
    const growth = this.growth[run]!;
    const n = growth.length;
    if (n < 5) return null;
    const mean = growth.reduce((sum, each) => sum + each, 0) / n;
    const variance = growth.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (n - 1);
    const isShown = mean > studentQuantile(1 - FALSE_ALARM, n - 1) * Math.sqrt(variance / n);
    if (!isShown || mean < (GROWTH_MIN * this.level[run]!) / n) return null;
    return `the backlog grows within the slices, by ${Number(mean.toPrecision(3))} requests in each on average: it has no bound, or slices.warmup is too short for it`;
  }
}

interface Ratio {
  readonly of: number;
  readonly in: number;
}

function scaledGroup(group: GroupStats, ratio: Ratio): GroupStats {
  return {
    ...group,
    fields: group.fields.map((value) => Math.round((value * ratio.of) / ratio.in)),
    cost: mapped(
      group.cost,
      ({ totalFUsd, feeFUsd }): CostStats => ({
        totalFUsd: scaledMoney(totalFUsd, ratio),
        feeFUsd: scaledMoney(feeFUsd, ratio),
      }),
    ),
  };
}

function scaledMoney(fUsd: bigint, ratio: Ratio): bigint {
  return (fUsd * BigInt(ratio.of)) / BigInt(ratio.in);
}

function mapped<Key extends string, A, B>(record: Readonly<Record<Key, A>>, of: (value: A) => B): Record<Key, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, of(value as A)])) as Record<Key, B>;
}

/** Rows of a chunk as a chunk, on the same buffers. */
function rowsOf(chunk: TrafficChunk, from: number, to: number): TrafficChunk {
  const part = <T extends { subarray(from: number, to: number): T }>(column: T) => column.subarray(from, to);
  return {
    length: to - from,
    arrivalMs: part(chunk.arrivalMs),
    classIndex: part(chunk.classIndex),
    originIndex: part(chunk.originIndex),
    inputTokens: part(chunk.inputTokens),
    outputTokens: part(chunk.outputTokens),
    maxTokens: part(chunk.maxTokens),
    prefixTokens: part(chunk.prefixTokens),
    prefixId: part(chunk.prefixId),
  };
}

/** The first row from `from` on at or after an instant; `to` where there is none. */
function firstAt(arrivalMs: Float64Array, from: number, to: number, ms: number): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (arrivalMs[middle]! < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}
