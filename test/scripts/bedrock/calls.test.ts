import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ConverseCommand, CountTokensCommand, InvokeModelCommand } from "@aws-sdk/client-bedrock-runtime";
import { kindOf, ROUTABLE } from "../../../scripts/bedrock/calls.ts";

const bytes = (value: object) => new TextEncoder().encode(JSON.stringify(value));

describe("calls of the AWS SDK", () => {
  it("are known by their class, also of another copy of the SDK", () => {
    assert.equal(kindOf(new ConverseCommand({ modelId: "m", messages: [] }))?.isStream, false);
    class ConverseStreamCommand {}
    assert.equal(kindOf(new ConverseStreamCommand() as never)?.isStream, true);
    assert.equal(kindOf(new CountTokensCommand({ modelId: "m", input: undefined })), undefined);
    assert.equal(ROUTABLE.length, 4);
  });

  it("say how much they ask for, whatever the vendor's body", () => {
    const kind = kindOf(new InvokeModelCommand({ modelId: "m", body: "" }))!;
    const limit = (body: object) => kind.maxTokens({ modelId: "m", body: bytes(body) });
    assert.equal(limit({ max_tokens: 7 }), 7);
    assert.equal(limit({ max_gen_len: 8 }), 8);
    assert.equal(limit({ textGenerationConfig: { maxTokenCount: 9 } }), 9);
    assert.equal(limit({ inferenceConfig: { maxTokens: 10 } }), 10);
    assert.equal(limit({ prompt: "x" }), 0);
    assert.equal(kind.maxTokens({ modelId: "m", body: "not JSON" }), 0);
    assert.equal(kind.characters({ modelId: "m", body: bytes({ messages: [{ content: "four" }], system: "12" }) }), 6);
    const converse = new ConverseCommand({
      modelId: "m",
      system: [{ text: "ab" }],
      messages: [
        { role: "user", content: [{ text: "cde" }, { image: { format: "png", source: { bytes: bytes({}) } } }] },
      ],
    });
    // "user" and "png" are few; bytes of pictures are no text.
    assert.equal(kindOf(converse)!.characters(converse.input), 2 + 3 + 4 + 3);
    assert.equal(kindOf(converse)!.at(converse.input, "other").input.modelId, "other");
    assert.equal(converse.input.modelId, "m", "the caller's own command is left as it is");
  });

  it("tell what they used, in each vendor's words", () => {
    const kind = kindOf(new InvokeModelCommand({ modelId: "m", body: "" }))!;
    const used = (body: object) => kind.usage({ body: bytes(body) });
    assert.deepEqual(used({ usage: { input_tokens: 3, output_tokens: 4, cache_read_input_tokens: 5 } }), [3, 4, 5, 0]);
    assert.deepEqual(used({ prompt_token_count: 6, generation_token_count: 7 }), [6, 7, 0, 0]);
    assert.deepEqual(used({ usage: { inputTokens: 8, outputTokens: 9 } }), [8, 9, 0, 0]);
    assert.deepEqual(
      used({ "amazon-bedrock-invocationMetrics": { inputTokenCount: 1, outputTokenCount: 2 } }),
      [1, 2, 0, 0],
    );
    assert.equal(used({ type: "content_block_delta" }), null);
  });
});
