import { z } from "zod";
import { count, durationMs } from "../scenario/units.ts";
import type { Law } from "./law.ts";

/** What a law in a scenario file measures: decides whether `1s` or `200k` is written. */
export type LawUnit = "durationMs" | "count";

/** A scalar of the law's unit, e.g. `1s` (output in ms) or `1.2k` (output 1200). */
export type Quantity = z.ZodType<number>;

/** What each law file exports; one registry line in `laws/index.ts` makes it known everywhere. */
export interface LawDefinition<Spec extends { readonly kind: string }> {
  /** The key in a scenario file and the `kind` of the spec. */
  readonly name: Spec["kind"];
  /** One sentence for `meridian list laws` and the editor's help. */
  readonly summary: string;
  /** The options as written in YAML; the output is the plain spec. */
  schema(quantity: Quantity): z.ZodType<Spec>;
  create(spec: Spec): Law;
}

export function quantityOf(unit: LawUnit): Quantity {
  return unit === "durationMs" ? durationMs : count;
}

/** The quantity, refused unless above zero. */
export function above0(quantity: Quantity, what: string): Quantity {
  return quantity.refine((value) => value > 0, `${what} must be above 0`);
}

/** A plain number above zero, such as a shape or a coefficient of variation. */
export function positiveNumber(what: string, description: string): z.ZodType<number> {
  return z
    .number()
    .refine((value) => value > 0, `${what} must be above 0`)
    .meta({ description });
}
