import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseConverse } from "../../../emulator/converse/request.ts";
import { userMessage } from "../support.ts";

const MODEL = { contextTokens: 1000, maxOutputTokens: 4096 };
const parse = (body: Record<string, unknown>) => parseConverse(body, MODEL);
const assistant = (text = "Fine") => ({ role: "assistant", content: [{ text }] });

describe("parseConverse", () => {
  it("adds up tools, system and messages", () => {
    const parsed = parse({
      system: [{ text: "12345678" }],
      messages: [userMessage("1234"), assistant("1234"), userMessage("12345")],
      inferenceConfig: { maxTokens: 50, stopSequences: ["END"], temperature: 1, topP: 0 },
    });
    assert.equal(parsed.inputTokens, 2 + 1 + 1 + 2);
    assert.equal(parsed.maxTokens, 50);
    assert.deepEqual(parsed.stopSequences, ["END"]);
    assert.equal(parsed.tool, undefined);
  });

  it("places cache checkpoints after what stands before them", () => {
    const content = [{ text: "1234" }, { cachePoint: { type: "default", ttl: "1h" } }, { text: "12345678" }];
    const { cachePoints, inputTokens } = parse({ messages: [{ role: "user", content }] });
    assert.deepEqual(
      cachePoints.map(({ tokens, ttlMs }) => [tokens, ttlMs]),
      [[1, 3_600_000]],
    );
    assert.equal(inputTokens, 3);
  });

  const refusals: readonly (readonly [string, Record<string, unknown>, RegExp])[] = [
    ["no messages", { messages: [] }, /at least one message/],
    ["messages left out", {}, /at least one message/],
    ["an assistant first", { messages: [assistant()] }, /^A conversation must start with a user message\./],
    [
      "two of one role",
      { messages: [userMessage(), userMessage()] },
      /^A conversation must alternate between user and assistant roles\./,
    ],
    [
      "an unknown role",
      { messages: [{ role: "system", content: [{ text: "x" }] }] },
      /enum value set: \[user, assistant\]/,
    ],
    [
      "empty content",
      { messages: [{ role: "user", content: [] }] },
      /^The content field in the Message object at messages\.0 is empty\./,
    ],
    [
      "a blank text",
      { messages: [userMessage(" ")] },
      /^The text field in the ContentBlock object at messages\.0\.content\.0 is blank\./,
    ],
    [
      "an empty block",
      { messages: [{ role: "user", content: [{}] }] },
      /messages\.0\.content\.0 must set one of the following keys/,
    ],
    [
      "no tokens to answer with",
      { messages: [userMessage()], inferenceConfig: { maxTokens: 0 } },
      /^1 validation error detected: Value '0' at 'inferenceConfig\.maxTokens' failed to satisfy constraint: Member must have value greater than or equal to 1$/,
    ],
    [
      "a temperature and a topP out of range",
      { messages: [userMessage()], inferenceConfig: { temperature: 2, topP: -1 } },
      /^2 validation errors detected: .*'inferenceConfig\.temperature'.*'inferenceConfig\.topP'/,
    ],
    [
      "more tokens than the model writes",
      { messages: [userMessage()], inferenceConfig: { maxTokens: 5000 } },
      /^The maximum tokens you requested exceeds the model limit of 4096\./,
    ],
    ["too long an input", { messages: [userMessage("x".repeat(4004))] }, /^Input is too long for requested model\.$/],
    [
      "tool blocks without tools",
      { messages: [{ role: "user", content: [{ toolResult: { toolUseId: "a", content: [] } }] }] },
      /^The toolConfig field must be defined/,
    ],
    [
      "a broken cache point",
      { messages: [{ role: "user", content: [{ text: "x" }, { cachePoint: { type: "long" } }] }] },
      /cachePoint\.type/,
    ],
  ];
  for (const [what, body, message] of refusals) {
    it(`refuses ${what}`, () => assert.throws(() => parse(body), { name: "ValidationException", message }));
  }

  for (const [what, body] of [
    ["a text for messages", { messages: "hello" }],
    ["a number for a text", { messages: [{ role: "user", content: [{ text: 3 }] }] }],
    ["a text for content", { messages: [{ role: "user", content: "hello" }] }],
    ["a fraction for maxTokens", { messages: [userMessage()], inferenceConfig: { maxTokens: 1.5 } }],
    ["null for a message", { messages: [null] }],
  ] as const) {
    it(`refuses ${what} as a broken serialization`, () => {
      assert.throws(() => parse(body), { name: "SerializationException" });
    });
  }

  it("wants an answer to every tool use, and no more", () => {
    const toolConfig = { tools: [{ toolSpec: { name: "t", inputSchema: { json: {} } } }] };
    const use = { role: "assistant", content: [{ toolUse: { toolUseId: "id1", name: "t", input: {} } }] };
    const result = (id: string) => ({ toolResult: { toolUseId: id, content: [{ text: "ok" }] } });
    const turn = (content: object[]) => ({ toolConfig, messages: [userMessage(), use, { role: "user", content }] });
    assert.ok(parse(turn([result("id1")])).inputTokens > 0);
    assert.throws(() => parse(turn([{ text: "no" }])), {
      message: /^Expected toolResult blocks at messages\.2\.content for the following Ids: id1$/,
    });
    assert.throws(() => parse(turn([result("id1"), result("id2")])), {
      message: /exceeds the number of toolUse blocks/,
    });
  });
});
