/** Readable quantities of scenario files (`45m`, `20/s`, `200k`, `31%`) and the shapes that several blocks share. */
import { z } from "zod";
import {
  correctedCount,
  correctedDuration,
  correctedRate,
  correctedShare,
  parseCount,
  parseDurationMs,
  parseRatePerS,
  parseShare,
} from "./quantities.ts";
import { DAY_MS } from "./time.ts";

/** A hundred years: nothing in a scenario lasts longer, and instants must remain valid dates. */
const DURATION_MS_MAX = 36_500 * DAY_MS;

/** How a quantity is read, called and corrected. */
interface Quantity {
  readonly parse: (text: string) => number | undefined;
  readonly what: string;
  readonly example: string;
  /** The literal that was probably meant. */
  readonly corrected: (found: unknown) => string | undefined;
}

/** A text field whose parser answers undefined for what it cannot read. */
function textual({ parse, what, example, corrected }: Quantity) {
  const fixOf = (found: unknown): string => {
    // So many seconds are seldom meant.
    if (what === DURATION.what && typeof found === "number" && found >= 1000) return `write ${found}ms, or ${found}s`;
    const literal = corrected(found);
    return literal === undefined ? `write it like ${example}` : `write ${literal}`;
  };
  const noText = ({ input }: { readonly input?: unknown }): string =>
    typeof input === "number"
      ? `${input} has no unit, and is not ${what}; ${fixOf(input)}`
      : `write ${what} as text, like ${example}`;
  return z.string({ error: noText }).transform((text, context) => {
    const value = parse(text);
    if (value !== undefined && Number.isFinite(value)) return value;
    context.addIssue({ code: "custom", message: `"${text}" is not ${what}; ${fixOf(text)}` });
    return z.NEVER;
  });
}

const DURATION: Quantity = {
  parse: parseDurationMs,
  what: "a duration",
  example: "250ms, 45s, 30m or 1h30m",
  corrected: correctedDuration,
};
const RATE: Quantity = {
  parse: parseRatePerS,
  what: "a rate",
  example: "20/s, 1.2k/min or 50M/d",
  corrected: correctedRate,
};
const COUNT: Quantity = {
  parse: parseCount,
  what: "a number",
  example: "64, 200k or 1.5M",
  corrected: correctedCount,
};
const SHARE: Quantity = { parse: parseShare, what: "a share", example: "31% or 0.31", corrected: correctedShare };

/** A duration with its unit, such as `45m`, of at most `msMax`; output in ms. @param message for a longer one */
export function durationUpTo(msMax: number, message: string) {
  return textual(DURATION)
    .refine((ms) => ms <= msMax, message)
    .meta({ description: "Duration with its unit: 250ms, 45s, 30m, 1h30m, 2d" });
}

/** A duration with its unit, such as `45m`; output in ms. */
export const durationMs = durationUpTo(DURATION_MS_MAX, "must be at most 36500d");

/** A rate such as `20/s`; output in events per second. */
export const ratePerS = textual(RATE).meta({
  description: "Rate: 20/s, 1.2k/min, 50M/d",
});

/** A count such as `200k` or 200000. */
export const count = z.union([z.number().min(0), textual(COUNT)]).meta({
  description: "Number, with k, M or G if you like: 64, 200k, 1.5M",
});

/**
 * The error of a share beyond its limits. A number far above 1 was meant as percent; what has been read of `120%` is 1.2,
 * of which nothing can be said.
 *
 * @param otherwise what to write where nothing better is known; the description of the key unless given
 */
export function shareError(message: string, otherwise?: string) {
  return {
    error: ({ input }: { readonly input?: unknown }): string => {
      const isPercent = typeof input === "number" && input > PERCENT_FROM && input <= 100;
      const fix = isPercent ? `write ${input}%` : otherwise;
      return fix === undefined ? message : `${message}; ${fix}`;
    },
  };
}

/** 500 % has been read as 5: a number above it is more likely percent without its sign. */
const PERCENT_FROM = 5;

/** A share such as `31%` or 0.31; output in [0, 1] unless a wider use says otherwise. */
export const share = z.union([z.number(), textual(SHARE)]).meta({
  description: "Share: 31% or 0.31",
});

/**
 * A strict object with exactly one of the named forms, plus options that may stand beside it. Unlike a union of
 * objects, a mistake inside a form is reported at its own path.
 */
export function oneKeyOf<Form>(
  forms: Readonly<Record<string, z.ZodType<Form>>>,
  options: Readonly<Record<string, z.ZodType>> = {},
) {
  const names = Object.keys(forms);
  const shape: Record<string, z.ZodType> = {};
  for (const [name, schema] of Object.entries({ ...forms, ...options })) shape[name] = schema.optional();
  return z.strictObject(shape).transform((object, context) => {
    const given = names.filter((name) => object[name] !== undefined);
    const [name] = given;
    if (name === undefined || given.length > 1) {
      const found = given.length > 1 ? `, not ${given.join(" and ")}` : "";
      context.addIssue({ code: "custom", message: `give exactly one of ${names.join(", ")}${found}` });
      return z.NEVER;
    }
    const beside = Object.entries(object).filter(([key, value]) => key in options && value !== undefined);
    return { name, value: object[name] as Form, options: Object.fromEntries(beside) };
  });
}

/** A union that answers with the mistakes of the alternative that came closest, instead of "Invalid input". */
export function unionOf<const Options extends readonly [z.ZodType, ...z.ZodType[]]>(
  options: Options,
): z.ZodUnion<Options> {
  return z.union(options, {
    error: (issue) => (issue.code === "invalid_union" ? messageOf(closestOf(issue.errors)) : undefined),
  });
}

/**
 * A record's own value, undefined where it has none: names come from files, and `constructor` is a possible one.
 *
 * @example ownEntry({ berlin: 12 }, "constructor") // => undefined
 */
export function ownEntry<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

type Issue = z.core.$ZodIssue;

/** The alternative whose worst mistake is the least: a wrong type at the root means that another was intended. */
function closestOf(alternatives: unknown): readonly Issue[] {
  const lists = (alternatives as Issue[][]).map((issues) => issues.flatMap(flatten));
  return lists.toSorted((a, b) => closeness(b) - closeness(a))[0] ?? [];
}

function flatten(issue: Issue): readonly Issue[] {
  if (issue.code !== "invalid_union") return [issue];
  const inner = closestOf(issue.errors);
  return inner.length === 0 ? [issue] : inner.map((one) => ({ ...one, path: [...issue.path, ...one.path] }));
}

function closeness(issues: readonly Issue[]): number {
  const scores = issues.map(
    ({ code, path }) => 4 * Math.min(1, path.length) + (code === "custom" ? 2 : 0) + (code === "invalid_type" ? 0 : 1),
  );
  return Math.min(...scores);
}

function messageOf(issues: readonly Issue[]): string {
  return issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join(".")}: ${message}`)).join("; ");
}
