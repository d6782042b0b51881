/** Prices by hour of the day: curves over the list price, and what price differences between regions can save. */
/**
 * Price over list price by hour of the day. AWS publishes no hourly price: every curve but `flat` is a what-if, and
 * what "31 %" means is for the scenario to say (`swingAmplitude`). Constant within each hour.
 */
export type HourlyCurve =
  | { readonly kind: "flat" }
  | {
      readonly kind: "sine";
      /** Relative amplitude a: the factor runs between 1 - a and 1 + a, with mean 1 over the day. */
      readonly amplitude: number;
      /** How the scenario said it, where it gave a swing. */
      readonly swing?: Swing | undefined;
      /** Hour of the peak on the curve's clock, in [0, 24). */
      readonly peakHour: number;
      readonly clock: CurveClock;
      /** Value of an hour: the sine at its start, or its mean over the hour. */
      readonly hourValue: "start" | "mean";
    }
  | {
      readonly kind: "table";
      /** 24 factors, hour 0 first. */
      readonly factors: readonly number[];
      readonly clock: CurveClock;
    }
  | {
      readonly kind: "recorded";
      /** Name under which the rows were loaded. */
      readonly file: string;
    };

/** `local`: the region's standard time, no daylight saving. */
export type CurveClock = "local" | "utc";

/** The readings of a swing; exactly one is given. Shares, not percent. */
export interface Swing {
  /** Peak over trough, at least 1. */
  readonly peakToTrough?: number | undefined;
  /** How far the trough lies below the peak, as a share of the peak. */
  readonly troughBelowPeak?: number | undefined;
  /** How far the price leaves its mean either way, as a share of the mean. */
  readonly plusMinus?: number | undefined;
}

/**
 * Relative amplitude a of a sine with mean 1. With r = peak/trough = (1 + a)/(1 - a): a = (r - 1)/(r + 1). A trough a
 * share d below the peak is r = 1/(1 - d), so a = d/(2 - d).
 *
 * @example swingAmplitude({ peakToTrough: 3 }) // => 0.5
 * @example swingAmplitude({ plusMinus: 0.31 }) // => 0.31
 */
export function swingAmplitude(swing: Swing): number {
  if (swing.peakToTrough !== undefined) return (swing.peakToTrough - 1) / (swing.peakToTrough + 1);
  if (swing.troughBelowPeak !== undefined) return swing.troughBelowPeak / (2 - swing.troughBelowPeak);
  return swing.plusMinus ?? 0;
}

/** One figure such as 31 % in its three readings, each with the amplitude that it means; empty without a swing. */
export function swingReadings(swing: Swing): readonly { readonly name: string; readonly amplitude: number }[] {
  const share = swing.peakToTrough === undefined ? (swing.troughBelowPeak ?? swing.plusMinus) : swing.peakToTrough - 1;
  if (share === undefined || share <= 0 || share >= 1) return [];
  const figure = `${Number((share * 100).toPrecision(6))} %`;
  return [
    { name: `peak ${figure} above the trough`, amplitude: swingAmplitude({ peakToTrough: 1 + share }) },
    { name: `trough ${figure} below the peak`, amplitude: swingAmplitude({ troughBelowPeak: share }) },
    { name: `${figure} either way`, amplitude: share },
  ];
}

const TURN = 2 * Math.PI;

/**
 * Factor of a curve in one hour.
 *
 * @param hour whole hour of the curve's clock, 0 to 23
 * @returns price over list price
 * @example hourFactor({ kind: "sine", amplitude: 0.2, peakHour: 15, clock: "utc", hourValue: "start" }, 15) // => 1.2
 */
export function hourFactor(curve: Exclude<HourlyCurve, { kind: "recorded" }>, hour: number): number {
  switch (curve.kind) {
    case "flat":
      return 1;
    case "table":
      return curve.factors[hour] ?? 1;
    case "sine": {
      const angle = (TURN * (hour - curve.peakHour)) / 24;
      if (curve.hourValue === "start") return 1 + curve.amplitude * Math.cos(angle);
      // Mean of the cosine over [hour, hour + 1]: the difference of sines over the angle of one hour.
      const step = TURN / 24;
      return 1 + (curve.amplitude * (Math.sin(angle + step) - Math.sin(angle))) / step;
    }
  }
}

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
