import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { llamaBody } from "../../../emulator/bodies/llama.ts";
import { shapesOf } from "./support.ts";

describe("Llama body", () => {
  it("has the documented members and default limit", () => {
    const { whole, chunks, prompt } = shapesOf(llamaBody, { prompt: "12345678" });
    assert.equal(prompt.maxTokens, 512);
    assert.equal(prompt.inputTokens, 2);
    assert.deepEqual(
      { ...whole, generation: "" },
      { generation: "", prompt_token_count: 10, generation_token_count: 4, stop_reason: "stop" },
    );
    assert.equal(chunks.map((chunk: { generation: string }) => chunk.generation).join(""), whole.generation);
    assert.deepEqual(chunks.at(-1), {
      generation: "",
      prompt_token_count: null,
      generation_token_count: 4,
      stop_reason: "stop",
    });
  });
  it("reports length if the limit ended the answer", () => {
    assert.equal(shapesOf(llamaBody, { prompt: "x" }, { stopReason: "max_tokens" }).whole.stop_reason, "length");
  });
  it("refuses with the service's messages", () => {
    const message =
      "Malformed input request: #: required key [prompt] not found, please reformat your input and try again.";
    assert.throws(() => llamaBody.parse({}), { name: "ValidationException", message });
    assert.throws(() => llamaBody.parse({ prompt: "x", max_gen_len: 0 }), {
      message: /#\/max_gen_len: 0 is not greater or equal to 1/,
    });
    assert.throws(() => llamaBody.parse({ prompt: 3 }), { message: /expected type: String, found: Number/ });
  });
});
