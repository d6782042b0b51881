/** A scale whose pixels we know before Vega draws it, so that labels can be placed beside marks. */
export interface KnownScale {
  readonly type: "linear" | "log";
  readonly domain: readonly [number, number];
  /** Pixels from the low end for a value, on an axis of this length. */
  readonly px: (value: number, lengthPx: number) => number;
}

/** Above this ratio of largest to smallest, small values drown on a linear axis. */
const LOG_RATIO = 12;

/**
 * Log where the positive values span more than a factor of 12, else linear. A linear scale starts at zero when
 * `fromZero` is set; otherwise it leaves a tenth of the span free on both sides.
 */
export function valueScale(values: readonly number[], fromZero: boolean): KnownScale {
  const known = values.filter((value) => Number.isFinite(value));
  if (known.length === 0) return linear(0, 1);
  const low = Math.min(...known);
  const high = Math.max(...known);
  if (low > 0 && high / low > LOG_RATIO) return logarithmic(low * 0.9, high * 1.12);
  const span = high - low || Math.abs(high) || 1;
  return fromZero && low >= 0 ? linear(0, high * 1.08 || 1) : linear(low - span * 0.1, high + span * 0.1);
}

/** An interval may widen an axis by this factor at most: with two or three replications it can dwarf the data. */
const INTERVAL_REACH = 1.5;

/** The ends of intervals, drawn no further out than that from the values (positive ones) themselves. */
export function reachable(values: readonly number[], ends: readonly (number | null)[]): number[] {
  const high = Math.max(...values) * INTERVAL_REACH;
  const low = Math.min(...values) / INTERVAL_REACH;
  return ends.filter((end) => end !== null).map((end) => Math.min(high, Math.max(low, end)));
}

export function logarithmic(low: number, high: number): KnownScale {
  const ratio = Math.log(high / low);
  return { type: "log", domain: [low, high], px: (value, lengthPx) => (Math.log(value / low) / ratio) * lengthPx };
}

export function linear(low: number, high: number): KnownScale {
  return { type: "linear", domain: [low, high], px: (value, lengthPx) => ((value - low) / (high - low)) * lengthPx };
}

/** `, log scale` for axis titles. */
export function scaleWords(scale: KnownScale): string {
  return scale.type === "log" ? ", log scale" : "";
}

/** The scale in Vega-Lite's terms. */
export function scaleSpec(scale: KnownScale) {
  const shared = { type: scale.type, domain: [...scale.domain], nice: false };
  return scale.type === "linear" ? { ...shared, zero: false } : shared;
}

/** Ticks at 1, 2 and 5 times powers of ten within the domain; a log axis prints few of its own. */
export function ticksOf(scale: KnownScale): number[] | undefined {
  if (scale.type === "linear") return undefined;
  const [low, high] = scale.domain;
  const steps = high / low > 3000 ? [1] : [1, 2, 5];
  const ticks: number[] = [];
  for (let exponent = Math.floor(Math.log10(low)); exponent <= Math.ceil(Math.log10(high)); exponent += 1) {
    for (const step of steps) {
      const tick = Number(`${step}e${exponent}`);
      if (tick >= low && tick <= high) ticks.push(tick);
    }
  }
  return ticks;
}
