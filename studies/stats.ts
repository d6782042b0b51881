/** The one place from which the studies take their statistics. */

/** Quantile of ascending values, linear between order statistics at p (n - 1); NaN of none. */
export { quantileSorted as quantile } from "../simulator/base/statistics.ts";
