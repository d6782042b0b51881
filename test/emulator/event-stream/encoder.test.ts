import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EventStreamCodec } from "@smithy/eventstream-codec";
import fc from "fast-check";
import { encodeFrame, encodeHeaders, eventHeaders, exceptionHeaders } from "../../../emulator/event-stream/encoder.ts";

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

  it("heads events and exceptions as Bedrock does", () => {
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
