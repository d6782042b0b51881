import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { anotherName, kindAsKey, levelLeftOut, mapAround } from "../../../scripts/io/meant-forms.ts";
import { mapSchema } from "../../../scripts/io/schema-map.ts";
import { formatPath } from "../../../scripts/io/yaml-source.ts";

const form = z.strictObject({ rate: z.string(), cv: z.number().optional() });
const schema = mapSchema(
  z.strictObject({
    poisson: z.strictObject({ rate: z.string() }).optional(),
    gamma: form.optional(),
    single: z.strictObject({ target: z.string(), pause: z.string().optional() }).optional(),
    weighted: z.strictObject({ weights: z.record(z.string(), z.number()) }).optional(),
    limits: z.strictObject({ low: z.number(), high: z.number(), names: z.array(z.string()) }).optional(),
  }),
);
const contextOf = (value: unknown) => ({ value, schema, where: formatPath });

it("another name is another spelling, a plural or a word of the trade, of a key that is known here", () => {
  assert.equal(anotherName("max_tokens", ["input", "maxTokens"]), "maxTokens");
  assert.equal(anotherName("regions", ["region"]), "region");
  assert.equal(anotherName("file", ["trace", "tile"]), "trace");
  assert.equal(anotherName("file", ["tile"]), undefined);
  assert.equal(anotherName("constructor", ["trace"]), undefined);
});

describe("a form", () => {
  it("that is named by a key for its kind is itself the key, with the keys beside it", () => {
    const fix = (value: unknown) => kindAsKey([], "kind", contextOf(value))?.problem.fix;
    assert.equal(fix({ kind: "poisson", rate: "3/s" }), "write poisson: { rate: 3/s }");
    assert.equal(fix({ kind: "Single", targets: "a" }), "write single: { target: a }");
    assert.equal(fix({ kind: "gamma" }), "write gamma: {}");
    assert.equal(fix({ kind: "other" }), undefined);
    assert.equal(fix({ kind: "gamma", gamma: {} }), undefined, "it is there already");
  });

  it("that was left out is the first that knows all keys that stand in its place", () => {
    const fix = (key: string, value: unknown) => levelLeftOut([], key, contextOf(value))?.problem.fix;
    assert.equal(fix("rate", { rate: "3/s" }), "write poisson: { rate: 3/s }");
    assert.equal(fix("rate", { rate: "3/s", cv: 2 }), "write gamma: { rate: 3/s, cv: 2 }");
    assert.equal(fix("rate", { rate: "3/s", colour: 2 }), undefined);
  });

  it("with names of one's own is it for regions with numbers", () => {
    const context = contextOf({ weighted: { "eu-west-1": 1, "us-east-1": 2 } });
    const fix = (key: string) => levelLeftOut(["weighted"], key, context)?.problem.fix;
    assert.equal(fix("eu-west-1"), "write weights: { eu-west-1: 1, us-east-1: 2 }");
    assert.equal(levelLeftOut(["weighted"], "size", contextOf({ weighted: { size: 1 } })), undefined);
  });
});

it("a value in the place of a map is that of the one key that takes it", () => {
  assert.equal(mapAround(["single"], "eu-west-1", schema), "write { target: eu-west-1 }");
  assert.equal(mapAround(["limits"], ["a", "b"], schema), "write { names: [a, b], low: ..., high: ... }");
  assert.equal(mapAround(["limits"], 3, schema), undefined, "which of two is not known");
  assert.equal(mapAround(["weighted", "weights"], ["a", "b"], schema), "write { a: 1, b: 1 }");
  assert.equal(mapAround(["weighted", "weights"], [{ a: 0.7 }, { b: 0.3 }], schema), "write { a: 0.7, b: 0.3 }");
  assert.equal(mapAround(["weighted", "weights"], [1, 2], schema), undefined);
  assert.equal(mapAround(["single"], "10%", schema), undefined);
  assert.equal(mapAround([], "just a text", mapSchema(z.strictObject({ name: z.string() }))), undefined, "no scenario");
  assert.match(mapAround(["single"], [{ target: "a" }], schema) ?? "", /without the dash/);
});
