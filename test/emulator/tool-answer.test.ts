import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sampleOfSchema } from "../../emulator/tool-answer.ts";

describe("sampleOfSchema", () => {
  it("fills required members by type, enum, default and minimum", () => {
    const schema = {
      type: "object",
      properties: {
        city: { type: "string" },
        unit: { enum: ["C", "F"] },
        days: { type: "integer", minimum: 3 },
        now: { type: "boolean" },
        tags: { type: "array", items: { type: "string" }, minItems: 1 },
        kind: { default: "x" },
        optional: { type: "string" },
      },
      required: ["city", "unit", "days", "now", "tags", "kind"],
    };
    assert.deepEqual(sampleOfSchema(schema), {
      city: "sample",
      unit: "C",
      days: 3,
      now: true,
      tags: ["sample"],
      kind: "x",
    });
  });
  it("ends on schemas that contain themselves, and takes nonsense calmly", () => {
    const loop: Record<string, unknown> = { type: "object" };
    loop.properties = { again: loop };
    assert.equal(typeof sampleOfSchema(loop), "object");
    for (const value of [undefined, null, 3, "x", []]) assert.deepEqual(sampleOfSchema(value), {});
  });
});
