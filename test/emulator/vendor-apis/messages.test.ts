import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { messagesApi } from "../../../emulator/vendor-apis/messages.ts";

describe("Messages API", () => {
  const body = { model: "m", max_tokens: 5, messages: [{ role: "user", content: "12345678" }] };
  it("takes its version and its betas from headers", () => {
    const headers = { "anthropic-version": "2023-06-01", "anthropic-beta": "context-1m-2025-08-07" };
    const { prompt } = messagesApi.parse({ ...body, stream: true }, headers);
    assert.deepEqual([prompt.betas, prompt.inputTokens], [["context-1m-2025-08-07"], 2]);
    assert.throws(() => messagesApi.parse(body, { "anthropic-version": "bedrock-2023-05-31" }), {
      message: 'anthropic-version: "bedrock-2023-05-31" is not a valid version',
    });
  });
  it("serves Claude only", () => {
    assert.deepEqual(["anthropic.x", "openai.x"].map(messagesApi.serves), [true, false]);
  });
});
