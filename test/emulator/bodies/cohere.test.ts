import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cohereBody } from "../../../emulator/bodies/cohere.ts";
import { shapesOf } from "./support.ts";

describe("Cohere body", () => {
  it("has the documented members", () => {
    const { whole, chunks, prompt } = shapesOf(cohereBody, { message: "12345678", preamble: "be kind", max_tokens: 9 });
    assert.equal(prompt.inputTokens, 2 + 3);
    assert.equal(whole.finish_reason, "COMPLETE");
    const text = chunks
      .slice(0, -1)
      .map((chunk: { text: string }) => chunk.text)
      .join("");
    assert.equal(text, whole.text);
    assert.deepEqual([chunks.at(-1).event_type, chunks.at(-1).is_finished], ["stream-end", true]);
  });
  it("refuses a missing message", () => {
    assert.throws(() => cohereBody.parse({}), { message: /required key \[message\] not found/ });
  });
});
