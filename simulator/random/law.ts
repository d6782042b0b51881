/** The contract of probability laws, the options that their YAML forms share, and limits on any law. */
import { z } from "zod";
import { count, durationMs } from "../base/schema-forms.ts";

/**
 * A law (probability distribution) of one non-negative quantity: a service time in ms, an inter-arrival time in ms,
 * a token count. Its theoretical moments are exposed so that tests compare samples with theory, and its quantile
 * function is what the engine samples by (inverse transform), so that one uniform per draw gives common random
 * numbers across strategies.
 */
export interface Law {
  readonly name: string;
  readonly mean: number;
  /** Infinity where the law has no finite variance. */
  readonly variance: number;
  /** Distribution function: the chance of a value of at most x. */
  cdf(x: number): number;
  /** Inverse of the distribution function on (0, 1). Monotone, finite. */
  quantile(u: number): number;
  /** Exact sampler, where one is as cheap as a table lookup (constant, uniform) or a table would blur atoms. */
  readonly sample?: Sampler;
}

/** Draws a value of a compiled law from one uniform in [0, 1). */
export type Sampler = (uniform: number) => number;

/** What a law in a scenario file measures: decides whether `1s` or `200k` is written. */
export type LawUnit = "durationMs" | "count";

/** A scalar of the law's unit, e.g. `1s` (output in ms) or `1.2k` (output 1200). */
type Quantity = z.ZodType<number>;

/** What each law's file exports; a line in `laws/index.ts` registers it. */
export interface LawDefinition<Spec extends { readonly kind: string }> {
  /** The key in a scenario file and the `kind` of the spec. */
  readonly name: Spec["kind"];
  /** One sentence for `meridian list laws` and the editor's help. */
  readonly summary: string;
  /** The options as written in YAML; the output is the plain spec. */
  schema(quantity: Quantity): z.ZodType<Spec>;
  create(spec: Spec): Law;
}

/** The scalar of a unit: a duration in ms or a count. */
export function quantityOf(unit: LawUnit): Quantity {
  return unit === "durationMs" ? durationMs : count;
}

/** The quantity, refused unless above zero. */
export function above0(quantity: Quantity, what: keyof typeof MEANINGS): Quantity {
  return explained(
    quantity.refine((value) => value > 0, `${what} must be above 0`),
    MEANINGS[what],
  );
}

const MEANINGS = {
  mean: "Mean",
  min: "Smallest value",
  max: "Largest value",
  scale: "The value that 63 % of the draws do not exceed",
} as const;

/** The quantity with what it is, before how it is written. @param meaning such as `Mean` */
export function explained(quantity: Quantity, meaning: string): Quantity {
  return quantity.meta({ description: `${meaning}. ${quantity.meta()?.description}` });
}

/** A plain number above zero, such as a shape or a coefficient of variation. */
export function positiveNumber(what: string, description: string): z.ZodType<number> {
  return z
    .number()
    .refine((value) => value > 0, `${what} must be above 0`)
    .meta({ description });
}

/** Limits of a law, in its unit; at least one end is given. */
export interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

/** The YAML form of limits: `{ min: 100ms, max: 60s }`, either end optional. */
export function boundsSchema(quantity: Quantity): z.ZodType<Bounds> {
  return z
    .strictObject({
      min: explained(quantity, "Lower limit").optional(),
      max: explained(quantity, "Upper limit").optional(),
    })
    .refine(({ min, max }) => min !== undefined || max !== undefined, "give min, max or both")
    .refine(({ min, max }) => min === undefined || max === undefined || min < max, "min must be below max")
    .transform(({ min, max }) => ({ ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) }));
}

/**
 * The law with values beyond a limit set to it, so that probability accumulates there, as a context limit does with
 * token counts. The moments are integrated numerically (relative error about 1e-6).
 */
export function clampLaw(law: Law, { min = 0, max = Number.POSITIVE_INFINITY }: Bounds): Law {
  const quantile = (u: number) => Math.min(max, Math.max(min, law.quantile(u)));
  return {
    name: `${law.name} clamped to ${interval(min, max)}`,
    ...momentsOf(quantile),
    cdf: (x) => (x < min ? 0 : x >= max ? 1 : law.cdf(x)),
    quantile,
  };
}

/**
 * The law given that the value lies between the limits, as if values beyond were redrawn. A law with no probability
 * between them always gives the nearer limit.
 */
export function truncateLaw(law: Law, { min = 0, max = Number.POSITIVE_INFINITY }: Bounds): Law {
  const low = shareBelow(law, min);
  const high = max === Number.POSITIVE_INFINITY ? 1 : shareBelow(law, max);
  const quantile = (u: number) => Math.min(max, Math.max(min, law.quantile(low + u * (high - low))));
  return {
    name: `${law.name} truncated to ${interval(min, max)}`,
    ...momentsOf(quantile),
    cdf: (x) => {
      if (x < quantile(0)) return 0;
      return x >= quantile(1) ? 1 : Math.min(1, Math.max(0, (law.cdf(x) - low) / (high - low)));
    },
    quantile,
  };
}

/** The distribution function at a value, by bisection on the quantile function. */
function shareBelow(law: Law, value: number): number {
  let low = 2 ** -54;
  let high = 1 - 2 ** -53;
  if (law.quantile(low) >= value) return low;
  if (law.quantile(high) <= value) return high;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (law.quantile(middle) < value) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

function interval(min: number, max: number): string {
  return `[${min}, ${max}]`;
}

/**
 * Mean and variance of a law from its quantile function: the integrals of Q(u) and Q(u)^2 over (0, 1), by five-point
 * Gauss-Legendre on cells that halve towards both ends, where quantile functions bend.
 */
export function momentsOf(quantile: (u: number) => number): { mean: number; variance: number } {
  let mean = 0;
  let square = 0;
  const addCell = (from: number, to: number, mirrored: boolean) => {
    const half = (to - from) / 2;
    for (let i = 0; i < NODES.length; i++) {
      const v = from + half * (1 + NODES[i]!);
      const value = quantile(mirrored ? 1 - v : v);
      mean += WEIGHTS[i]! * half * value;
      square += WEIGHTS[i]! * half * value * value;
    }
  };
  for (let octave = 1; octave < OCTAVES; octave++) {
    const from = 2 ** -(octave + 1);
    for (let cell = 0; cell < CELLS; cell++) {
      addCell(from * (1 + cell / CELLS), from * (1 + (cell + 1) / CELLS), false);
      addCell(from * (1 + cell / CELLS), from * (1 + (cell + 1) / CELLS), true);
    }
  }
  addCell(0, 2 ** -OCTAVES, false);
  addCell(0, 2 ** -OCTAVES, true);
  return { mean, variance: Math.max(0, square - mean * mean) };
}

const OCTAVES = 48;
const CELLS = 16;
const NODES = [-0.906179845938664, -0.5384693101056831, 0, 0.5384693101056831, 0.906179845938664];
const WEIGHTS = [0.2369268850561891, 0.4786286704993665, 0.5688888888888889, 0.4786286704993665, 0.2369268850561891];
