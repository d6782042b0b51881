import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, it } from "node:test";
import { ServiceError } from "../../../emulator/http/errors.ts";
import {
  asInteger,
  asList,
  asNumber,
  asObject,
  asText,
  ConstraintList,
  optional,
  parseJsonObject,
  RequestAborted,
  readBody,
} from "../../../emulator/http/request-body.ts";
import type { WireRequest } from "../../../emulator/http/wire.ts";

const request = () => Object.assign(new PassThrough(), { headers: {} }) as unknown as WireRequest & PassThrough;
const LIMITS = { maxBytes: 10, timeoutMs: 1000 };

describe("readBody", () => {
  it("joins chunks up to the limit", async () => {
    const stream = request();
    const body = readBody(stream, LIMITS);
    stream.write("12345");
    stream.end("67890");
    assert.equal((await body).toString(), "1234567890");
  });
  it("reads an oversize body to its end before refusing it", async () => {
    const stream = request();
    const body = readBody(stream, LIMITS);
    stream.write("12345678901");
    stream.end("more");
    await assert.rejects(body, { name: "RequestEntityTooLargeException" });
  });
  it("stops reading a body that never ends", async () => {
    const stream = request();
    const body = readBody(stream, LIMITS);
    stream.write("x".repeat(41));
    await assert.rejects(body, { name: "RequestEntityTooLargeException" });
  });
  it("refuses a body that takes too long", async () => {
    await assert.rejects(readBody(request(), { maxBytes: 10, timeoutMs: 5 }), { name: "ModelTimeoutException" });
  });
  it("aborts when the caller disconnects", async () => {
    const stream = request();
    const body = readBody(stream, LIMITS);
    stream.destroy();
    await assert.rejects(body, RequestAborted);
  });
});

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
  it("treat null as absent", () => assert.equal(optional(null, asText), undefined));
  it("parse objects only", () => {
    const broken = (reason: string) => new ServiceError("ValidationException", reason);
    for (const text of ["", "{", "[]", "3", "null"]) {
      assert.throws(() => parseJsonObject(Buffer.from(text), broken), { name: "ValidationException" }, text);
    }
    assert.deepEqual(parseJsonObject(Buffer.from('{"a":1}'), broken), { a: 1 });
  });
});

describe("ConstraintList", () => {
  it("reports all violated constraints in the service's format", () => {
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
