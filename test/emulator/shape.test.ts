import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ServiceError } from "../../emulator/errors.ts";
import {
  asInteger,
  asList,
  asNumber,
  asObject,
  asText,
  ConstraintList,
  optional,
  parseJsonObject,
} from "../../emulator/shape.ts";

describe("readers", () => {
  it("refuse wrong types as SerializationException, naming what was found", () => {
    const cases = [
      [() => asText(3), "NUMBER_VALUE cannot be converted to String"],
      [() => asInteger("3"), "STRING_VALUE cannot be converted to Integer"],
      [() => asInteger(1.5), "NUMBER_VALUE cannot be converted to Integer"],
      [() => asNumber(true), "BOOLEAN_VALUE cannot be converted to Float"],
      [() => asObject([]), "Start of list found where not expected"],
      [() => asList({}), "Start of structure or map found where not expected."],
      [() => asText(null), "NULL_VALUE cannot be converted to String"],
    ] as const;
    for (const [read, message] of cases) assert.throws(read, { name: "SerializationException", message });
  });
  it("take null as absent", () => assert.equal(optional(null, asText), undefined));
  it("parse objects only", () => {
    const broken = (reason: string) => new ServiceError("ValidationException", reason);
    for (const text of ["", "{", "[]", "3", "null"]) {
      assert.throws(() => parseJsonObject(Buffer.from(text), broken), { name: "ValidationException" }, text);
    }
    assert.deepEqual(parseJsonObject(Buffer.from('{"a":1}'), broken), { a: 1 });
  });
});

describe("ConstraintList", () => {
  it("reports all broken constraints in the service's form", () => {
    const list = new ConstraintList();
    list.check(true, 1, "fine", "never shown");
    list.throwIfAny();
    list.check(false, 0, "inferenceConfig.maxTokens", "Member must have value greater than or equal to 1");
    list.check(false, "x", "b", "two");
    assert.throws(() => list.throwIfAny(), {
      name: "ValidationException",
      message:
        "2 validation errors detected: Value '0' at 'inferenceConfig.maxTokens' failed to satisfy constraint: Member must have value greater than or equal to 1; Value 'x' at 'b' failed to satisfy constraint: two",
    });
  });
});
