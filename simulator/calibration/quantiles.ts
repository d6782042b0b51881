import { quantileSorted as quantileOfSome } from "simple-statistics";

/** Quantile of ascending values, straight between neighbours (Hyndman and Fan's type 7); NaN of none. */
export function quantileSorted(sorted: ArrayLike<number>, share: number): number {
  // The library only reads length and elements, which typed arrays have too.
  return sorted.length === 0 ? Number.NaN : quantileOfSome(sorted as number[], share);
}

/** Ascending copy without NaN. */
export function sortedNumbers(values: ArrayLike<number>): Float64Array {
  return Float64Array.from(values)
    .filter((value) => !Number.isNaN(value))
    .sort();
}

export function median(values: ArrayLike<number>): number {
  return quantileSorted(sortedNumbers(values), 0.5);
}

/** Mean of the numbers among values [from, to). */
export function meanNumber(values: ArrayLike<number>, from: number, to: number): number {
  let sum = 0;
  let count = 0;
  for (let i = from; i < to; i++) {
    if (Number.isNaN(values[i]!)) continue;
    sum += values[i]!;
    count++;
  }
  return sum / count;
}

/** Standard error of a mean over values that are alike near each other: from the means of blocks of neighbours. */
export function blockStandardError(values: ArrayLike<number>, blocks = 20): number {
  const size = Math.floor(values.length / blocks);
  if (size < 1) return Number.POSITIVE_INFINITY;
  const means = Array.from({ length: blocks }, (_, b) => meanNumber(values, b * size, (b + 1) * size)).filter(
    (mean) => !Number.isNaN(mean),
  );
  const middle = meanNumber(means, 0, means.length);
  const variance = means.reduce((sum, mean) => sum + (mean - middle) ** 2, 0) / (means.length - 1);
  return Math.sqrt(variance / means.length);
}

/** Median of numbers, the upper one of an even count, by Hoare's selection: changes their order. */
export function medianInPlace(values: Float64Array): number {
  const middle = values.length >> 1;
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const pivot = values[(low + high) >> 1]!;
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
      if (i > j) break;
      const swapped = values[i]!;
      values[i++] = values[j]!;
      values[j--] = swapped;
    }
    if (middle <= j) high = j;
    else if (middle >= i) low = i;
    else break;
  }
  return values[middle] ?? Number.NaN;
}
