import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import type { Fleet } from "../../../emulator/fleet.ts";
import { errorStyleOf } from "../../../emulator/vendor-apis/index.ts";
import { CLAUDE, CLAUDE_BASE, jsonOf, send, testFleet } from "../support.ts";

const GPT = "openai.gpt-oss-120b-1:0";
const KEY = { authorization: "Bearer ABSKTWVyaWRpYW5FbXVsYXRvclRlc3RLZXk=" };

/** The paths in the shape of the vendors' own APIs, over HTTP. */
describe("vendors' APIs", { timeout: 60_000 }, () => {
  let fleet: Fleet;
  before(async () => {
    fleet = await testFleet();
  });
  after(() => fleet.close(0));
  beforeEach(() => fleet.faults.clear());

  const post = (path: string, body: object, headers: Record<string, string> = KEY) =>
    send(fleet, { path, body, headers });
  const chat = { model: GPT, messages: [{ role: "user", content: "Hello there" }], max_tokens: 3 };
  const message = { model: CLAUDE_BASE, max_tokens: 3, messages: [{ role: "user", content: "Hello there" }] };
  const response = { model: GPT, input: "Hello there", max_output_tokens: 3 };

  it("answer whole under each of their paths", async () => {
    for (const path of ["/v1/chat/completions", "/openai/v1/chat/completions"]) {
      const answer = jsonOf(await post(path, chat)) as Record<string, never[]>;
      assert.deepEqual(answer.choices![0], {
        index: 0,
        message: { role: "assistant", content: " one can see" },
        finish_reason: "length",
      });
    }
    for (const path of ["/v1/responses", "/openai/v1/responses"]) {
      const answer = jsonOf(await post(path, response)) as Record<string, unknown>;
      assert.equal(answer.status, "incomplete");
    }
    const answer = jsonOf(await post("/anthropic/v1/messages", message)) as Record<string, unknown>;
    assert.deepEqual(answer.content, [{ type: "text", text: " one can see" }]);
    assert.equal(answer.model, "claude-sonnet-4-5-20250929");
    assert.equal(jsonOf(await post("/anthropic/v1/messages", { ...message, model: CLAUDE })).stop_reason, "max_tokens");
  });

  it("stream server-sent events that end as each of them does", async () => {
    const events = async (path: string, body: object) => {
      const { headers, body: bytes } = await post(path, { ...body, stream: true });
      assert.match(String(headers["content-type"]), /^text\/event-stream/);
      return bytes.toString().trimEnd().split("\n\n");
    };
    const chunks = await events("/v1/chat/completions", { ...chat, stream_options: { include_usage: true } });
    assert.equal(chunks.at(-1), "data: [DONE]");
    assert.match(chunks.at(-2)!, /"choices":\[\],"usage":\{"prompt_tokens":3,"completion_tokens":3,"total_tokens":6\}/);
    assert.equal(chunks.length, 1 + 3 + 1 + 1 + 1);
    const messages = await events("/anthropic/v1/messages", message);
    assert.deepEqual(
      messages.map((text) => /^event: (\w+)\n/.exec(text)?.[1]),
      [
        ...["message_start", "content_block_start", ...Array(3).fill("content_block_delta")],
        ...["content_block_stop", "message_delta", "message_stop"],
      ],
    );
    const responses = await events("/v1/responses", response);
    const data = responses.map((text) => JSON.parse(text.slice(text.indexOf("data: ") + 6)));
    assert.deepEqual(
      data.map(({ sequence_number: serial }) => serial),
      data.map((_, index) => index),
    );
    assert.equal(data.at(-1).type, "response.incomplete");
    assert.equal(data.at(-1).response.output[0].content[0].text, " one can see");
  });

  it("count tokens and list models", async () => {
    const { max_tokens: _limit, ...rest } = message;
    assert.deepEqual(jsonOf(await post("/anthropic/v1/messages/count_tokens", rest)), { input_tokens: 3 });
    const other = await post("/anthropic/v1/messages/count_tokens", { ...rest, model: GPT });
    assert.match(other.body.toString(), /isn't supported on this route/);
    const listed = jsonOf(await send(fleet, { path: "/v1/models", headers: KEY })) as { data?: { id: string }[] };
    assert.ok(listed.data?.some(({ id }) => id === GPT));
    const claudes = jsonOf(await send(fleet, { path: "/anthropic/v1/models", headers: KEY })) as unknown as {
      readonly data: readonly { readonly type: string; readonly id: string; readonly display_name: string }[];
      readonly has_more: boolean;
      readonly last_id: string;
    };
    assert.ok(claudes.data.every(({ type, id }) => type === "model" && id.startsWith("anthropic.")));
    assert.equal(claudes.data.find(({ id }) => id === CLAUDE_BASE)?.display_name, "Claude Sonnet 4.5");
    assert.deepEqual([claudes.has_more, claudes.last_id], [false, claudes.data.at(-1)!.id]);
  });

  it("take a key as each client sends it, and refuse others in the vendor's words", async () => {
    const key = { "x-api-key": "ABSKTWVyaWRpYW5FbXVsYXRvclRlc3RLZXk=", "anthropic-version": "2023-06-01" };
    assert.equal((await post("/anthropic/v1/messages", message, key)).status, 200);
    const none = await post("/anthropic/v1/messages", message, {});
    assert.deepEqual(
      [none.status, (jsonOf(none) as { error?: { type: string } }).error?.type],
      [401, "authentication_error"],
    );
    const wrong = await post("/v1/chat/completions", chat, { authorization: "Bearer wrong" });
    assert.deepEqual(
      [wrong.status, (jsonOf(wrong) as { error?: { type: string } }).error?.type],
      [401, "authentication_error"],
    );
  });

  for (const [what, path, body, status, pattern] of [
    ["no model", "/v1/chat/completions", { messages: chat.messages }, 400, /model: Field required/],
    ["an unknown model", "/v1/chat/completions", { ...chat, model: "gpt-9" }, 404, /The model `gpt-9` does not exist/],
    [
      "Claude on OpenAI's path",
      "/v1/chat/completions",
      { ...chat, model: CLAUDE },
      400,
      /isn't supported on this route/,
    ],
    [
      "GPT on Anthropic's path",
      "/anthropic/v1/messages",
      { ...message, model: GPT },
      400,
      /isn't supported on this route/,
    ],
    ["no messages", "/v1/chat/completions", { ...chat, messages: [] }, 400, /messages/],
    ["no input", "/v1/responses", { ...response, input: "" }, 400, /\[input\] not found/],
    ["what is not stored", "/v1/responses", { ...response, previous_response_id: "resp_1" }, 400, /not found/],
    ["a temperature out of range", "/v1/chat/completions", { ...chat, temperature: 3 }, 400, /temperature/],
    ["an unknown field of Messages", "/anthropic/v1/messages", { ...message, foo: 1 }, 400, /foo: Extra inputs/],
    ["malformed sizes", "/v1/chat/completions", { ...chat, metadata: { outputTokens: "-5" } }, 400, /outputTokens/],
    ["broken JSON", "/v1/chat/completions", "{" as unknown as object, 400, /JSON/],
    ["an unknown path", "/v1/embeddings", chat, 404, /operation/],
  ] as const) {
    it(`refuse ${what}`, async () => {
      const answer = await post(path, body);
      assert.equal(answer.status, status);
      const { error } = jsonOf(answer) as { error?: { message: string } };
      assert.match(error?.message ?? "", pattern);
    });
  }

  it("answer a forced function with valid arguments, and a schema with its JSON", async () => {
    const parameters = { type: "object", properties: { n: { const: 5 } }, required: ["n"] };
    const tools = [{ type: "function", function: { name: "f", parameters } }];
    const { max_tokens: _limit, ...open } = chat;
    const called = jsonOf(await post("/v1/chat/completions", { ...open, tools, tool_choice: "required" })) as {
      choices?: { finish_reason: string; message: { tool_calls: { function: object }[] } }[];
    };
    assert.equal(called.choices![0]!.finish_reason, "tool_calls");
    assert.deepEqual(called.choices![0]!.message.tool_calls[0]!.function, { name: "f", arguments: '{"n":5}' });
    const own = [{ type: "function", name: "f", parameters }];
    const item = jsonOf(
      await post("/v1/responses", { model: GPT, input: "x", tools: own, tool_choice: "required" }),
    ) as {
      output?: { type: string; arguments: string }[];
    };
    assert.deepEqual([item.output![0]!.type, item.output![0]!.arguments], ["function_call", '{"n":5}']);
    const format = { type: "json_schema", name: "n", schema: parameters };
    const text = jsonOf(await post("/v1/responses", { model: GPT, input: "x", text: { format } })) as {
      output?: { content: { text: string }[] }[];
    };
    assert.equal(text.output![0]!.content[0]!.text, '{"n":5}');
  });

  it("fail before and inside a stream in the vendor's words", async () => {
    fleet.faults.add({ effect: { name: "ServiceUnavailableException" }, times: 1 });
    const refused = await post("/anthropic/v1/messages", message);
    assert.deepEqual(
      [refused.status, (jsonOf(refused) as { error?: { type: string } }).error?.type],
      [529, "overloaded_error"],
    );
    fleet.faults.add({ effect: { name: "ThrottlingException", retryAfterMs: 1500 }, times: 1 });
    const throttled = await post("/v1/chat/completions", chat);
    assert.deepEqual([throttled.status, throttled.headers["retry-after"]], [429, "2"]);
    for (const [path, body, end] of [
      ["/anthropic/v1/messages", message, /event: error\ndata: \{"type":"error","error":\{"type":"overloaded_error"/],
      ["/v1/chat/completions", chat, /data: \{"error":\{.*"type":"overloaded_error"/],
      ["/v1/responses", response, /event: response\.failed\n.*"status":"failed","error":\{"code":"server_error"/],
    ] as const) {
      fleet.faults.add({ effect: { name: "ServiceUnavailableException" }, times: 1, afterTokens: 2 });
      const { status, body: bytes } = await post(path, { ...body, stream: true });
      assert.equal(status, 200);
      assert.match(bytes.toString().trimEnd().split("\n\n").at(-1)!, end);
    }
  });

  it("count what they refuse, like the service's own paths", async () => {
    const before = fleet.log.recent.total;
    await post("/v1/chat/completions", { ...chat, messages: [] });
    await post("/v1/responses", { ...response, background: true, stream: true });
    await post("/anthropic/v1/messages", { ...message, max_tokens: 0 });
    await post("/v1/chat/completions", { ...chat, model: "unknown.model" });
    assert.deepEqual(
      fleet.log.recent
        .last(fleet.log.recent.total - before)
        .map(({ operation, modelId, error }) => [operation, modelId, error]),
      [
        ["InvokeModel", GPT, "ValidationException"],
        ["InvokeModelWithResponseStream", GPT, "ValidationException"],
        ["InvokeModel", CLAUDE, "ValidationException"],
      ],
    );
  });

  it("know whose errors a path has", () => {
    assert.deepEqual(["/anthropic/v1/x", "/v1/x", "/openai/v1/x", "/model/x/converse"].map(errorStyleOf), [
      "anthropic",
      "openai",
      "openai",
      undefined,
    ]);
  });
});
