import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseMessages } from "../../../emulator/bodies/anthropic-request.ts";

const base = {
  anthropic_version: "bedrock-2023-05-31",
  max_tokens: 100,
  messages: [{ role: "user", content: "12345678" }],
};
const parse = (body: Record<string, unknown>) => parseMessages(body, { at: "invoke" });

const use = (id: string) => ({ type: "tool_use", id, name: "t", input: {} });
const result = (id: string) => ({
  role: "user",
  content: [{ type: "tool_result", tool_use_id: id, content: "ok" }],
});

describe("requests of the Messages API", () => {
  it("accepts what its clients send besides", () => {
    const messages = [...base.messages, { role: "assistant", content: [use("a")] }, result("a")];
    const rest = { metadata: { user_id: "u" }, top_k: 5, tools: [{ name: "t", input_schema: {} }] };
    assert.ok(parse({ ...base, ...rest, messages }).inputTokens > 10);
    const context = { context_management: { edits: [] }, anthropic_beta: ["context-management-2025-06-27"] };
    assert.deepEqual(parse({ ...base, ...context }).betas, ["context-management-2025-06-27"]);
    const { betas } = parseMessages(base, { at: "invoke", betaHeader: "a-1, b-2" });
    assert.deepEqual(betas, ["a-1", "b-2"]);
  });

  it("have a model and no version where Anthropic's own client sends them", () => {
    const { anthropic_version: _version, ...direct } = base;
    const body = { ...direct, model: "m", stream: true };
    assert.equal(parseMessages(body, { at: "messages" }).maxTokens, 100);
    assert.throws(() => parse({ ...body, anthropic_version: base.anthropic_version }), {
      message: /^model: Extra inputs/,
    });
  });

  it("have ids of calls that are unique, and one result each", () => {
    const [asked] = base.messages;
    const called = { role: "assistant", content: [use("a"), use("b")] };
    const both = { role: "user", content: [...result("a").content, ...result("b").content] };
    const parsed = (...messages: object[]) => parse({ ...base, messages });
    assert.deepEqual(parsed(asked!, called, both).toolLoop, { at: "messages.1.content.0", type: "tool_use" });
    assert.equal(parsed(asked!).toolLoop, undefined);
    assert.throws(() => parsed(asked!, called, both, { role: "assistant", content: [use("b")] }, result("b")), {
      message: "messages.3.content.0: `tool_use` ids must be unique",
    });
    const twice = { role: "user", content: [...both.content, ...result("a").content] };
    assert.throws(() => parsed(asked!, called, twice), {
      message:
        "messages.2.content.2: each tool_use must have a single result. Found multiple `tool_result` blocks with id: a",
    });
  });

  it("call any tool by turns", () => {
    const tools = ["t", "u"].map((name) => ({ name, input_schema: { type: "object" } }));
    const chosen = (...messages: object[]) =>
      parse({ ...base, tools, tool_choice: { type: "any" }, messages: [...base.messages, ...messages] }).tool?.name;
    assert.equal(chosen(), "t");
    assert.equal(chosen({ role: "assistant", content: [use("a")] }, result("a")), "u");
  });

  it("count pictures and PDFs as such, also in the result of a tool", () => {
    const data = "A".repeat(1_000_000);
    const picture = { type: "image", source: { type: "base64", media_type: "image/png", data } };
    const pages = Buffer.from("/Type /Page ".repeat(3)).toString("base64");
    const pdf = { type: "document", source: { type: "base64", media_type: "application/pdf", data: pages } };
    const tokens = (...content: object[]) => {
      const results = [{ type: "tool_result", tool_use_id: "a", content }];
      const messages = [
        ...base.messages,
        { role: "assistant", content: [use("a")] },
        { role: "user", content: results },
      ];
      return parse({ ...base, messages }).inputTokens;
    };
    assert.equal(tokens(picture) - tokens(), 1600);
    assert.equal(tokens(pdf) - tokens(), 7000);
    assert.equal(parse({ ...base, messages: [{ role: "user", content: [pdf] }] }).inputTokens, 7000);
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
    [
      { ...base, messages: [{ role: "user", content: [{ type: "text", text: " \n" }] }] },
      "messages: text content blocks must contain non-whitespace text",
    ],
    [
      {
        ...base,
        messages: [{ role: "user", content: [{ type: "image", source: { type: "base64", media_type: "x" } }] }],
      },
      "messages.0.content.0.image.source.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'",
    ],
    [
      { ...base, system: [{ type: "text", text: "x", cache_control: { type: "ephemeral", scope: "global" } }] },
      "system.0.cache_control.ephemeral.scope: Extra inputs are not permitted",
    ],
    [{ ...base, metadata: { team: "a" } }, "metadata.team: Extra inputs are not permitted"],
    [{ ...base, metadata: "a" }, "metadata: Input should be a valid dictionary"],
    [{ ...base, output_config: { efort: "low" } }, "output_config.efort: Extra inputs are not permitted"],
    [
      { ...base, output_config: { effort: "huge" } },
      "output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh', 'max'",
    ],
    [{ ...base, tool_choice: { type: "any" } }, "tool_choice may only be specified while providing tools."],
    [
      { ...base, tools: [{ name: "a b", input_schema: {} }] },
      "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'",
    ],
    [
      { ...base, tools: [{ name: "a", input_schema: { type: "string" } }] },
      "tools.0.custom.input_schema.type: Input should be 'object'",
    ],
    [
      { ...base, tools: [{ name: "a", input_schema: {} }], tool_choice: { type: "auto", x: 1 } },
      "tool_choice.auto.x: Extra inputs are not permitted",
    ],
    [{ ...base, foo: 1 }, "foo: Extra inputs are not permitted"],
    [{ ...base, context_management: {} }, "context_management: Extra inputs are not permitted"],
    [
      { ...base, anthropic_version: "2023-06-01" },
      "anthropic_version: Input should be 'bedrock-2023-05-31' or '2026-10-21'",
    ],
    [{ ...base, temperature: 1.5 }, "temperature: Input should be less than or equal to 1"],
    [{ ...base, temperature: "1" }, "temperature: Input should be a valid number"],
    [{ ...base, top_p: -1 }, "top_p: Input should be greater than or equal to 0"],
    [{ ...base, top_k: 1.5 }, "top_k: Input should be a valid integer"],
    [{ ...base, stop_sequences: "x" }, "stop_sequences: Input should be a valid list"],
    [{ ...base, system: 3 }, "system: Input should be a valid list"],
    [{ ...base, messages: [{ role: "user", content: [{ text: "x" }] }] }, "messages.0.content.0.type: Field required"],
    [
      { ...base, messages: [{ role: "user", content: [{ type: "text", text: "x", foo: 1 }] }] },
      "messages.0.content.0.text.foo: Extra inputs are not permitted",
    ],
    [
      { ...base, system: [{ type: "text", text: "x", cacheControl: {} }] },
      "system.0.text.cacheControl: Extra inputs are not permitted",
    ],
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
      assert.throws(() => parseMessages(body, { at: "invoke" }), { name: "ValidationException", message });
    });
  }
});
