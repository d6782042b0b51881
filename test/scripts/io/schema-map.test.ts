import assert from "node:assert/strict";
import { it } from "node:test";
import { z } from "zod";
import { mapSchema } from "../../../scripts/io/schema-map.ts";

const schema = z.strictObject({
  cups: z.number().int().min(1).max(6).meta({ description: "how many" }),
  sugar: z.union([z.literal("unset"), z.number().min(1)]).optional(),
  tea: z.union([z.string(), z.strictObject({ leaf: z.enum(["green", "black"]), grams: z.number() })]).optional(),
});

it("a schema's map knows the keys below a path, through alternatives", () => {
  const map = mapSchema(schema);
  assert.deepEqual(map.keysAt([]), ["cups", "sugar", "tea"]);
  assert.deepEqual(map.keysAt(["tea"]), ["leaf", "grams"]);
  assert.equal(map.descriptionAt(["cups"]), "how many");
});

it("a schema's map knows the words beside a number, and what to write", () => {
  const map = mapSchema(schema);
  assert.deepEqual(map.wordsAt(["sugar"]), ["unset"]);
  assert.equal(map.formAt(["cups"]), "write a whole number from 1, such as 6 (how many)");
  assert.equal(map.formAt(["sugar"]), undefined);
});
