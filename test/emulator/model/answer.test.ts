import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  type Answer,
  answerPiece,
  answerText,
  derivedId,
  findStop,
  stepsOf,
  wholeText,
} from "../../../emulator/model/answer.ts";
import { estimateTokens } from "../../../emulator/model/prompt.ts";

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
  thinkingTokens: 0,
  isThinkingShown: true,
  cacheWrites: [],
};

describe("answerPiece", () => {
  it("cuts a tool call's JSON into as many pieces as tokens, losing nothing", () => {
    const pieces = Array.from({ length: 7 }, (_, index) => answerPiece(answer, index, index + 1));
    assert.ok(pieces.every((piece) => piece.length > 0));
    assert.deepEqual(JSON.parse(pieces.join("")), answer.tool?.input);
  });
  it("is four characters per token for text", () => {
    assert.equal(wholeText({ ...answer, tool: undefined }).length, 28);
  });
  it("is the JSON of a structured answer, cut off where the limit is", () => {
    const structured = `{"a":"${"x".repeat(60)}"}`;
    const whole = { ...answer, tool: undefined, structured };
    assert.equal(wholeText(whole), structured);
    assert.equal(wholeText({ ...whole, stopReason: "max_tokens", outputTokens: 3 }), structured.slice(0, 12));
  });
  it("leaves thinking out of the text, and a caller may leave it out of the answer", () => {
    const thinking = { ...answer, tool: undefined, outputTokens: 6, thinkingTokens: 2 };
    assert.equal(wholeText(thinking), answerText(0, 4));
    const shown = (isThinkingShown: boolean) =>
      stepsOf({ ...thinking, isThinkingShown }, 0, 6).map((each) => `${each.step} ${each.block.kind}`);
    assert.deepEqual(shown(true), ["piece thinking", "stop thinking", "start text", "piece text"]);
    assert.deepEqual(shown(false), ["stop thinking", "start text", "piece text"]);
  });
  it("derives ids from the request", () => assert.equal(derivedId("x_", answer.requestId), "x_0123456789abcdef"));
});

describe("answerText", () => {
  it("has exactly the requested number of tokens under the emulator's own estimate", () => {
    for (const tokens of [0, 1, 7, 64, 27 * 256, 64_000]) assert.equal(estimateTokens(answerText(0, tokens)), tokens);
  });
  it("is the same text in one piece or in many", () => {
    fc.assert(
      fc.property(fc.nat(20_000), fc.nat(9000), fc.nat(9000), (from, first, second) => {
        const whole = answerText(from, from + first + second);
        assert.equal(answerText(from, from + first) + answerText(from + first, from + first + second), whole);
      }),
    );
  });
});

describe("findStop", () => {
  it("finds where the first of the sequences begins", () => {
    const stop = findStop(["never there", "sun", "see"]);
    assert.equal(stop?.sequence, "see");
    assert.equal(answerText(0, stop!.tokens).includes("see"), false);
    assert.equal(answerText(0, stop!.tokens + 1).includes("see"), true);
  });
  it("finds nothing if the text does not contain it", () => {
    assert.equal(findStop(["xyz", "</s>", ""]), undefined);
  });
});
