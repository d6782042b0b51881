import assert from "node:assert/strict";
import { it } from "node:test";
import { z } from "zod";
import { isMapAt, mapSchema, valueAt } from "../../../scripts/io/schema-map.ts";

it("the value at a path", () => {
  assert.equal(valueAt({ a: [{ b: 2 }] }, ["a", 0, "b"]), 2);
  assert.equal(valueAt({ a: 1 }, ["a", "b"]), undefined);
  assert.equal(valueAt({}, ["constructor"]), undefined);
  assert.ok(isMapAt({ a: { b: 2 } }, ["a"]) && !isMapAt({ a: [1] }, ["a"]));
});

const mappedSchema = z.strictObject({
  cups: z.number().int().min(1).max(6).meta({ description: "how many" }),
  sugar: z.union([z.literal("unset"), z.number().min(1)]).optional(),
  tea: z.union([z.string(), z.strictObject({ leaf: z.enum(["green", "black"]), grams: z.number() })]).optional(),
});

it("a schema's map knows the keys below a path, through alternatives", () => {
  const map = mapSchema(mappedSchema);
  assert.deepEqual(map.keysAt([]), ["cups", "sugar", "tea"]);
  assert.deepEqual(map.keysAt(["tea"]), ["leaf", "grams"]);
  assert.equal(map.descriptionAt(["cups"]), "how many");
});

it("a schema's map knows the words beside a number, and what to write", () => {
  const map = mapSchema(mappedSchema);
  assert.deepEqual(map.wordsAt(["sugar"]), ["unset"]);
  assert.equal(map.formAt(["cups"]), "write a whole number from 1, such as 6 (how many)");
  assert.equal(map.formAt(["sugar"]), undefined);
});

it("a schema's map knows which keys take a value, and where names of one's own have numbers", () => {
  const map = mapSchema(
    z.strictObject({ weights: z.record(z.string(), z.number()), tags: z.record(z.string(), z.string()) }),
  );
  assert.ok(map.isMapOfNumbersAt(["weights"]) && !map.isMapOfNumbersAt(["tags"]));
  const tea = mapSchema(mappedSchema).propertiesAt(["tea"]);
  assert.deepEqual(
    tea.map(({ name, isRequired, takes }) => [name, isRequired, takes("green"), takes("red"), takes(3)]),
    [
      ["leaf", true, true, false, false],
      ["grams", true, false, false, true],
    ],
  );
});
