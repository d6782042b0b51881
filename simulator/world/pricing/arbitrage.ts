/**
 * Ceiling of price arbitrage, closed form. N regions whose prices are equal sine waves of relative amplitude a with
 * phases spread evenly over the day, demand that does not react to price, and one region's mean price as baseline:
 * always taking the cheapest saves a (N/pi) sin(pi/N).
 *
 * Derivation: each region is the cheapest for 1/N of the day around its trough, where its saving is a cos(x); the mean
 * of cos(x) over [-pi/N, pi/N] is (N/pi) sin(pi/N).
 *
 * @param amplitude relative amplitude a in [0, 1)
 * @param regions   N, at least 1 (one region saves nothing)
 */
export function arbitrageCeiling(amplitude: number, regions: number): number {
  // With one region the formula gives a (1/pi) sin(pi), which is 0 but for rounding.
  return regions === 1 ? 0 : amplitude * (regions / Math.PI) * Math.sin(Math.PI / regions);
}

/**
 * The same ceiling when prices step each hour to the sine's value at the hour's start and phases are whole hours apart
 * (N divides 24). Derivation: sum the cosine over the M = 24/N hours at which a region is cheapest, by Dirichlet's
 * kernel; an even M takes one end of the interval only.
 */
export function arbitrageCeilingHourly(amplitude: number, regions: number): number {
  const halfStep = Math.PI / 24;
  const evenHours = (24 / regions) % 2 === 0;
  const kernel = evenHours ? 1 / Math.tan(halfStep) : 1 / Math.sin(halfStep);
  return regions === 1 ? 0 : (amplitude * regions * Math.sin(Math.PI / regions) * kernel) / 24;
}

/**
 * Hindsight-optimal saving by brute force: 1 - mean over steps of the cheapest region's price / the baseline's mean.
 *
 * @param prices   one row for each region, one price for each step of the day; equal lengths, positive
 * @param baseline index of the region compared with
 */
export function hindsightSaving(prices: readonly (readonly number[])[], baseline: number): number {
  const steps = prices[baseline]?.length ?? 0;
  let cheapestSum = 0;
  let baselineSum = 0;
  for (let step = 0; step < steps; step++) {
    let cheapest = Number.POSITIVE_INFINITY;
    for (const region of prices) cheapest = Math.min(cheapest, region[step] ?? Number.POSITIVE_INFINITY);
    cheapestSum += cheapest;
    baselineSum += prices[baseline]?.[step] ?? 0;
  }
  return baselineSum === 0 ? 0 : 1 - cheapestSum / baselineSum;
}
