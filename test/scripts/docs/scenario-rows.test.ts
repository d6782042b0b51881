import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { scenarioPage } from "../../../scripts/docs/scenario-page.ts";
import { addRows, type Row, schemaTree } from "../../../scripts/docs/scenario-rows.ts";
import { count, durationMs, ratePerS, share } from "../../../simulator/base/schema-forms.ts";

/** Rows of a schema's keys as "key: type, default". */
function rowsOf(schema: z.ZodType): readonly string[] {
  const rows: Row[] = [];
  addRows({
    node: schemaTree(schema),
    key: "",
    isRequired: false,
    rows,
    resolve: (node) => node,
    linkOf: () => undefined,
    extrasOf: () => undefined,
    isRoot: true,
  });
  return rows.map(({ key, type, defaultText }) => `${key}: ${type}${defaultText === "" ? "" : `, ${defaultText}`}`);
}

describe("the schema for readers", () => {
  it("recognises quantities by what they accept, and writes defaults as a scenario does", () => {
    const rows = rowsOf(
      z.strictObject({
        wait: durationMs.default(90_000),
        day: durationMs.default(86_400_000),
        rate: ratePerS,
        size: count.default(64_000),
        part: share.default(0.5),
        room: z.union([z.literal("unlimited"), count]).default(Number.POSITIVE_INFINITY as never),
        label: z.string().default("a"),
        tries: z.number().int().min(1).max(5).optional(),
        on: z.boolean().default(true),
      }),
    );
    assert.deepEqual(rows, [
      "wait: duration, 90s",
      "day: duration, 24h",
      "rate: rate, required",
      "size: number, 64k",
      "part: share, 0.5",
      "room: `unlimited` or number, unlimited",
      "label: text, a",
      "tries: whole number from 1 to 5",
      "on: `true` or `false`, true",
    ]);
  });

  it("goes into blocks, lists, names and alternatives", () => {
    const rows = rowsOf(
      z.strictObject({
        list: z.array(z.strictObject({ a: z.string() })),
        plain: z.array(z.number().int()),
        named: z.record(z.string(), z.strictObject({ b: durationMs })),
        choice: z.union([z.enum(["x", "y"]), z.strictObject({ z: z.strictObject({ c: share }) })]),
      }),
    );
    assert.deepEqual(rows, [
      "list: list, required",
      "list[]: mapping",
      "list[].a: text, required",
      "plain: list of whole number, required",
      "named: mapping of names, required",
      "named.<name>: mapping",
      "named.<name>.b: duration, required",
      "choice: `x`, `y` or mapping, required",
      "choice.z: mapping",
      "choice.z.c: share, required",
    ]);
  });

  it("says when a block of the page is no longer in the schema", () => {
    assert.throws(() => scenarioPage(z.strictObject({ name: z.string() })), /the schema has no world/);
  });
});
