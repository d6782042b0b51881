import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mistralBody } from "../../../emulator/bodies/mistral.ts";
import { shapesOf } from "./support.ts";

describe("Mistral body", () => {
  it("completes a prompt", () => {
    const { whole, chunks, prompt } = shapesOf(mistralBody, {
      prompt: "<s>[INST] hi [/INST]",
      max_tokens: 9,
      stop: ["END"],
    });
    assert.equal(prompt.maxTokens, 9);
    assert.equal(whole.outputs[0].stop_reason, "stop");
    const text = chunks.map((chunk: { outputs: { text: string }[] }) => chunk.outputs[0]!.text).join("");
    assert.equal(text, whole.outputs[0].text);
    assert.equal(chunks[0].outputs[0].stop_reason, null);
  });
  it("chats with messages", () => {
    const { whole } = shapesOf(
      mistralBody,
      { messages: [{ role: "user", content: "hi" }] },
      { stopReason: "max_tokens" },
    );
    assert.equal(whole.choices[0].message.role, "assistant");
    assert.equal(whole.choices[0].stop_reason, "length");
  });
  it("refuses a body with neither prompt nor messages", () => {
    assert.throws(() => mistralBody.parse({}), { message: /required key \[prompt\] not found/ });
  });
});
