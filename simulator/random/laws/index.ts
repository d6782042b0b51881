/** The registry of laws: their specs, their YAML forms, and the law behind a spec. */
import type { z } from "zod";
import { oneKeyOf, unionOf } from "../../base/schema-forms.ts";
import {
  type Bounds,
  boundsSchema,
  clampLaw,
  type Law,
  type LawDefinition,
  type LawUnit,
  quantityOf,
  truncateLaw,
} from "../law.ts";

import { type ConstantSpec, constant } from "./constant.ts";
import { type EmpiricalSpec, empirical } from "./empirical.ts";
import { type ErlangSpec, erlang } from "./erlang.ts";
import { type ExponentialSpec, exponential } from "./exponential.ts";
import { type GammaSpec, gamma } from "./gamma.ts";
import { type HyperexponentialSpec, hyperexponential } from "./hyperexponential.ts";
import { type LognormalSpec, lognormal } from "./lognormal.ts";
import { type ParetoSpec, pareto } from "./pareto.ts";
import { type UniformSpec, uniform } from "./uniform.ts";
import { type WeibullSpec, weibull } from "./weibull.ts";

/** A law as plain data, numbers in ms or counts; what a resolved scenario stores. */
export type LawSpec = (
  | ConstantSpec
  | ExponentialSpec
  | UniformSpec
  | LognormalSpec
  | GammaSpec
  | ErlangSpec
  | HyperexponentialSpec
  | WeibullSpec
  | ParetoSpec
  | EmpiricalSpec
) & {
  /** Values beyond are set to the limit. */
  readonly clamp?: Bounds;
  /** Values beyond are redrawn. Applied before `clamp`. */
  readonly truncate?: Bounds;
};

/** Every law by name. A new law is one file and one line here (and its spec in the union above). */
export const LAWS = {
  constant,
  exponential,
  uniform,
  lognormal,
  gamma,
  erlang,
  hyperexponential,
  weibull,
  pareto,
  empirical,
} as const;

/**
 * The law of a spec: moments and quantiles. Compile it with `compileSampler` before drawing many values. Equal specs
 * give the same object, so that its table is compiled once.
 */
export function createLaw(spec: LawSpec): Law {
  const key = JSON.stringify(spec);
  const known = CREATED.get(key);
  if (known !== undefined) return known;
  const law = newLaw(spec);
  if (CREATED.size >= CREATED_MAX) CREATED.clear();
  CREATED.set(key, law);
  return law;
}

const CREATED = new Map<string, Law>();
const CREATED_MAX = 256;

function newLaw(spec: LawSpec): Law {
  // The table is keyed by kind, which TypeScript cannot tie to the spec's own member of the union.
  const definition = LAWS[spec.kind] as LawDefinition<LawSpec>;
  let law = definition.create(spec);
  if (spec.truncate !== undefined) law = truncateLaw(law, spec.truncate);
  if (spec.clamp !== undefined) law = clampLaw(law, spec.clamp);
  return law;
}

/** The smallest value that a draw can have: at the smallest uniform that a generator draws above 0. */
export function leastDraw(spec: LawSpec): number {
  return createLaw(spec).quantile(2 ** -53);
}

/**
 * The YAML forms of a law: `{ lognormal: { mean: 4s, cv: 1 } }` with optional `clamp` or `truncate` beside it, or a
 * bare quantity meaning a constant. Equal units give the same schema, and schemas of equal units the same parts: a
 * scenario has many laws, and each start of a command would take its time to make them all.
 */
export function lawSchema(unit: LawUnit): z.ZodType<LawSpec> {
  const made =
    SCHEMAS[unit] ?? lawOr<never>(unit, {}).meta({ description: "Probability law; a bare quantity is a constant" });
  SCHEMAS[unit] = made;
  return made;
}

const SCHEMAS: Partial<Record<LawUnit, z.ZodType<LawSpec>>> = {};

/** A law or one of further named forms, e.g. `{ recorded: <name> }` for lengths. */
export function lawOr<Other>(
  unit: LawUnit,
  others: Readonly<Record<string, z.ZodType<Other>>>,
): z.ZodType<LawSpec | Other> {
  const { bare, laws, limits } = formsOf(unit);
  const named = oneKeyOf<LawSpec | Other>({ ...others, ...laws }, limits).transform(({ value, options }, context) => {
    const spec = { ...value, ...options } as LawSpec | Other;
    if (isLaw(spec) && !isComputable(spec)) {
      const message = "no finite values can be drawn from this law; write parameters nearer to 1, such as cv: 2";
      context.addIssue({ code: "custom", message });
    }
    return spec;
  });
  return unionOf([bare, named]) as z.ZodType<LawSpec | Other>;
}

/** The parts of all schemas of one unit. */
interface Forms {
  readonly bare: z.ZodType<LawSpec>;
  readonly laws: Readonly<Record<string, z.ZodType<LawSpec>>>;
  readonly limits: Readonly<Record<"clamp" | "truncate", z.ZodType<Bounds>>>;
}

const FORMS: Partial<Record<LawUnit, Forms>> = {};

function formsOf(unit: LawUnit): Forms {
  const known = FORMS[unit];
  if (known !== undefined) return known;
  const quantity = quantityOf(unit);
  const definitions = Object.values(LAWS) as unknown as readonly LawDefinition<LawSpec>[];
  const bounds = boundsSchema(quantity);
  const made: Forms = {
    bare: quantity.transform((value): LawSpec => ({ kind: "constant", value })),
    laws: Object.fromEntries(
      definitions.map(({ name, summary, schema }) => [name, schema(quantity).meta({ description: summary })]),
    ),
    limits: {
      clamp: bounds.meta({ description: "Values beyond these limits are set to the limit" }),
      truncate: bounds.meta({ description: "Values beyond these limits are redrawn" }),
    },
  };
  FORMS[unit] = made;
  return made;
}

function isLaw(spec: unknown): spec is LawSpec {
  return (
    typeof spec === "object" &&
    spec !== null &&
    "kind" in spec &&
    typeof spec.kind === "string" &&
    Object.hasOwn(LAWS, spec.kind)
  );
}

/** Whether its mean and its values, out to the ends of what is ever drawn, are finite numbers. */
function isComputable(spec: LawSpec): boolean {
  const { mean, quantile } = createLaw(spec);
  return [mean, ...[2 ** -53, 0.5, 1 - 2 ** -53].map(quantile)].every(Number.isFinite);
}
