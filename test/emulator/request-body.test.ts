import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, it } from "node:test";
import { RequestAborted, readBody } from "../../emulator/request-body.ts";
import type { WireRequest } from "../../emulator/wire.ts";

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
  it("does not read for ever", async () => {
    const stream = request();
    const body = readBody(stream, LIMITS);
    stream.write("x".repeat(41));
    await assert.rejects(body, { name: "RequestEntityTooLargeException" });
  });
  it("refuses a body that takes too long", async () => {
    await assert.rejects(readBody(request(), { maxBytes: 10, timeoutMs: 5 }), { name: "ModelTimeoutException" });
  });
  it("gives up when the caller goes away", async () => {
    const stream = request();
    const body = readBody(stream, LIMITS);
    stream.destroy();
    await assert.rejects(body, RequestAborted);
  });
});
