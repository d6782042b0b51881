import { z } from "zod";

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

type Issue = z.core.$ZodIssue;

/** The alternative whose worst mistake is the smallest: a wrong type at the root means that another was meant. */
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
