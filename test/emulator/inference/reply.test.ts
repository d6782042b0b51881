import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { scheduledHandle } from "../../../emulator/backends/queue.ts";
import { titanBody } from "../../../emulator/bodies/titan.ts";
import { SLOW_READER_MS } from "../../../emulator/http/wire.ts";
import { converseReply, createTokenStream, invokeReply } from "../../../emulator/inference/reply.ts";
import { ANSWER } from "../bodies/support.ts";
import { FakeResponse } from "../fake-wire.ts";
import { decodeFrames } from "../frame-reader.ts";
import { manualClock } from "../support.ts";

const TIMES = { latencyMs: 120, firstTokenMs: 30 };
const PLAIN = { serviceTier: undefined, latency: undefined };
const { format } = titanBody.parse({ inputText: "x" });

describe("replies", () => {
  it("to InvokeModel carry counts in headers", () => {
    assert.deepEqual(invokeReply(format, PLAIN).whole(ANSWER, TIMES).headers, {
      "x-amzn-bedrock-input-token-count": 10,
      "x-amzn-bedrock-output-token-count": 4,
      "x-amzn-bedrock-invocation-latency": 120,
    });
    const cached = { ...ANSWER, cacheReadTokens: 7 };
    const { headers } = invokeReply(format, { serviceTier: "flex", latency: "optimized" }).whole(cached, TIMES);
    assert.equal(headers["x-amzn-bedrock-cache-read-input-token-count"], 7);
    assert.equal(headers["x-amzn-bedrock-service-tier"], "flex");
    assert.equal(headers["x-amzn-bedrock-performanceconfig-latency"], "optimized");
    const fallen = invokeReply(format, { serviceTier: undefined, latency: "optimized" });
    const answer = { ...ANSWER, isFallback: true };
    assert.equal(fallen.streamHeaders(answer)["x-amzn-bedrock-performanceconfig-latency"], "standard");
  });
  it("in chunks carry the invocation metrics in the last one only", () => {
    const reply = invokeReply(format, PLAIN);
    const frames = decodeFrames(Buffer.concat([...reply.delta(ANSWER, 0, 4), ...reply.end(ANSWER, TIMES)]));
    const bodies = frames.map(({ payload }) => JSON.parse(Buffer.from(String(payload.bytes), "base64").toString()));
    assert.equal("amazon-bedrock-invocationMetrics" in bodies[0], false);
    assert.deepEqual(bodies.at(-1)["amazon-bedrock-invocationMetrics"], {
      inputTokenCount: 10,
      outputTokenCount: 4,
      invocationLatency: 120,
      firstByteLatency: 30,
    });
  });
  it("to Converse have their content type", () => {
    assert.equal(converseReply(PLAIN).streamHeaders(ANSWER)["content-type"], "application/vnd.amazon.eventstream");
  });
});

/** A stream of 10 tokens, the first at 100 ms, then every 20 ms; what is written reads like `B0-1,1-2...E`. */
function setUp(returnMs = 0) {
  const { clock, advanceTo } = manualClock();
  const response = new FakeResponse();
  const log: string[] = [];
  const note = (what: string) => {
    log.push(`${what}@${clock.nowMs()}`);
    return Buffer.from(what);
  };
  const handle = scheduledHandle({
    clock,
    observer: {
      onFirstToken: (nowMs) => stream.start(nowMs),
      onEnd: () => stream.finish(10, () => [note("E")]),
      onFailure: () => {},
      onBreak: () => {},
    },
    destinationRegion: "r",
    outputTokens: 10,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    firstTokenAtMs: 100,
    endAtMs: 280,
  });
  const stream = createTokenStream({
    clock,
    handle,
    response,
    returnMs,
    begin: () => [note("B")],
    delta: (from, to) => [note(`${from}-${to}`)],
    writeHead: () => response.writeHead(200, {}),
  });
  return { advanceTo, response, log, stream };
}

describe("token stream", () => {
  it("writes every token at its own instant, headers with the first", () => {
    const { advanceTo, response, log } = setUp();
    advanceTo(99);
    assert.equal(response.headersSent, false);
    advanceTo(100);
    assert.equal(response.headersSent, true);
    advanceTo(1000);
    const expected = Array.from({ length: 10 }, (_, token) => `${token}-${token + 1}@${100 + 20 * token}`);
    assert.deepEqual(log, ["B@100", ...expected, "E@280"]);
    assert.equal(response.writableEnded, true);
  });

  it("delivers later by the return time, in the same order", () => {
    const { advanceTo, response } = setUp(35);
    advanceTo(134);
    assert.equal(response.headersSent, false);
    advanceTo(135);
    assert.equal(response.bytes.toString(), "B0-1");
    advanceTo(1000);
    assert.equal(response.bytes.toString(), "B0-11-22-33-44-55-66-77-88-99-10E");
    assert.equal(response.writableEnded, true);
  });

  it("writes nothing while the buffer is full, and everything once it drains", () => {
    const { advanceTo, response } = setUp();
    response.hasRoom = false;
    advanceTo(500);
    assert.equal(response.bytes.toString(), "B0-1");
    assert.equal(response.writableEnded, false);
    response.drain();
    assert.equal(response.bytes.toString(), "B0-11-22-33-44-55-66-77-88-99-10E");
    assert.equal(response.writableEnded, true);
  });

  it("resumes after a pause, without losing or repeating tokens", () => {
    const { advanceTo, response } = setUp();
    advanceTo(125);
    response.hasRoom = false;
    advanceTo(200);
    response.drain();
    advanceTo(1000);
    assert.equal(response.bytes.toString(), "B0-11-22-33-44-55-66-77-88-99-10E");
  });

  it("disconnects a reader that stops reading", (test) => {
    test.mock.timers.enable({ apis: ["setTimeout"] });
    const { advanceTo, response } = setUp();
    response.hasRoom = false;
    advanceTo(150);
    test.mock.timers.tick(SLOW_READER_MS);
    assert.equal(response.destroyed, true);
  });

  it("writes no more after stop", () => {
    const { advanceTo, response, stream } = setUp();
    advanceTo(150);
    stream.stop();
    advanceTo(1000);
    assert.equal(response.bytes.toString(), "B0-11-22-3");
    assert.equal(response.writableEnded, false);
  });

  it("puts many tokens that are due at once into at most 16 events", () => {
    const { clock, advanceTo } = manualClock();
    const response = new FakeResponse();
    let events = 0;
    const common = { clock, destinationRegion: "r", cacheReadTokens: 0, cacheWriteTokens: 0 };
    const observer = { onFirstToken: () => {}, onEnd: () => {}, onFailure: () => {}, onBreak: () => {} };
    const handle = scheduledHandle({ ...common, observer, outputTokens: 5000, firstTokenAtMs: 0, endAtMs: 0 });
    const stream = createTokenStream({
      clock,
      handle,
      response,
      returnMs: 0,
      begin: () => [],
      delta: (from, to) => {
        events++;
        return [Buffer.alloc(to - from)];
      },
      writeHead: () => response.writeHead(200, {}),
    });
    stream.start(0);
    advanceTo(10);
    assert.equal(events, 16);
    assert.equal(response.bytes.length, 5000);
  });
});
