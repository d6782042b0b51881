import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EventStreamCodec } from "@smithy/eventstream-codec";
import fc from "fast-check";
import { converseFrame } from "../../../../emulator/http/wire.ts";
import { lastFrame } from "../../../../simulator/replay/adapters/event-stream.ts";

function bytesOf(...frames: readonly Uint8Array[]): ArrayBuffer {
  return new Uint8Array(Buffer.concat(frames)).buffer;
}

const STREAM = [
  converseFrame("messageStart", { role: "assistant" }),
  converseFrame("contentBlockDelta", { delta: { text: "grüße 東京" }, contentBlockIndex: 0 }),
  converseFrame("messageStop", { stopReason: "end_turn" }),
  converseFrame("metadata", { metrics: { latencyMs: 7 } }),
];

describe("the last frame of an event stream", () => {
  it("is the one that the AWS SDK's codec reads there", () => {
    const codec = new EventStreamCodec(
      (bytes) => Buffer.from(bytes as Uint8Array).toString(),
      (text) => Buffer.from(text),
    );
    const text = fc.string({ maxLength: 30 });
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 6 }), (frames) => {
        const encoded = frames.map(([header, payload]) =>
          codec.encode({
            headers: { ":event-type": { type: "string", value: header }, other: { type: "string", value: "x" } },
            body: Buffer.from(payload),
          }),
        );
        const frame = lastFrame(bytesOf(...encoded))!;
        const [, payload] = frames.at(-1)!;
        assert.equal(Buffer.from(frame.payload, "latin1").toString(), Buffer.from(payload).toString());
        assert.deepEqual(Object.keys(frame.headers), [":event-type", "other"]);
      }),
      { numRuns: 60 },
    );
  });

  it("is not there in bytes that are cut short, nor in any others", () => {
    const whole = bytesOf(...STREAM);
    const ends = new Set<number>();
    STREAM.reduce((sum, frame) => {
      ends.add(sum + frame.length);
      return sum + frame.length;
    }, 0);
    for (let length = 0; length < whole.byteLength; length++) {
      const frame = lastFrame(whole.slice(0, length));
      assert.equal(frame !== undefined, ends.has(length), `cut at ${length}`);
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void lastFrame(bytesOf(bytes))));
  });
});
