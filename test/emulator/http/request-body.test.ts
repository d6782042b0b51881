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
  BodyBudget,
  ConstraintList,
  optional,
  parseJsonObject,
  RequestAborted,
  readBody,
} from "../../../emulator/http/request-body.ts";
import type { WireRequest } from "../../../emulator/http/wire.ts";

const request = () => Object.assign(new PassThrough(), { headers: {} }) as unknown as WireRequest & PassThrough;
const LIMITS = { maxBytes: 10, timeoutMs: 1000 };
const toText = (body: Buffer) => body.toString();

describe("readBody", () => {
  it("joins chunks up to the limit", async () => {
    const stream = request();
    const body = readBody(stream, LIMITS, toText);
    stream.write("12345");
    stream.end("67890");
    assert.equal(await body, "1234567890");
  });
  it("reads an oversize body to its end before refusing it", async () => {
    const stream = request();
    const body = readBody(stream, LIMITS, toText);
    stream.write("12345678901");
    stream.end("more");
    await assert.rejects(body, { name: "RequestEntityTooLargeException" });
  });
  it("stops reading a body that never ends", async () => {
    const stream = request();
    const body = readBody(stream, LIMITS, toText);
    stream.write("x".repeat(41));
    await assert.rejects(body, { name: "RequestEntityTooLargeException" });
  });
  it("refuses a body that takes too long", async () => {
    await assert.rejects(readBody(request(), { maxBytes: 10, timeoutMs: 5 }, toText), {
      name: "ModelTimeoutException",
    });
  });
  it("keeps one buffer, however small the pieces, and gives its memory back", async () => {
    const budget = new BodyBudget(40_000);
    const stream = request();
    const body = readBody(stream, { maxBytes: 30_000, timeoutMs: 1000, budget }, (bytes) => {
      assert.equal(budget.usedBytes, 16_384);
      return bytes.toString();
    });
    for (let piece = 0; piece < 10_000; piece++) stream.write("x");
    stream.end();
    assert.equal(await body, "x".repeat(10_000));
    assert.equal(budget.usedBytes, 0);
  });
  it("refuses a body when all bodies together take too much, until others are done", async () => {
    const budget = new BodyBudget(10_000);
    const limits = { maxBytes: 8192, timeoutMs: 1000, budget };
    const first = request();
    const held = readBody(first, limits, toText);
    first.write("x".repeat(8000));
    const second = request();
    const refused = readBody(second, limits, toText);
    second.write("x".repeat(4000));
    await assert.rejects(refused, { name: "ServiceUnavailableException" });
    first.end();
    await held;
    const third = request();
    const accepted = readBody(third, limits, toText);
    third.end("ok");
    assert.equal(await accepted, "ok");
    const aborted = request();
    const given = readBody(aborted, limits, toText);
    aborted.write("x");
    aborted.destroy();
    await assert.rejects(given, RequestAborted);
    assert.equal(budget.usedBytes, 0);
  });
  it("aborts when the caller disconnects", async () => {
    const stream = request();
    const body = readBody(stream, LIMITS, toText);
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
  it("refuse bytes that are not UTF-8, but take escapes of any character", () => {
    const broken = (reason: string) => new ServiceError("SerializationException", reason);
    const [open, close] = [Buffer.from('{"text":"a'), Buffer.from('b"}')];
    for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0xaf]]) {
      const body = Buffer.concat([open, Buffer.from(bytes), close]);
      assert.throws(() => parseJsonObject(body, broken), { name: "SerializationException", message: "invalid UTF-8" });
    }
    const escaped = Buffer.from(String.raw`{"text":"\ud800 \u0000 é 😀"}`);
    assert.deepEqual(parseJsonObject(escaped, broken), { text: "\ud800 \0 é 😀" });
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
