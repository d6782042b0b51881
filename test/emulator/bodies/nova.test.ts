import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { novaBody } from "../../../emulator/bodies/nova.ts";
import { shapesOf } from "./support.ts";

const messages = [{ role: "user", content: [{ text: "12345678" }] }];

describe("Nova body", () => {
  it("accepts both names of the limit", () => {
    assert.equal(novaBody.parse({ messages, inferenceConfig: { maxTokens: 7 } }).prompt.maxTokens, 7);
    assert.equal(novaBody.parse({ messages, inferenceConfig: { max_new_tokens: 9 } }).prompt.maxTokens, 9);
  });
  it("answers and streams with Nova's own names", () => {
    const { whole, chunks } = shapesOf(novaBody, { messages });
    assert.equal(whole.output.message.role, "assistant");
    assert.deepEqual(Object.keys(whole.usage), [
      "inputTokens",
      "outputTokens",
      "totalTokens",
      "cacheReadInputTokenCount",
      "cacheWriteInputTokenCount",
    ]);
    assert.deepEqual(
      chunks.map((chunk: object) => Object.keys(chunk)[0]),
      ["messageStart", ...Array(4).fill("contentBlockDelta"), "contentBlockStop", "messageStop", "metadata"],
    );
  });
  it("refuses as Converse does", () => {
    assert.throws(() => novaBody.parse({ messages: [] }), { name: "ValidationException" });
  });
});
