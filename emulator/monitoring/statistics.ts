/** Statistics of the values of one period: sum, extremes and percentiles, in bounded memory however many there are. */
import { quantileSorted } from "../../simulator/base/statistics.ts";

/** Values kept as they are; percentiles of more come from classes of nearly equal values. */
const EXACT_VALUES = 256;
/** Width of a class: its values differ by no more than this factor. */
const CLASS_FACTOR = 1.01;
const LOG_FACTOR = Math.log(CLASS_FACTOR);

/**
 * Adds up values that are 0 or more. Percentiles of up to 256 values are exact, with linear interpolation; of more they
 * are within 0.5 %.
 * Source of the classes: Masson, Rim and Lee 2019, DDSketch, PVLDB 12(12).
 */
export class Statistics {
  count = 0;
  sum = 0;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  private values: number[] | undefined = [];
  /** Values by class, once there are too many to keep. */
  private readonly classes = new Map<number, number>();

  add(value: number): void {
    this.count++;
    this.sum += value;
    this.min = Math.min(this.min, value);
    this.max = Math.max(this.max, value);
    this.keep(value, 1);
  }

  /** Adds all values of another period. */
  addAll(other: Statistics): void {
    this.count += other.count;
    this.sum += other.sum;
    this.min = Math.min(this.min, other.min);
    this.max = Math.max(this.max, other.max);
    for (const value of other.values ?? []) this.keep(value, 1);
    for (const [index, count] of other.classes) this.keep(middleOf(index), count);
  }

  /** @param share of the values that are smaller, from 0 to 1; NaN without values */
  quantile(share: number): number {
    if (this.count === 0) return Number.NaN;
    if (this.values !== undefined) return quantileSorted(Float64Array.from(this.values).sort(), share);
    const rank = share * (this.count - 1);
    let seen = 0;
    for (const [index, count] of [...this.classes].sort(([a], [b]) => a - b)) {
      seen += count;
      if (seen > rank) return Math.min(this.max, Math.max(this.min, middleOf(index)));
    }
    return this.max;
  }

  /** How many values are at most `limit`; exact up to 256 values, then to the width of a class. */
  countUpTo(limit: number): number {
    if (this.values !== undefined) return this.values.reduce((sum, value) => sum + (value <= limit ? 1 : 0), 0);
    if (limit >= this.max) return this.count;
    let sum = 0;
    for (const [index, count] of this.classes) if (middleOf(index) <= limit) sum += count;
    return sum;
  }

  private keep(value: number, count: number): void {
    if (this.values !== undefined && count === 1 && this.values.length < EXACT_VALUES) {
      this.values.push(value);
      return;
    }
    for (const kept of this.values ?? []) this.classify(kept, 1);
    this.values = undefined;
    this.classify(value, count);
  }

  private classify(value: number, count: number): void {
    const index = indexOf(value);
    this.classes.set(index, (this.classes.get(index) ?? 0) + count);
  }
}

/** Class of values too small to have a logarithm. */
const ZERO_CLASS = -10_000;

function indexOf(value: number): number {
  return value < 1e-9 ? ZERO_CLASS : Math.ceil(Math.log(value) / LOG_FACTOR);
}

/** The value in the middle of a class, which is within half its width of all others. */
function middleOf(index: number): number {
  return index === ZERO_CLASS ? 0 : (2 * CLASS_FACTOR ** index) / (CLASS_FACTOR + 1);
}
