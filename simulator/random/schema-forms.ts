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

/** A union that answers with the message of the alternative that came closest, instead of "Invalid input". */
export function unionOf<const Options extends readonly [z.ZodType, ...z.ZodType[]]>(
  options: Options,
): z.ZodUnion<Options> {
  return z.union(options, {
    error: (issue) => {
      const alternatives = issue.code === "invalid_union" ? ((issue.errors ?? []) as z.core.$ZodIssue[][]) : [];
      const [closest] = alternatives.toSorted((a, b) => distance(b) - distance(a));
      const first = closest?.[0];
      if (first === undefined) return undefined;
      return first.path.length === 0 ? first.message : `${first.path.join(".")}: ${first.message}`;
    },
  });
}

/** How far into an alternative its first mistake lies; a wrong type at the root means another form was meant. */
function distance(issues: readonly z.core.$ZodIssue[]): number {
  const first = issues[0];
  if (first === undefined) return 0;
  return first.path.length * 2 + (first.code === "invalid_type" ? 0 : 1);
}
