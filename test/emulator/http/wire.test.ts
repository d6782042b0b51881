import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EventStreamCodec } from "@smithy/eventstream-codec";
import fc from "fast-check";
import {
  chunkFrame,
  converseFrame,
  encodeFrame,
  encodeHeaders,
  eventHeaders,
  exceptionFrame,
  exceptionHeaders,
  SLOW_READER_MS,
  sendFault,
  sendJson,
} from "../../../emulator/http/wire.ts";
import { FakeResponse } from "../fake-wire.ts";
import { decodeFrames } from "../frame-reader.ts";

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes as Uint8Array).toString("utf8"),
  (text) => new Uint8Array(Buffer.from(text)),
);

function oracle(headers: Readonly<Record<string, string>>, payload: string): Buffer {
  const typed = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, { type: "string" as const, value }]),
  );
  return Buffer.from(codec.encode({ headers: typed, body: new Uint8Array(Buffer.from(payload)) }));
}

describe("encodeFrame", () => {
  it("gives the bytes of Smithy's own encoder, for any headers and payload", () => {
    const name = fc
      .string({ minLength: 1, maxLength: 40 })
      .filter((text) => text !== "__proto__" && Buffer.byteLength(text) < 255);
    fc.assert(
      fc.property(
        fc.dictionary(name, fc.string({ maxLength: 300 })),
        fc.string({ unit: "grapheme", maxLength: 500 }),
        (headers, payload) => {
          assert.deepEqual(encodeFrame(encodeHeaders(headers), payload), oracle(headers, payload));
        },
      ),
    );
  });

  it("gives events and exceptions the headers that Bedrock uses", () => {
    const event = codec.decode(encodeFrame(eventHeaders("messageStart"), "{}"));
    assert.deepEqual(
      Object.entries(event.headers).map(([header, { value }]) => [header, value]),
      [
        [":event-type", "messageStart"],
        [":content-type", "application/json"],
        [":message-type", "event"],
      ],
    );
    const exception = codec.decode(encodeFrame(exceptionHeaders("throttlingException"), "{}"));
    assert.equal(exception.headers[":exception-type"]?.value, "throttlingException");
    assert.equal(exception.headers[":message-type"]?.value, "exception");
  });
});

describe("frames", () => {
  it("carry a Converse event as its JSON", () => {
    assert.deepEqual(decodeFrames(converseFrame("messageStop", { stopReason: "end_turn" })), [
      { type: "messageStop", payload: { stopReason: "end_turn" } },
    ]);
  });
  it("carry an invoke chunk as base64 of its JSON", () => {
    const [frame] = decodeFrames(chunkFrame({ text: "ä" }));
    assert.equal(frame?.type, "chunk");
    assert.deepEqual(JSON.parse(Buffer.from(String(frame?.payload.bytes), "base64").toString()), { text: "ä" });
  });
  it("carry an exception with its message", () => {
    const fault = { name: "ModelStreamErrorException", message: "m", members: { originalStatusCode: 500 } } as const;
    assert.deepEqual(decodeFrames(exceptionFrame(fault, "invoke")), [
      { type: "modelStreamErrorException", payload: { message: "m", originalStatusCode: 500 } },
    ]);
  });
});

describe("wire", () => {
  it("puts the request id on every answer, and the error type on errors", () => {
    const fine = new FakeResponse();
    sendJson(fine, "id-1", { status: 200, body: '{"ä":1}' });
    assert.deepEqual(fine.headers, {
      "x-amzn-requestid": "id-1",
      "content-type": "application/json",
      "content-length": 8,
    });
    const broken = new FakeResponse();
    sendFault(broken, "id-2", { name: "ThrottlingException" });
    assert.equal(broken.status, 429);
    assert.equal(broken.headers["x-amzn-requestid"], "id-2");
    assert.match(String(broken.headers["x-amzn-errortype"]), /^ThrottlingException:/);
    assert.equal("x-amz-retry-after" in broken.headers, false);
    const hinted = new FakeResponse();
    sendFault(hinted, "id-3", { name: "ThrottlingException", retryAfterMs: 1500 });
    assert.equal(hinted.headers["x-amz-retry-after"], "1500");
  });

  it("answers once, and not after the client has disconnected", () => {
    const response = new FakeResponse();
    sendJson(response, "1", { status: 200, body: "{}" });
    sendJson(response, "1", { status: 500, body: "no" });
    assert.equal(response.bytes.toString(), "{}");
    const gone = new FakeResponse();
    gone.destroyed = true;
    sendJson(gone, "1", { status: 200, body: "{}" });
    assert.equal(gone.headersSent, false);
  });

  it("disconnects a client that does not read its answer", (test) => {
    test.mock.timers.enable({ apis: ["setTimeout"] });
    const response = new FakeResponse();
    response.hasRoom = false;
    sendJson(response, "1", { status: 200, body: "{}" });
    test.mock.timers.tick(SLOW_READER_MS - 1);
    assert.equal(response.destroyed, false);
    test.mock.timers.tick(1);
    assert.equal(response.destroyed, true);
  });
});
