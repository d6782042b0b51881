import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Answer, answerPiece, derivedId, wholeText } from "../../emulator/answer.ts";

const answer: Answer = {
  requestId: "0123456789ab-cdef",
  modelId: "m",
  inputTokens: 1,
  outputTokens: 7,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  stopReason: "tool_use",
  stopSequence: undefined,
  tool: { name: "t", input: { city: "Zürich", days: [1, 2, 3] } },
};

describe("answerPiece", () => {
  it("cuts a tool call's JSON into as many pieces as tokens, losing nothing", () => {
    const pieces = Array.from({ length: 7 }, (_, index) => answerPiece(answer, index, index + 1));
    assert.ok(pieces.every((piece) => piece.length > 0));
    assert.deepEqual(JSON.parse(pieces.join("")), answer.tool?.input);
  });
  it("is four characters a token for words", () => {
    assert.equal(wholeText({ ...answer, tool: undefined }).length, 28);
  });
  it("derives ids from the request", () => assert.equal(derivedId("x_", answer.requestId), "x_0123456789abcdef"));
});
