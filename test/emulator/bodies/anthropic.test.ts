import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { anthropicBody } from "../../../emulator/bodies/anthropic.ts";
import { shapesOf } from "./support.ts";

const base = {
  anthropic_version: "bedrock-2023-05-31",
  max_tokens: 100,
  messages: [{ role: "user", content: "12345678" }],
};

describe("Anthropic body", () => {
  it("answers as the Messages API does", () => {
    const { whole, prompt } = shapesOf(anthropicBody, { ...base, system: "1234", stop_sequences: ["END"] });
    assert.equal(prompt.inputTokens, 3);
    assert.equal(prompt.maxTokens, 100);
    assert.deepEqual(prompt.stopSequences, ["END"]);
    assert.equal(whole.model, "claude-sonnet-4-5-20250929");
    assert.match(whole.id, /^msg_bdrk_/);
    assert.deepEqual(whole.usage, {
      input_tokens: 10,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
      output_tokens: 4,
    });
    assert.equal(whole.stop_sequence, null);
    assert.equal(whole.content[0].text.length, 16);
  });

  it("streams text whose pieces add up to the whole", () => {
    const { whole, chunks } = shapesOf(anthropicBody, base, { stopReason: "stop_sequence", stopSequence: "END" });
    const text = chunks.map((chunk: { delta?: { text?: string } }) => chunk.delta?.text ?? "").join("");
    assert.equal(text, whole.content[0].text);
    assert.deepEqual(chunks.at(-2).delta, { stop_reason: "stop_sequence", stop_sequence: "END" });
  });

  it("streams a forced tool's arguments as JSON pieces", () => {
    const tools = [{ name: "t", input_schema: { type: "object", properties: { a: { const: 1 } }, required: ["a"] } }];
    const request = { ...base, tools, tool_choice: { type: "any" } };
    const { prompt } = shapesOf(anthropicBody, request);
    assert.deepEqual(prompt.tool, { name: "t", input: { a: 1 } });
    const { chunks, whole } = shapesOf(anthropicBody, request, { tool: prompt.tool!, stopReason: "tool_use" });
    const json = chunks.map((chunk: { delta?: { partial_json?: string } }) => chunk.delta?.partial_json ?? "").join("");
    assert.deepEqual(JSON.parse(json), { a: 1 });
    assert.deepEqual(whole.content[0].input, { a: 1 });
    assert.equal(chunks[1].content_block.type, "tool_use");
  });

  it("marks cacheable prefixes at cache_control", () => {
    const content = [
      { type: "text", text: "12345678", cache_control: { type: "ephemeral", ttl: "1h" } },
      { type: "text", text: "1234" },
    ];
    const { prompt } = shapesOf(anthropicBody, { ...base, messages: [{ role: "user", content }] });
    assert.deepEqual(
      prompt.cachePoints.map(({ tokens, ttlMs }) => [tokens, ttlMs]),
      [[2, 3_600_000]],
    );
  });

  it("answers with the JSON that a schema asks for", () => {
    const schema = { type: "object", properties: { n: { type: "integer", minimum: 5, maximum: 5 } }, required: ["n"] };
    const request = { ...base, output_config: { format: { type: "json_schema", schema } } };
    const { structured } = anthropicBody.parse(request).prompt;
    assert.equal(structured, '{"n":5}');
    const { whole, chunks } = shapesOf(anthropicBody, request, { structured: structured!, outputTokens: 2 });
    assert.equal(whole.content[0].text, '{"n":5}');
    const text = chunks.map((chunk: { delta?: { text?: string } }) => chunk.delta?.text ?? "").join("");
    assert.equal(text, '{"n":5}');
  });

  it("thinks before it answers, in a block with a signature", () => {
    const { whole, chunks } = shapesOf(anthropicBody, base, { thinkingTokens: 2 });
    assert.deepEqual(
      whole.content.map((block: { type: string }) => block.type),
      ["thinking", "text"],
    );
    assert.equal(whole.usage.output_tokens, 4);
    assert.deepEqual(
      chunks.map((chunk: { type: string; delta?: { type?: string } }) => chunk.delta?.type ?? chunk.type),
      [
        ...["message_start", "content_block_start", "thinking_delta", "thinking_delta", "signature_delta"],
        ...["content_block_stop", "content_block_start", "text_delta", "text_delta", "content_block_stop"],
        ...["message_delta", "message_stop"],
      ],
    );
  });

  it("says for how long it wrote to the cache, also where a stream starts", () => {
    const cacheWrites = [
      { ttl: "1h", tokens: 30 },
      { ttl: "5m", tokens: 12 },
    ] as const;
    const { whole, chunks } = shapesOf(anthropicBody, base, { cacheWriteTokens: 42, cacheWrites });
    const expected = { ephemeral_5m_input_tokens: 12, ephemeral_1h_input_tokens: 30 };
    assert.deepEqual(whole.usage.cache_creation, expected);
    assert.deepEqual(chunks[0].message.usage.cache_creation, expected);
  });
});
