import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EventStreamCodec } from "@smithy/eventstream-codec";
import fc from "fast-check";
import { parseConverse } from "../../../../emulator/converse/request.ts";
import { converseFrame, exceptionFrame } from "../../../../emulator/http/wire.ts";
import { parseConverseSettings } from "../../../../emulator/inference/call.ts";
import type { AdapterVerdict, PromptOrder } from "../../../../simulator/bench/adapters/adapter.ts";
import { bedrock, lastFrame } from "../../../../simulator/bench/adapters/bedrock.ts";

const ORDER: PromptOrder = {
  requestId: "17.2",
  className: "chat",
  inputTokens: 300,
  outputTokens: 60,
  maxTokens: 200,
  prefixTokens: 0,
  prefixId: -1,
  tier: "standard",
  charsPerToken: 4,
  salt: "",
};
function request(order: Partial<PromptOrder> = {}, isStream = true, origin?: string) {
  return bedrock.request({ model: "a.b-v1:0", prompt: { ...ORDER, ...order }, isStream, settings: {}, origin });
}

function read(order: Partial<PromptOrder>) {
  const body = JSON.parse(request(order).body) as Record<string, unknown>;
  return { body, prompt: parseConverse(body), settings: parseConverseSettings(body) };
}

it("a prompt has the wanted number of tokens, as the emulator counts them", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20_000 }), (inputTokens) => {
      assert.equal(read({ inputTokens }).prompt.inputTokens, inputTokens);
    }),
    { numRuns: 40 },
  );
  assert.equal(read({ inputTokens: 0 }).prompt.inputTokens, 1, "a message is never empty");
});

it("a cacheable prefix is marked, equal for equal ids and different for others", () => {
  const point = (order: Partial<PromptOrder>) => read({ inputTokens: 3000, ...order }).prompt.cachePoints;
  const [first] = point({ prefixTokens: 2000, prefixId: 4 });
  assert.equal(first?.tokens, 2000);
  assert.deepEqual(point({ prefixTokens: 2000, prefixId: 4, inputTokens: 2500 }), [first]);
  assert.notEqual(point({ prefixTokens: 2000, prefixId: 5 })[0]?.prefixId, first?.prefixId);
  assert.equal(read({ inputTokens: 2000, prefixTokens: 2000, prefixId: 1 }).prompt.inputTokens, 2000);
});

it("limits, lengths, class and number of the attempt travel with it", () => {
  const { prompt, settings } = read({});
  assert.equal(prompt.maxTokens, 200);
  assert.deepEqual(settings.requestMetadata, { outputTokens: "60", class: "chat", requestId: "17.2" });
  assert.equal(read({ maxTokens: 0 }).prompt.maxTokens, undefined);
  assert.equal(read({ outputTokens: 0 }).settings.requestMetadata.outputTokens, "1");
  assert.equal(read({ className: 'a "b" <c> ü' }).settings.requestMetadata.class, "a _b_ _c_ _");
});

it("service tiers are asked for by name", () => {
  assert.equal(read({ tier: "priority" }).settings.serviceTier, "priority");
  assert.equal(read({ tier: "flex" }).settings.serviceTier, "flex");
  assert.equal(read({ tier: "latency-optimized" }).settings.latency, "optimized");
  assert.equal(read({}).settings.serviceTier, undefined);
});

it("a call goes to its model's path, and names the caller's place to an emulator", () => {
  assert.deepEqual(request().path, "/model/a.b-v1%3A0/converse-stream");
  assert.deepEqual(request({}, false).path, "/model/a.b-v1%3A0/converse");
  assert.deepEqual(request().headers, {});
  assert.deepEqual(request({}, true, "eu-west-1").headers, { "x-meridian-origin": "eu-west-1" });
});

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

function answer(status: number, headers: Readonly<Record<string, string | undefined>>, body: string | ArrayBuffer) {
  return bedrock.read({ status, header: (name) => headers[name], body, nowMs: 0 }, body instanceof ArrayBuffer);
}

function readStream(status: number, type: string | undefined, body: ArrayBuffer): AdapterVerdict {
  return answer(status, { "x-amzn-errortype": type }, body);
}

function readJson(status: number, type: string | undefined, body: string): AdapterVerdict {
  return answer(status, { "x-amzn-errortype": type }, body);
}

describe("an answer", () => {
  it("served is counted by the service's own tokens", () => {
    const usage = [12, 34, 5, 0];
    const ok = { kind: "ok", isFinal: false, error: "", usage, retryAfterMs: Number.NaN, serviceRequestId: "" };
    assert.deepEqual(readStream(200, undefined, bytesOf(...STREAM)), ok);
    assert.deepEqual(readJson(200, undefined, JSON.stringify(USAGE)), ok);
  });

  it("has the service's name of the call, and how long it asks to wait", () => {
    const verdict = answer(429, { "x-amz-retry-after": "1500", "x-amzn-requestid": "id-1" }, "{}");
    assert.deepEqual([verdict.retryAfterMs, verdict.serviceRequestId], [1500, "id-1"]);
  });

  it("without token counts, or cut short, is an error", () => {
    assert.equal(readJson(200, undefined, "{}").kind, "error");
    assert.equal(readJson(200, undefined, "<html>").error, "NoUsage");
    assert.equal(readStream(200, undefined, bytesOf(...STREAM.slice(0, 3))).error, "StreamCutShort");
    assert.equal(readStream(200, undefined, bytesOf(...STREAM).slice(0, -1)).error, "StreamCutShort");
    assert.equal(readStream(200, undefined, new ArrayBuffer(0)).error, "StreamCutShort");
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
      for (const verdict of [readJson(status, type, "{}"), readStream(status, type, new ArrayBuffer(0))]) {
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
    it(`that breaks off with ${name} is ${kind}, and had begun: what came is counted`, () => {
      const verdict = readStream(200, undefined, bytesOf(...STREAM.slice(0, 2), exceptionFrame({ name }, "converse")));
      assert.deepEqual([verdict.kind, verdict.isFinal], [kind, isFinal]);
      assert.deepEqual([verdict.interruption, verdict.receivedTokens], ["broken", 1]);
    });
  }
});

const FRAMES = [
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
    const whole = bytesOf(...FRAMES);
    const ends = new Set<number>();
    FRAMES.reduce((sum, frame) => {
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
