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
    const tools = [{ name: "t", input_schema: { type: "object", properties: { a: { type: "integer" } } } }];
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

  const { anthropic_version: _version, ...noVersion } = base;
  const refusals: readonly (readonly [Record<string, unknown>, string])[] = [
    [noVersion, "anthropic_version: Field required"],
    [{ ...base, max_tokens: undefined }, "max_tokens: Field required"],
    [{ ...base, max_tokens: 0 }, "max_tokens: Input should be greater than or equal to 1"],
    [{ ...base, max_tokens: "9" }, "max_tokens: Input should be a valid integer"],
    [{ ...base, messages: [] }, "messages: at least one message is required"],
    [{ ...base, messages: [{ role: "assistant", content: "x" }] }, 'messages: first message must use the "user" role'],
    [
      { ...base, messages: [{ role: "user", content: [{ type: "text", text: "" }] }] },
      "messages: text content blocks must be non-empty",
    ],
    [{ ...base, stream: true }, "stream: Extra inputs are not permitted"],
  ];
  for (const [body, message] of refusals) {
    it(`refuses with "${message}"`, () => {
      assert.throws(() => anthropicBody.parse(body), { name: "ValidationException", message });
    });
  }
});
