import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nextTool } from "../../../emulator/model/tool-turn.ts";

/** A conversation in letters: `q` a question, `c` a call, `C` two calls, `r` results. */
const next = (tools: readonly string[], conversation: string) =>
  nextTool(
    tools,
    [...conversation],
    (letter) => ({ c: 1, C: 2 })[letter] ?? 0,
    (letter) => letter === "q",
  );

describe("nextTool", () => {
  for (const [conversation, expected] of [
    ["", "a"],
    ["q", "a"],
    ["qcr", "b"],
    ["qcrcr", "c"],
    ["qcrcrcr", "a"],
    ["qCr", "c"],
    ["qcrqcrq", "a"],
  ] as const) {
    it(`is ${expected} after ${conversation === "" ? "nothing" : conversation}`, () => {
      assert.equal(next(["a", "b", "c"], conversation), expected);
    });
  }
  it("is the only one, or none", () => {
    assert.equal(next(["a"], "qcr"), "a");
    assert.equal(next([], "q"), undefined);
  });
});
