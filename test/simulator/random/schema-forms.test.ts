import assert from "node:assert/strict";
import test from "node:test";
import { z } from "zod";
import { oneKeyOf, unionOf } from "../../../simulator/random/schema-forms.ts";

const forms = oneKeyOf(
  { a: z.number(), b: z.strictObject({ c: z.number() }) as z.ZodType<unknown> },
  { limit: z.number() },
);

test("exactly one form, with options beside it", () => {
  assert.deepEqual(forms.parse({ a: 1, limit: 5 }), { name: "a", value: 1, options: { limit: 5 } });
  const message = (value: unknown) => forms.safeParse(value).error?.issues.map(({ message: text }) => text);
  assert.deepEqual(message({}), ["give exactly one of a, b"]);
  assert.deepEqual(message({ a: 1, b: { c: 2 } }), ["give exactly one of a, b, not a and b"]);
});

test("a mistake inside a form is reported at its own path", () => {
  assert.deepEqual(forms.safeParse({ b: { c: "x" } }).error?.issues[0]?.path, ["b", "c"]);
});

test("a union speaks for the alternative that came closest", () => {
  const union = unionOf([
    z.number(),
    z.strictObject({ size: z.number().refine((n) => n > 0, "size must be above 0") }),
  ]);
  assert.equal(union.safeParse({ size: -1 }).error?.issues[0]?.message, "size must be above 0");
  assert.match(String(union.safeParse({ size: "x" }).error?.issues[0]?.message), /^size: .*expected number/);
});
