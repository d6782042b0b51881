import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { titanBody } from "../../../emulator/bodies/titan.ts";
import { converseReply, invokeReply } from "../../../emulator/inference/reply.ts";
import { ANSWER } from "../bodies/support.ts";
import { decodeFrames } from "../frame-reader.ts";

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
  });
  it("in chunks carry the invocation metrics in the last one only", () => {
    const reply = invokeReply(format, PLAIN);
    const frames = decodeFrames(Buffer.concat([reply.delta(ANSWER, 0, 4), ...reply.end(ANSWER, TIMES)]));
    const bodies = frames.map(({ payload }) => JSON.parse(Buffer.from(String(payload.bytes), "base64").toString()));
    assert.equal("amazon-bedrock-invocationMetrics" in bodies[0], false);
    assert.deepEqual(bodies.at(-1)["amazon-bedrock-invocationMetrics"], {
      inputTokenCount: 10,
      outputTokenCount: 4,
      invocationLatency: 120,
      firstByteLatency: 30,
    });
  });
  it("to Converse say their content type", () => {
    assert.equal(converseReply(PLAIN).streamHeaders["content-type"], "application/vnd.amazon.eventstream");
  });
});
