import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  converseAnswer,
  converseBegin,
  converseDelta,
  converseEnd,
  toolInput,
  usageOf,
} from "../../../emulator/converse/answer.ts";
import type { Answer } from "../../../emulator/model/answer.ts";
import { decodeFrames } from "../frame-reader.ts";

const answer: Answer = {
  requestId: "11111111-2222-3333-4444-555555555555",
  modelId: "m",
  inputTokens: 10,
  outputTokens: 3,
  cacheReadTokens: 100,
  cacheWriteTokens: 20,
  stopReason: "end_turn",
  stopSequence: undefined,
  tool: undefined,
};
const plain = { serviceTier: undefined, latency: undefined };

describe("Converse answers", () => {
  it("exclude cached tokens from inputTokens and include all in the total", () => {
    assert.deepEqual(usageOf(answer), {
      cacheReadInputTokens: 100,
      cacheWriteInputTokens: 20,
      inputTokens: 10,
      outputTokens: 3,
      totalTokens: 133,
    });
  });
  it("repeat tier and latency only if they were requested", () => {
    assert.deepEqual(Object.keys(converseAnswer(answer, 12, plain)), ["metrics", "output", "stopReason", "usage"]);
    const full = converseAnswer(answer, 12, { serviceTier: "flex", latency: "optimized" }) as Record<string, unknown>;
    assert.deepEqual([full.serviceTier, full.performanceConfig], [{ type: "flex" }, { latency: "optimized" }]);
  });
  it("stream without a contentBlockStart for text, with one for a tool", () => {
    const typesOf = (frames: readonly Buffer[]) => decodeFrames(Buffer.concat(frames)).map(({ type }) => type);
    assert.deepEqual(typesOf(converseBegin(answer)), ["messageStart"]);
    const tool = { ...answer, tool: { name: "t", input: { a: 1 } } };
    assert.deepEqual(typesOf(converseBegin(tool)), ["messageStart", "contentBlockStart"]);
    assert.deepEqual(typesOf(converseEnd(answer, 5, plain)), ["contentBlockStop", "messageStop", "metadata"]);
    const [delta] = decodeFrames(converseDelta(tool, 0, 3));
    assert.deepEqual(delta?.payload, { contentBlockIndex: 0, delta: { toolUse: { input: '{"a":1}' } } });
  });
  it("give no arguments to a tool call that the limit cut off", () => {
    const cut: Answer = { ...answer, tool: { name: "t", input: { a: 1 } }, stopReason: "max_tokens" };
    assert.deepEqual(toolInput(cut), {});
  });
});
