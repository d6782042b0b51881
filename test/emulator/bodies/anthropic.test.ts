import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { anthropicBody } from "../../../emulator/bodies/anthropic.ts";
import { shapesOf } from "./support.ts";

const base = {
  anthropic_version: "bedrock-2023-05-31",
  max_tokens: 100,
  messages: [{ role: "user", content: "12345678" }],
};

const use = (id: string) => ({ type: "tool_use", id, name: "t", input: {} });
const result = (id: string) => ({
  role: "user",
  content: [{ type: "tool_result", tool_use_id: id, content: "ok" }],
});

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

  it("accepts what its clients send besides", () => {
    const messages = [...base.messages, { role: "assistant", content: [use("a")] }, result("a")];
    const rest = { metadata: { user_id: "u" }, top_k: 5, tools: [{ name: "t", input_schema: {} }] };
    assert.ok(anthropicBody.parse({ ...base, ...rest, messages }).prompt.inputTokens > 10);
    const context = { context_management: { edits: [] }, anthropic_beta: ["context-management-2025-06-27"] };
    assert.deepEqual(anthropicBody.parse({ ...base, ...context }).prompt.betas, ["context-management-2025-06-27"]);
    const { betas } = anthropicBody.parse(base, { "anthropic-beta": "a-1, b-2" }).prompt;
    assert.deepEqual(betas, ["a-1", "b-2"]);
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
    [{ ...base, foo: 1 }, "foo: Extra inputs are not permitted"],
    [{ ...base, context_management: {} }, "context_management: Extra inputs are not permitted"],
    [{ ...base, anthropic_version: "2023-06-01" }, "anthropic_version: Input should be 'bedrock-2023-05-31'"],
    [{ ...base, temperature: 1.5 }, "temperature: Input should be less than or equal to 1"],
    [{ ...base, temperature: "1" }, "temperature: Input should be a valid number"],
    [{ ...base, top_p: -1 }, "top_p: Input should be greater than or equal to 0"],
    [{ ...base, top_k: 1.5 }, "top_k: Input should be a valid integer"],
    [{ ...base, stop_sequences: "x" }, "stop_sequences: Input should be a valid list"],
    [{ ...base, system: 3 }, "system: Input should be a valid list"],
    [{ ...base, messages: [{ role: "user", content: [{ text: "x" }] }] }, "messages.0.content.0.type: Field required"],
    [{ ...base, tools: [{ name: "t" }] }, "tools.0.custom.input_schema: Field required"],
    [
      { ...base, messages: [...base.messages, { role: "assistant", content: [use("a")] }, result("b")] },
      "messages.2.content.0: unexpected `tool_use_id` found in `tool_result` blocks: b. Each `tool_result` block must have a corresponding `tool_use` block in the previous message.",
    ],
    [
      { ...base, messages: [...base.messages, { role: "assistant", content: [use("a")] }, ...base.messages] },
      "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: a. Each `tool_use` block must have a corresponding `tool_result` block in the next message.",
    ],
    [
      { ...base, output_config: { format: { type: "xml" } } },
      "output_config.format.type: Input should be 'json_schema'",
    ],
  ];
  for (const [body, message] of refusals) {
    it(`refuses with "${message}"`, () => {
      assert.throws(() => anthropicBody.parse(body), { name: "ValidationException", message });
    });
  }
});
