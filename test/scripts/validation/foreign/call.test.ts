import assert from "node:assert/strict";
import { it } from "node:test";
import { createCall } from "../../../../scripts/validation/foreign/call.ts";

it("a call tells of its first token and its end once, and writes no more than it was asked", () => {
  const heard: string[] = [];
  const call = createCall({
    inputTokens: 1,
    outputTokens: 5,
    key: "",
    onFirstToken: (ms) => heard.push(`first ${ms}`),
    onEnd: (ms) => heard.push(`end ${ms}`),
  });
  for (const [tokens, ms] of [
    [0, 1],
    [2, 2],
    [2, 3],
    [4, 4],
    [1, 5],
  ] as const)
    call.write(tokens, ms);
  assert.deepEqual(heard, ["first 2", "end 4"]);
  assert.equal(call.written, 5);
});
