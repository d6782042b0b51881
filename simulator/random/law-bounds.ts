import { z } from "zod";
import type { Law } from "./law.ts";
import type { Quantity } from "./law-definition.ts";
import { momentsOf } from "./moments.ts";

/** Limits of a law, in its unit; at least one end is given. */
export interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

/** The YAML form of limits: `{ min: 100ms, max: 60s }`, either end optional. */
export function boundsSchema(quantity: Quantity): z.ZodType<Bounds> {
  return z
    .strictObject({ min: quantity.optional(), max: quantity.optional() })
    .refine(({ min, max }) => min !== undefined || max !== undefined, "give min, max or both")
    .refine(({ min, max }) => min === undefined || max === undefined || min < max, "min must be below max")
    .transform(({ min, max }) => ({ ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) }));
}

/**
 * Values beyond a limit are set to it, so probability piles up there: what a context limit does to token counts.
 * The moments are integrated numerically (relative error about 1e-6).
 */
export function clampLaw(law: Law, { min = 0, max = Number.POSITIVE_INFINITY }: Bounds): Law {
  const quantile = (u: number) => Math.min(max, Math.max(min, law.quantile(u)));
  return {
    name: `${law.name} clamped to ${interval(min, max)}`,
    ...momentsOf(quantile),
    quantile,
  };
}

/**
 * The law given that the value lies between the limits: values beyond are redrawn, in effect.
 *
 * @throws nothing; a law with no probability between the limits gives the nearer limit always
 */
export function truncateLaw(law: Law, { min = 0, max = Number.POSITIVE_INFINITY }: Bounds): Law {
  const low = shareBelow(law, min);
  const high = max === Number.POSITIVE_INFINITY ? 1 : shareBelow(law, max);
  const quantile = (u: number) => Math.min(max, Math.max(min, law.quantile(low + u * (high - low))));
  return {
    name: `${law.name} truncated to ${interval(min, max)}`,
    ...momentsOf(quantile),
    quantile,
  };
}

/** The distribution function, by bisection on the quantile function. */
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
