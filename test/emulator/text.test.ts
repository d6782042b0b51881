import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { answerText, findStop } from "../../emulator/text.ts";
import { estimateTokens } from "../../emulator/tokens.ts";

describe("answerText", () => {
  it("has exactly as many tokens as asked, under the emulator's own estimate", () => {
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
  it("finds nothing where the text does not have it", () => {
    assert.equal(findStop(["xyz", "</s>", ""]), undefined);
  });
});
