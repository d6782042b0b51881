/** Arrivals at a multiple of their rate, in each of the forms in which a scenario may state them. */
import { parseDurationMs, parseRatePerS } from "../../simulator/base/quantities.ts";
import { type Block, isBlock, listOf } from "./plain-scenario.ts";

/** The class with its arrivals at `factor` times the rate; as it is where it states no rate. */
export function faster(one: Block, factor: number): Block {
  const arrivals = scaledArrivals(one.arrivals, factor);
  return arrivals === undefined ? one : { ...one, arrivals };
}

/**
 * Arrivals as they parse from YAML, at `factor` times their rate.
 *
 * @returns undefined where no rate is stated that could be multiplied
 * @example scaledArrivals({ poisson: "20/s" }, 2) // => { poisson: "40/s" }
 * @example scaledArrivals({ trace: "azure-conv-2023", thin: "50%" }, 3) // => { trace: "azure-conv-2023", thin: "50%", scale: 3 }
 */
export function scaledArrivals(arrivals: unknown, factor: number): unknown {
  if (!isBlock(arrivals)) return undefined;
  if (arrivals.trace !== undefined || arrivals.imported !== undefined) {
    const scale = Number(arrivals.scale ?? 1) * factor;
    return Number.isFinite(scale) ? { ...arrivals, scale: rounded(scale) } : undefined;
  }
  const [process, form] = Object.entries(arrivals)[0] ?? [];
  const change = process === undefined || !Object.hasOwn(FORMS, process) ? rateOf : FORMS[process]!;
  const scaled = change(form, factor);
  return process === undefined || scaled === undefined ? undefined : { ...arrivals, [process]: scaled };
}

type Change = (form: unknown, factor: number) => unknown;

/** What is not listed here has a `rate`, or is one. */
const FORMS: Readonly<Record<string, Change>> = {
  deterministic: (form, factor) => withTimes(form, 1 / factor),
  renewal: (form, factor) => withTimes(form, 1 / factor),
  mmpp: (form, factor) => {
    if (!isBlock(form)) return undefined;
    const states = listOf(form.states).map((state) => rateOf(state, factor));
    return states.length === 0 || states.includes(undefined) ? undefined : { ...form, states };
  },
};

function rateOf(form: unknown, factor: number): unknown {
  if (isBlock(form)) {
    const rate = rateOf(form.rate, factor);
    return rate === undefined ? undefined : { ...form, rate };
  }
  const perS = typeof form === "string" ? parseRatePerS(form) : undefined;
  return perS === undefined ? undefined : `${rounded(perS * factor)}/s`;
}

/** Every duration in a law times a factor: all laws of a time are families of scale. Shapes are plain numbers. */
function withTimes(form: unknown, factor: number): unknown {
  if (Array.isArray(form)) return form.map((one) => withTimes(one, factor));
  if (isBlock(form)) return Object.fromEntries(Object.entries(form).map(([key, one]) => [key, withTimes(one, factor)]));
  const ms = typeof form === "string" ? parseDurationMs(form) : undefined;
  return ms === undefined ? form : `${rounded(ms * factor)}ms`;
}

/** To six digits, without the tail that products of decimals have. */
function rounded(value: number): number {
  return Number(value.toPrecision(6));
}
