import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Ajv } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import fc from "fast-check";
import { sampleOfSchema } from "../../../emulator/model/schema-sample.ts";
import { processorMsOf } from "../../busy-host.ts";
import { SCHEMA_SHAPES } from "./schema-shapes.ts";

/** Another validator than the one that the emulator uses. */
const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);

describe("sampleOfSchema", () => {
  for (const [name, schema] of Object.entries(SCHEMA_SHAPES)) {
    it(`satisfies: ${name}`, () => {
      const value = sampleOfSchema(schema);
      assert.ok(ajv.validate(schema, value), `${JSON.stringify(value)}: ${ajv.errorsText()}`);
    });
  }

  it("satisfies schemas drawn at random", () => {
    fc.assert(
      fc.property(schemas, (schema) => {
        const value = sampleOfSchema(schema);
        assert.ok(
          ajv.validate(schema, value),
          `${JSON.stringify(schema)} ${JSON.stringify(value)} ${ajv.errorsText()}`,
        );
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  it("keeps to bounds that a client has moved into the description, as far as the schema allows", () => {
    const properties = {
      days: { type: "integer", description: "Length of stay.\nminimum: 3; maximum: 5." },
      city: { type: "string", description: "min length: 12; max length: 14." },
      rate: { type: "number", description: "exclusive minimum: 0; multiple of: 0.5; maximum: 2." },
      free: { type: "integer" },
      other: { type: "integer", minimum: 100, description: "minimum: 3." },
      odd: { type: "boolean", description: "minimum: 3; max items: x." },
    };
    const value = sampleOfSchema({ type: "object", properties, required: Object.keys(properties) }) as Record<
      string,
      never
    >;
    assert.ok(value.days! >= 3 && value.days! <= 5);
    assert.ok(String(value.city).length >= 12 && String(value.city).length <= 14);
    assert.ok([0.5, 1, 1.5, 2].includes(value.rate!));
    assert.ok(value.free! >= 1 && value.free! <= 9);
    assert.ok(value.other! >= 100);
    const contradicted = { type: "integer", maximum: 2, description: "minimum: 3." };
    assert.ok((sampleOfSchema(contradicted) as number) <= 2);
  });

  it("gives up on a pattern of exponential time, and does not try it again", () => {
    const schema = {
      type: "string",
      pattern: "^(([a-z])+.)+[A-Z]([a-z])+$",
      minLength: 40,
      maxLength: 60,
      not: { pattern: "^(a|a)*b$" },
    };
    const slow = {
      type: "object",
      required: ["a"],
      properties: { a: { ...schema, allOf: [{ pattern: "^(x+x+)+y$" }] } },
    };
    const startMs = performance.now();
    const first = sampleOfSchema(slow);
    assert.ok(performance.now() - startMs < 5000);
    const againMs = performance.now();
    assert.equal(sampleOfSchema(slow), first);
    assert.ok(performance.now() - againMs < 100);
  });

  it("satisfies what older drafts write in another way", () => {
    const pair = { type: "array", items: [{ type: "integer" }, { enum: ["x"] }], additionalItems: false, minItems: 2 };
    const schema = { type: "object", properties: { pair }, required: ["pair"] };
    const draft7 = new Ajv();
    assert.ok(draft7.validate(schema, sampleOfSchema(schema)), draft7.errorsText());
    assert.deepEqual(sampleOfSchema({ type: "integer", minimum: 3, exclusiveMinimum: true, maximum: 4 }), 4);
    assert.deepEqual(sampleOfSchema({ type: "integer", minimum: 3, maximum: 4, exclusiveMaximum: true }), 3);
    assert.deepEqual(sampleOfSchema({ type: "integer", minimum: 3, exclusiveMinimum: false, maximum: 3 }), 3);
    const properties = { a: { const: 1 }, b: { const: 2 } };
    const needs = { type: "object", properties, required: ["a"], dependencies: { a: ["b"] } };
    assert.deepEqual(sampleOfSchema(needs), { a: 1, b: 2 });
  });

  it("gives the same value for the same schema, and text of any size stays small", () => {
    const schema = { type: "object", properties: { id: { type: "string", format: "uuid" } }, required: ["id"] };
    assert.deepEqual(sampleOfSchema(schema), sampleOfSchema(structuredClone({ ...schema, title: "again" })));
    assert.ok(JSON.stringify(sampleOfSchema(SCHEMA_SHAPES["a tree"])).length < 2000);
  });

  it("ends in time for schemas that are hostile or contradict themselves", () => {
    const deep = Array.from({ length: 2000 }).reduce<object>(
      (inner) => ({ type: "array", minItems: 1, items: inner }),
      {},
    );
    const hostile = [
      { type: "string", pattern: "^(a+)+$", minLength: 40, not: { pattern: "a" } },
      { type: "integer", minimum: 3, maximum: 2 },
      { $ref: "#" },
      { $ref: "http://127.0.0.1:1/x.json" },
      { allOf: [{ $ref: "#/$defs/a" }], $defs: { a: { allOf: [{ $ref: "#/$defs/a" }] } } },
      { type: "array", minItems: 1e9, items: { type: "string" } },
      { type: "string", minLength: 1e9 },
      deep,
      "text",
      null,
      { type: 3, properties: [], required: "x" },
    ];
    const tookMs = processorMsOf(() => {
      for (const schema of hostile) JSON.stringify(sampleOfSchema(schema));
    });
    assert.ok(tookMs < 5000, `${tookMs} ms`);
  });
});

const leaves = fc.oneof(
  fc.record({ type: fc.constant("integer"), minimum: fc.integer({ min: -50, max: 50 }) }),
  fc.integer({ min: 0, max: 9 }).map((minimum) => ({ type: "number", minimum, maximum: minimum + 3 })),
  fc.integer({ min: 0, max: 12 }).map((minLength) => ({ type: "string", minLength, maxLength: minLength + 4 })),
  fc.constantFrom("date", "date-time", "email", "uuid", "ipv4", "uri").map((format) => ({ type: "string", format })),
  fc
    .constantFrom("^[a-f0-9]{8}$", "^\\+?[1-9]\\d{1,14}$", "^(GET|PUT)$")
    .map((pattern) => ({ type: "string", pattern })),
  fc
    .array(fc.oneof(fc.string(), fc.integer(), fc.boolean()), { minLength: 1, maxLength: 4 })
    .map((values) => ({ enum: values })),
  fc.constant({ type: "boolean" }),
  fc.constant({ type: "null" }),
);
const names = fc.stringMatching(/^[a-z]{1,6}$/);
const schemas = fc.letrec<{ any: object; object: object }>((tie) => ({
  any: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaves,
    tie("object"),
    fc
      .tuple(tie("any"), fc.integer({ min: 0, max: 3 }))
      .map(([items, minItems]) => ({ type: "array", items, minItems, maxItems: minItems + 1 })),
    fc.array(leaves, { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
  ),
  object: fc.dictionary(names, tie("any"), { maxKeys: 4 }).map((properties) => ({
    type: "object",
    properties,
    required: Object.keys(properties).slice(0, 2),
    additionalProperties: false,
  })),
})).object;
