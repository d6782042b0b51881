import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { anthropicBody } from "../../../emulator/bodies/anthropic.ts";
import { chatCompletionsBody } from "../../../emulator/bodies/chat-completions.ts";
import { cohereBody } from "../../../emulator/bodies/cohere.ts";
import { invokeBodyOf } from "../../../emulator/bodies/index.ts";
import { llamaBody } from "../../../emulator/bodies/llama.ts";
import { mistralBody } from "../../../emulator/bodies/mistral.ts";
import { novaBody } from "../../../emulator/bodies/nova.ts";
import { titanBody } from "../../../emulator/bodies/titan.ts";

describe("invokeBodyOf", () => {
  it("selects by the model's family, with chat completions for the others", () => {
    const cases = [
      ["anthropic.claude-3-haiku-20240307-v1:0", anthropicBody],
      ["amazon.nova-pro-v1:0", novaBody],
      ["amazon.titan-text-express-v1", titanBody],
      ["meta.llama3-3-70b-instruct-v1:0", llamaBody],
      ["mistral.mistral-large-2407-v1:0", mistralBody],
      ["cohere.command-r-v1:0", cohereBody],
      ["deepseek.v3-v1:0", chatCompletionsBody],
      ["constructor.x", chatCompletionsBody],
    ] as const;
    for (const [modelId, body] of cases) assert.equal(invokeBodyOf(modelId), body, modelId);
  });
});
