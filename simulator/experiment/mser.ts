/** Observations in a batch: what the 5 of MSER-5 stands for. */
export const MSER_BATCH = 5;

/** Batches at the end that are never judged by themselves: a few that agree by chance would win. */
const LAST_BATCHES = 5;
const BATCHES_MIN = 20;

/**
 * Where a series of batch means has settled: the d that minimises sum_{i>d} (z_i - mean)^2 / (m - d)^2, the squared
 * width of an interval for the mean of what is left but for a constant. The earliest d wins a tie.
 *
 * @param means means of `MSER_BATCH` observations each, in their order
 * @returns batches to remove from the start; null when the series is too short or d falls into its last half, since
 *          what is left then says nothing about a steady state
 * Sources: K. P. White, "An effective truncation heuristic for bias reduction in simulation output", Simulation 69
 * (1997), for MSER; K. P. White, M. J. Cobb, S. C. Spratt, WSC 2000, for batches of five; K. Hoad, S. Robinson,
 * R. Davies, "Automating warm-up length estimation", JORS 61 (2010), for the last half and the last five batches.
 */
export function mserCut(means: ArrayLike<number>): number | null {
  const m = means.length;
  if (m < BATCHES_MIN) return null;
  // Deviations from one value of the series: sums of squares would else lose their digits.
  const origin = means[m - 1]!;
  let sum = 0;
  let squares = 0;
  let least = Number.POSITIVE_INFINITY;
  let cut = 0;
  for (let d = m - 1; d >= 0; d--) {
    const deviation = means[d]! - origin;
    sum += deviation;
    squares += deviation * deviation;
    const left = m - d;
    if (left <= LAST_BATCHES) continue;
    const statistic = Math.max(0, squares - (sum * sum) / left) / (left * left);
    if (statistic <= least) {
      least = statistic;
      cut = d;
    }
  }
  return cut > m / 2 ? null : cut;
}
