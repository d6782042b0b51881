import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EventStreamCodec } from "@smithy/eventstream-codec";
import fc from "fast-check";
import { converseFrame, exceptionFrame } from "../../../emulator/event-stream/frames.ts";
import { verdictOfJson, verdictOfStream } from "../../../simulator/replay/answer.ts";
import { lastFrame } from "../../../simulator/replay/event-stream.ts";

const USAGE = { usage: { inputTokens: 12, outputTokens: 34, totalTokens: 46, cacheReadInputTokens: 5 } };

function bytesOf(...frames: readonly Uint8Array[]): ArrayBuffer {
  return new Uint8Array(Buffer.concat(frames)).buffer;
}

const STREAM = [
  converseFrame("messageStart", { role: "assistant" }),
  converseFrame("contentBlockDelta", { delta: { text: "grüße 東京" }, contentBlockIndex: 0 }),
  converseFrame("messageStop", { stopReason: "end_turn" }),
  converseFrame("metadata", { ...USAGE, metrics: { latencyMs: 7 } }),
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

describe("an answer", () => {
  it("served is counted by the service's own tokens", () => {
    const usage = [12, 34, 5, 0];
    const ok = { kind: "ok", isFinal: false, error: "", usage };
    assert.deepEqual(verdictOfStream(200, undefined, bytesOf(...STREAM)), ok);
    assert.deepEqual(verdictOfJson(200, undefined, JSON.stringify(USAGE)), ok);
  });

  it("without token counts, or cut short, is an error", () => {
    assert.equal(verdictOfJson(200, undefined, "{}").kind, "error");
    assert.equal(verdictOfJson(200, undefined, "<html>").error, "NoUsage");
    assert.equal(verdictOfStream(200, undefined, bytesOf(...STREAM.slice(0, 3))).error, "NoUsage");
    assert.equal(verdictOfStream(200, undefined, bytesOf(...STREAM).slice(0, -1)).error, "StreamCutShort");
    assert.equal(verdictOfStream(200, undefined, new ArrayBuffer(0)).error, "StreamCutShort");
  });

  for (const [status, type, kind, isFinal] of [
    [429, "ThrottlingException", "throttled", false],
    [429, "ThrottlingException:http://internal.amazon.com/coral/", "throttled", false],
    [429, undefined, "throttled", false],
    [429, "ModelNotReadyException", "unavailable", false],
    [503, "ServiceUnavailableException", "unavailable", false],
    [500, "InternalServerException", "error", false],
    [408, "ModelTimeoutException", "error", true],
    [424, "ModelErrorException", "error", true],
    [400, "ValidationException", "error", true],
    [403, "AccessDeniedException", "error", true],
    [302, undefined, "error", true],
  ] as const) {
    it(`${status} ${type ?? "without a name"} is ${kind}${isFinal ? ", for good" : ""}`, () => {
      for (const verdict of [verdictOfJson(status, type, "{}"), verdictOfStream(status, type, new ArrayBuffer(0))]) {
        assert.equal(verdict.kind, kind);
        assert.equal(verdict.isFinal, isFinal);
        assert.ok(type === undefined || type.startsWith(verdict.error));
      }
    });
  }

  for (const [name, kind, isFinal] of [
    ["ThrottlingException", "throttled", false],
    ["ServiceUnavailableException", "unavailable", false],
    ["InternalServerException", "error", false],
    ["ModelStreamErrorException", "error", true],
  ] as const) {
    it(`that breaks off with ${name} is ${kind}`, () => {
      const verdict = verdictOfStream(200, undefined, bytesOf(...STREAM.slice(0, 2), exceptionFrame({ name })));
      assert.equal(verdict.kind, kind);
      assert.equal(verdict.isFinal, isFinal);
    });
  }
});
