/** Quantiles of a column under weights of its rows. Rows that hold NaN are not in the sample. */
export interface QuantileColumn {
  /** Rows in the sample. */
  readonly count: number;
  /**
   * For each share the smallest value that at least that share of the weighted sample does not exceed; NaN of nothing.
   *
   * @param shares ascending, in (0, 1]
   * @param weights by row; 1 each where left out
   */
  at(shares: readonly number[], out: Float64Array, weights?: ArrayLike<number>): void;
}

/** Sorted once, so that each set of weights costs one pass. */
export function createQuantileColumn(values: ArrayLike<number>): QuantileColumn {
  const rows = Int32Array.from(Array.from(values, (_, row) => row).filter((row) => !Number.isNaN(values[row]!))).sort(
    (a, b) => values[a]! - values[b]! || a - b,
  );
  const sorted = Float64Array.from(rows, (row) => values[row]!);
  return {
    count: rows.length,
    at(shares, out, weights) {
      let total = 0;
      if (weights === undefined) total = rows.length;
      else for (let i = 0; i < rows.length; i++) total += weights[rows[i]!]!;
      let below = 0;
      let i = -1;
      shares.forEach((share, at) => {
        const wanted = share * total - ROUNDING;
        while (below < wanted && i + 1 < rows.length) {
          i++;
          below += weights === undefined ? 1 : weights[rows[i]!]!;
        }
        out[at] = total > 0 && i >= 0 ? sorted[i]! : Number.NaN;
      });
    },
  };
}

/** 0.95 x 20 is a little more than 19 in binary. */
const ROUNDING = 1e-9;

/** The quantile of an ascending list by the same definition; NaN of nothing. */
export function quantileOf(ascending: ArrayLike<number>, share: number): number {
  const { length } = ascending;
  return length === 0 ? Number.NaN : ascending[Math.max(0, Math.ceil(share * length - ROUNDING) - 1)]!;
}
