/** Shapes of tool schemas that clients send: by hand, from pydantic, from zod, and the corners of JSON Schema. */
const inObject = (value: object, rest: object = {}): object => ({
  type: "object",
  properties: { value },
  required: ["value"],
  additionalProperties: false,
  ...rest,
});

/** JSON schemas by what they show; each has at least one valid value. */
export const SCHEMA_SHAPES: Readonly<Record<string, object | boolean>> = {
  "no schema": {},
  anything: true,
  "a required text": inObject({ type: "string" }),
  "two types": inObject({ type: ["string", "null"] }),
  const: inObject({ const: "x" }),
  enum: inObject({ enum: ["b", 3, null] }),
  "a default that is valid": inObject({ type: "integer", default: 7, minimum: 5 }),
  "a default that is not valid": inObject({ type: "integer", default: 1, minimum: 5 }),
  "examples that are not valid": inObject({ type: "string", examples: [3], minLength: 4 }),
  "a local reference": inObject({ $ref: "#/$defs/city" }, { $defs: { city: { type: "string", minLength: 3 } } }),
  "an old reference": inObject({ $ref: "#/definitions/a" }, { definitions: { a: { type: "integer", minimum: 2 } } }),
  "a reference to a reference": inObject(
    { $ref: "#/$defs/a" },
    { $defs: { a: { $ref: "#/$defs/b" }, b: { type: "boolean" } } },
  ),
  "a tree": inObject(
    { $ref: "#/$defs/node" },
    {
      $defs: {
        node: {
          type: "object",
          properties: { name: { type: "string" }, children: { type: "array", items: { $ref: "#/$defs/node" } } },
          required: ["name", "children"],
          additionalProperties: false,
        },
      },
    },
  ),
  allOf: inObject({ allOf: [{ type: "integer", minimum: 10 }, { maximum: 12 }, { multipleOf: 3 }] }),
  "allOf of objects": {
    allOf: [
      { type: "object", properties: { a: { type: "string" } }, required: ["a"] },
      { type: "object", properties: { b: { type: "integer" } }, required: ["b"] },
    ],
  },
  anyOf: inObject({ anyOf: [{ type: "string", minLength: 5 }, { type: "null" }] }),
  oneOf: inObject({
    oneOf: [
      { type: "integer", multipleOf: 3 },
      { type: "integer", multipleOf: 5 },
    ],
  }),
  "oneOf of objects told apart by a const": inObject({
    oneOf: [
      {
        type: "object",
        properties: { kind: { const: "a" }, x: { type: "integer" } },
        required: ["kind", "x"],
        additionalProperties: false,
      },
      {
        type: "object",
        properties: { kind: { const: "b" }, y: { type: "string" } },
        required: ["kind", "y"],
        additionalProperties: false,
      },
    ],
  }),
  not: inObject({ type: "integer", minimum: 0, maximum: 3, not: { enum: [0, 1, 3] } }),
  "if then": {
    type: "object",
    properties: { country: { const: "us" }, zip: { type: "string" } },
    required: ["country"],
    if: { properties: { country: { const: "us" } } },
    // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own word
    then: { required: ["zip"] },
  },
  minItems: inObject({ type: "array", items: { type: "integer" }, minItems: 3 }),
  "maxItems 0": inObject({ type: "array", items: { type: "integer" }, maxItems: 0 }),
  "unique items": inObject({ type: "array", items: { enum: [1, 2, 3] }, minItems: 3, uniqueItems: true }),
  contains: inObject({ type: "array", contains: { const: 4 }, items: { type: "integer" } }),
  prefixItems: inObject({
    type: "array",
    prefixItems: [{ type: "string" }, { type: "integer" }],
    items: false,
    minItems: 2,
  }),
  exclusiveMinimum: inObject({ type: "number", exclusiveMinimum: 0, exclusiveMaximum: 1 }),
  "exclusiveMinimum of an integer": inObject({ type: "integer", exclusiveMinimum: 5, maximum: 6 }),
  maximum: inObject({ type: "integer", maximum: -10 }),
  multipleOf: inObject({ type: "number", multipleOf: 0.5, minimum: 1.2 }),
  pattern: inObject({ type: "string", pattern: "^[A-Z]{3}-\\d{4}$" }),
  "pattern with alternatives": inObject({ type: "string", pattern: "^(alpha|beta)(\\.[a-z]+)*$" }),
  minLength: inObject({ type: "string", minLength: 20 }),
  maxLength: inObject({ type: "string", maxLength: 3 }),
  "pattern and minLength": inObject({ type: "string", pattern: "^[a-z]+$", minLength: 12 }),
  "format date": inObject({ type: "string", format: "date" }),
  "format date-time": inObject({ type: "string", format: "date-time" }),
  "format time": inObject({ type: "string", format: "time" }),
  "format duration": inObject({ type: "string", format: "duration" }),
  "format email": inObject({ type: "string", format: "email" }),
  "format uri": inObject({ type: "string", format: "uri" }),
  "format uuid": inObject({ type: "string", format: "uuid" }),
  "format ipv4": inObject({ type: "string", format: "ipv4" }),
  "format ipv6": inObject({ type: "string", format: "ipv6" }),
  "format hostname": inObject({ type: "string", format: "hostname" }),
  minProperties: { type: "object", minProperties: 2, additionalProperties: { type: "integer" } },
  "maxProperties 0": { type: "object", maxProperties: 0 },
  patternProperties: {
    type: "object",
    patternProperties: { "^x-": { type: "integer" } },
    additionalProperties: false,
    minProperties: 1,
  },
  "property names": {
    type: "object",
    propertyNames: { pattern: "^[a-z]{4}$" },
    minProperties: 1,
    additionalProperties: { type: "boolean" },
  },
  "dependent required": {
    type: "object",
    properties: { card: { type: "string" }, address: { type: "string" } },
    required: ["card"],
    dependentRequired: { card: ["address"] },
  },
  "required without a property": { type: "object", required: ["a"], properties: {} },
  "nested objects": inObject(inObject(inObject({ type: "array", items: inObject({ type: "number" }), minItems: 1 }))),
  "an optional of pydantic": inObject(
    { anyOf: [{ $ref: "#/$defs/P" }, { type: "null" }], default: null, title: "P" },
    {
      $defs: { P: inObject({ type: "string", format: "date" }) },
      title: "Model",
    },
  ),
  "a record of zod": inObject({
    type: "object",
    propertyNames: { type: "string" },
    additionalProperties: { type: "number" },
  }),
  "nullable enum": inObject({ anyOf: [{ type: "string", enum: ["a", "b"] }, { type: "null" }] }),
  "no type but properties": { properties: { a: { type: "integer" } }, required: ["a"] },
  "a tuple of the old kind": inObject({ type: "array", items: { type: "string" }, minItems: 2, maxItems: 2 }),
  "big bounds": inObject({ type: "integer", minimum: 1_000_000, maximum: 1_000_000 }),
};
