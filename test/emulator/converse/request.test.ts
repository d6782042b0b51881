import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { meterToolConfig, parseConverse, refuseDocuments } from "../../../emulator/converse/request.ts";
import { PromptMeter } from "../../../emulator/model/prompt.ts";
import { sampleOfSchema } from "../../../emulator/model/schema-sample.ts";
import { userMessage } from "../support.ts";

const parse = (body: Record<string, unknown>) => parseConverse(body);
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

  it("places cache checkpoints after the content before them", () => {
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

  it("answers with the JSON that outputConfig or the additional fields ask for", () => {
    const schema = { type: "object", properties: { n: { const: 5 } }, required: ["n"] };
    const structure = { jsonSchema: { name: "n", schema: JSON.stringify(schema) } };
    const textFormat = { type: "json_schema", structure };
    assert.equal(parse({ messages: [userMessage()], outputConfig: { textFormat } }).structured, '{"n":5}');
    const additionalModelRequestFields = { output_config: { format: { type: "json_schema", schema } } };
    const body = { messages: [userMessage()], additionalModelRequestFields };
    assert.equal(parseConverse(body, true).structured, '{"n":5}');
    assert.equal(parseConverse(body).structured, undefined);
    const broken = { textFormat: { type: "json_schema", structure: { jsonSchema: { schema: "{" } } } };
    assert.throws(() => parse({ messages: [userMessage()], outputConfig: broken }), { name: "ValidationException" });
  });

  it("requires one result for every tool use, and no more", () => {
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

const spec = (name: string) => ({
  toolSpec: { name, inputSchema: { json: { type: "object", required: ["q"], properties: { q: { type: "string" } } } } },
});
const read = (config: Record<string, unknown>, meter = new PromptMeter()) => meterToolConfig(config, meter);

describe("meterToolConfig", () => {
  const tools = [spec("first"), spec("second")];
  it("forces a tool only if the choice does", () => {
    assert.equal(read({ tools }), undefined);
    assert.equal(read({ tools, toolChoice: { auto: {} } }), undefined);
    assert.deepEqual(read({ tools, toolChoice: { any: {} } }), {
      name: "first",
      input: sampleOfSchema(spec("first").toolSpec.inputSchema.json),
    });
    assert.equal(read({ tools, toolChoice: { tool: { name: "second" } } })?.name, "second");
  });
  it("counts the tools and accepts a checkpoint among them", () => {
    const meter = new PromptMeter();
    read({ tools: [...tools, { cachePoint: { type: "default" } }] }, meter);
    assert.equal(meter.cachePoints[0]?.tokens, meter.tokens);
    assert.ok(meter.tokens > 40);
  });
  it("refuses an empty list, invalid names and a choice that is not in the list", () => {
    for (const toolConfig of [
      { tools: [] },
      { tools: [spec("bad name")] },
      { tools, toolChoice: { tool: { name: "third" } } },
    ]) {
      assert.throws(() => parse({ messages: [userMessage()], toolConfig }), { name: "ValidationException" });
    }
  });
});

const document = (name: string) => ({ document: { format: "txt", name, source: { text: "x" } } });
const refusal = (...content: object[]): string => {
  try {
    parseConverse({ messages: [{ role: "user", content }] });
    return "";
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
};
const text = { text: "read this" };

it("documents have names of a few characters, each its own", () => {
  for (const name of ["report", "a-b (1) [2]", " x ", "test_name"])
    assert.equal(refusal(text, document(name)), "", name);
  for (const name of ["a.txt", "a  b", "a\tb", "a\u3000b", "\u6771", "John's"]) {
    assert.match(refusal(text, document(name)), /^ValidationException: The document file name can only contain/, name);
  }
  assert.match(refusal(text, document("a"), document("a")), /Messages can't contain duplicate document names\./);
});

it("at most five, in a message with a text", () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => document(`d${i}`));
  assert.equal(refusal(text, ...many(5)), "");
  assert.match(refusal(text, ...many(6)), /You can't include more than 5 documents in a request\./);
  assert.match(refusal(document("a")), /A text block must be included when using documents\./);
});

it("over all messages: a name may not come again in a later one", () => {
  assert.throws(
    () =>
      refuseDocuments([
        [text, document("a")],
        [text, document("a")],
      ]),
    /duplicate document names/,
  );
  refuseDocuments([[text, document("a")], [text, document("b")], [text]]);
});

it("any tool is the next one after each call, so that a loop of several tools ends", () => {
  const tools = ["look", "answer"].map((name) => ({ toolSpec: { name, inputSchema: { json: { type: "object" } } } }));
  const toolConfig = { tools, toolChoice: { any: {} } };
  const called = { role: "assistant", content: [{ toolUse: { toolUseId: "a", name: "look", input: {} } }] };
  const answered = { role: "user", content: [{ toolResult: { toolUseId: "a", content: [{ text: "ok" }] } }] };
  const chosen = (...messages: object[]) => parse({ messages: [userMessage(), ...messages], toolConfig }).tool?.name;
  assert.equal(chosen(), "look");
  assert.equal(chosen(called, answered), "answer");
  assert.equal(chosen(called, answered, assistant(), userMessage()), "look");
});
