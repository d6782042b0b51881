import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { countFromMetadata, estimateJsonTokens, estimateTokens } from "../../emulator/tokens.ts";

describe("token estimate", () => {
  it("is one token per four bytes, rounded up", () => {
    assert.deepEqual(["", "a", "four", "fives", "日本語"].map(estimateTokens), [0, 1, 1, 2, 3]);
  });
  it("never falls when text is added", () => {
    fc.assert(fc.property(fc.string(), fc.string(), (a, b) => estimateTokens(a + b) >= estimateTokens(a)));
  });
  it("counts structures by their JSON", () => {
    assert.equal(estimateJsonTokens({ a: 1 }), 2);
    assert.equal(estimateJsonTokens(undefined), 0);
  });
});

describe("countFromMetadata", () => {
  it("reads whole numbers only", () => {
    assert.equal(countFromMetadata("120", 1), 120);
    for (const text of [undefined, "", "0", "-1", "1.5", "1e3", "9999999999", "x"]) {
      assert.equal(countFromMetadata(text, 1), undefined, String(text));
    }
  });
});
