import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cappedOutputTokens, outputLimit } from "../../../emulator/model/backend.ts";
import { callOf } from "../support.ts";

describe("cappedOutputTokens", () => {
  const cases = [
    ["the default without a request", {}, 64],
    ["the requested length", { wantedOutputTokens: 200 }, 200],
    ["the caller's limit", { wantedOutputTokens: 200, maxTokens: 50 }, 50],
    ["the model's limit", { wantedOutputTokens: 200, modelMaxTokens: 100, maxTokens: 150 }, 100],
    ["a stop sequence", { wantedOutputTokens: 200, stopAtTokens: 9 }, 9],
    ["at least one token", { maxTokens: 0 }, 1],
  ] as const;
  for (const [what, overrides, expected] of cases) {
    it(`follows ${what}`, () => assert.equal(cappedOutputTokens(callOf(overrides), 64), expected));
  }
  it("reserves the model's maximum where the caller sets no limit", () => {
    assert.equal(outputLimit({ maxTokens: undefined, modelMaxTokens: 4096 }), 4096);
  });
});
