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
 * @example swingAmplitude({ peakToTrough: 1.31 }) // 0.1342; { troughBelowPeak: 0.31 } 0.1834; { plusMinus: 0.31 } 0.31
 */
export function swingAmplitude(swing: Swing): number {
  if (swing.peakToTrough !== undefined) return (swing.peakToTrough - 1) / (swing.peakToTrough + 1);
  if (swing.troughBelowPeak !== undefined) return swing.troughBelowPeak / (2 - swing.troughBelowPeak);
  return swing.plusMinus ?? 0;
}

const TURN = 2 * Math.PI;

/**
 * Factor of a curve in one hour.
 *
 * @param hour whole hour of the curve's clock, 0 to 23
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
