import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { mapSchema } from "../../../scripts/io/schema-map.ts";
import { formatPath } from "../../../scripts/io/yaml-source.ts";
import { problemsOfIssues } from "../../../scripts/io/zod-problems.ts";
import { share } from "../../../simulator/base/schema-forms.ts";

const schema = z.strictObject({
  cups: z.number().int().min(1).max(6).meta({ description: "how many" }),
  sugar: z.union([z.literal("unset"), z.number().min(1)]).optional(),
  tea: z.union([z.string(), z.strictObject({ leaf: z.enum(["green", "black"]), grams: z.number() })]).optional(),
});

/** `code place: what -> fix` of each problem. */
function problemsOf(value: unknown): readonly string[] {
  const { error } = schema.safeParse(value);
  const context = { value, schema: mapSchema(schema), where: formatPath };
  return problemsOfIssues(error?.issues ?? [], context).map(
    ({ code, where, what, fix }) => `${code} ${where}: ${what} -> ${fix}`,
  );
}

describe("problems of a schema", () => {
  it("are none for a value that matches", () => assert.deepEqual(problemsOf({ cups: 2, tea: "oolong" }), []));

  it("name a missing key with its description", () =>
    assert.deepEqual(problemsOf({}), ["SCENARIO_MISSING_KEY cups: cups is missing -> add it: how many"]));

  it("tell a misspelt key once, with the right one", () =>
    assert.deepEqual(problemsOf({ cupz: 2 }), [
      'SCENARIO_UNKNOWN_KEY cupz: unknown key "cupz" -> did you mean "cups"?',
    ]));

  it("show bounds and the value that passes them", () => {
    assert.deepEqual(problemsOf({ cups: 0 }), ["SCENARIO_INVALID_VALUE cups: 0 is too small -> at least 1"]);
    assert.deepEqual(problemsOf({ cups: 7 }), ["SCENARIO_INVALID_VALUE cups: 7 is too large -> at most 6"]);
  });

  it("say what to write in place of a value of another kind, then what it is for", () => {
    assert.deepEqual(problemsOf({ cups: "x" }), [
      'SCENARIO_INVALID_VALUE cups: "x" is not a number -> write a whole number from 1, such as 6 (how many)',
    ]);
    assert.deepEqual(problemsOf({ cups: 1.5 }), ["SCENARIO_INVALID_VALUE cups: 1.5 is not a whole number -> write 2"]);
  });

  it("name the bound of a number, and the word that is allowed beside it", () => {
    assert.deepEqual(problemsOf({ cups: 2, sugar: -1 }), [
      "SCENARIO_INVALID_VALUE sugar: -1 is too small -> at least 1, or unset",
    ]);
    assert.deepEqual(problemsOf({ cups: 2, sugar: "unsett" }), [
      'SCENARIO_INVALID_VALUE sugar: "unsett" is not one of unset -> did you mean "unset"?',
    ]);
  });

  it("write a share as a percentage where that is taken, one value as a list, and what is above 0", () => {
    const form = z.strictObject({
      left: share.pipe(z.number().min(0).max(1)).optional(),
      names: z.array(z.string()).optional(),
      length: z
        .string()
        .refine((text) => text !== "0s", "must be more than 0")
        .meta({ description: "how long" })
        .optional(),
    });
    const fixOf = (value: unknown) => {
      const context = { value, schema: mapSchema(form), where: formatPath };
      return problemsOfIssues(form.safeParse(value).error?.issues ?? [], context).map(({ fix }) => fix);
    };
    assert.deepEqual(fixOf({ left: 40 }), ["write 40%"]);
    assert.deepEqual(fixOf({ left: "140%" }), ["at most 100%"]);
    assert.deepEqual(fixOf({ names: "a" }), ["write [a]"]);
    assert.deepEqual(fixOf({ length: "0s" }), ["write a value above 0 (how long)"]);
  });

  it("are those of the alternative that was meant", () =>
    assert.deepEqual(problemsOf({ cups: 2, tea: { leaf: "gren", grams: 3 } }), [
      'SCENARIO_INVALID_VALUE tea.leaf: "gren" is not one of green, black -> did you mean "green"?',
    ]));
});

describe("very many problems", () => {
  const many = (count: number, keyOf: (i: number) => string) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [keyOf(i), i]));
  /** How often the place of a key was looked for, which is what takes time. */
  const countedProblems = (value: unknown) => {
    let lookups = 0;
    const where = (path: Parameters<typeof formatPath>[0]) => {
      lookups++;
      return formatPath(path);
    };
    const issues = schema.safeParse(value).error?.issues ?? [];
    return { problems: problemsOfIssues(issues, { value, schema: mapSchema(schema), where }), lookups };
  };

  it("are cut after a hundred, wherever they stand, and the rest is counted", () => {
    const strangers = many(20_000, (i) => `x${i}`);
    for (const value of [
      { cups: 2, ...strangers },
      { cups: 2, tea: { leaf: "green", grams: 1, ...strangers } },
    ]) {
      const { problems, lookups } = countedProblems(value);
      assert.equal(problems.length, 101);
      assert.equal(problems[100]!.what, "and 19,900 more problems");
      assert.ok(lookups <= 100, `${lookups} look-ups`);
    }
  });

  it("a hundred are shown whole", () => {
    const { problems } = countedProblems({ cups: 2, ...many(100, (i) => `x${i}`) });
    assert.equal(problems.length, 100);
    assert.ok(problems.every(({ code }) => code === "SCENARIO_UNKNOWN_KEY"));
  });
});
