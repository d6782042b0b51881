import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import type { Fleet } from "../../emulator/fleet.ts";
import type { ServiceErrorName } from "../../emulator/http/errors.ts";
import { type ApiShape, apiModel } from "../../emulator/model/api-shapes.ts";
import { decodeFrames } from "./frame-reader.ts";
import { CLAUDE, CLAUDE_BASE, jsonOf, type RawAnswer, send, TITAN, testFleet, userMessage } from "./support.ts";

/** Where a value departs from a shape of the service model; members that the shape does not know included. */
function departures(value: unknown, name: string, at = name): readonly string[] {
  const shape: ApiShape = apiModel().shapes[name]!;
  const wrong = (wanted: string) => [`${at}: ${JSON.stringify(value)} is not ${wanted}`];
  const within = (size: number) =>
    size < (shape.min ?? -Infinity) || size > (shape.max ?? Infinity) ? wrong(`in [${shape.min}, ${shape.max}]`) : [];
  switch (shape.type) {
    case "document":
      return [];
    case "structure":
    case "union": {
      if (typeof value !== "object" || value === null || Array.isArray(value)) return wrong("an object");
      const entries = Object.entries(value);
      return [
        ...(shape.required ?? [])
          .filter((member) => !Object.hasOwn(value, member))
          .map((member) => `${at}: no ${member}`),
        ...(shape.type === "union" && entries.length !== 1 ? wrong("a union of one member") : []),
        ...entries.flatMap(([member, inner]) => {
          const of = shape.members![member];
          return of === undefined ? [`${at}: there is no member ${member}`] : departures(inner, of, `${at}.${member}`);
        }),
      ];
    }
    case "list":
      if (!Array.isArray(value)) return wrong("a list");
      return [...within(value.length), ...value.flatMap((item, i) => departures(item, shape.member!, `${at}[${i}]`))];
    case "map":
      return wrong("expected in an answer");
    case "boolean":
      return typeof value === "boolean" ? [] : wrong("a truth value");
    case "string":
    case "blob": {
      if (typeof value !== "string") return wrong("a text");
      if (shape.enum !== undefined && !shape.enum.includes(value)) return wrong(`one of ${shape.enum.join(", ")}`);
      if (shape.pattern !== undefined && !new RegExp(`^(?:${shape.pattern})$`).test(value)) return wrong(shape.pattern);
      return within(shape.type === "blob" ? Buffer.from(value, "base64").length : value.length);
    }
    default:
      if (typeof value !== "number" || (shape.type !== "float" && !Number.isInteger(value))) return wrong(shape.type);
      return within(value);
  }
}

const NOVA = "us.amazon.nova-pro-v1:0";
const schema = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] };
const toolConfig = { tools: [{ toolSpec: { name: "t", inputSchema: { json: schema } } }], toolChoice: { any: {} } };
const cached = [
  { text: "x".repeat(8_000) },
  { cachePoint: { type: "default", ttl: "1h" } },
  { text: "and" },
  { cachePoint: { type: "default" } },
];
const textFormat = { type: "json_schema", structure: { jsonSchema: { schema: JSON.stringify(schema) } } };

/** Requests of Converse whose answers differ in their members. */
const CONVERSATIONS: Readonly<Record<string, readonly [model: string, body: object]>> = {
  "a text": [CLAUDE, {}],
  "a text of Nova": [NOVA, { inferenceConfig: { maxTokens: 3 } }],
  "a text of Llama": ["us.meta.llama3-3-70b-instruct-v1:0", { inferenceConfig: { stopSequences: ["the"] } }],
  "a text of Mistral": ["mistral.mistral-7b-instruct-v0:2", {}],
  "a text of Cohere": ["cohere.command-r-v1:0", {}],
  "a text of gpt-oss": ["openai.gpt-oss-120b-1:0", {}],
  "a tool call": [CLAUDE, { toolConfig }],
  "a tool call that the limit cuts off": [CLAUDE, { toolConfig, inferenceConfig: { maxTokens: 1 } }],
  thinking: [
    CLAUDE,
    {
      inferenceConfig: { maxTokens: 4_000 },
      additionalModelRequestFields: { thinking: { type: "enabled", budget_tokens: 1_024 } },
    },
  ],
  "a structured answer": [CLAUDE, { outputConfig: { textFormat } }],
  "cache writes": [CLAUDE, { messages: [{ role: "user", content: cached }] }],
  "a tier and a latency": [NOVA, { serviceTier: { type: "flex" }, performanceConfig: { latency: "standard" } }],
};

describe("answers beside the service model", { timeout: 60_000 }, () => {
  let fleet: Fleet;
  before(async () => {
    fleet = await testFleet({ auth: "off" });
  });
  after(() => fleet.close(0));
  beforeEach(() => fleet.faults.clear());

  const call = (model: string, operation: string, body: object, headers = {}): Promise<RawAnswer> =>
    send(fleet, { path: `/model/${encodeURIComponent(model)}/${operation}`, body, headers });
  const events = (answer: RawAnswer, name: string): readonly string[] =>
    decodeFrames(answer.body).flatMap(({ type, payload }) => departures({ [type]: payload }, name));

  for (const [what, [model, rest]] of Object.entries(CONVERSATIONS)) {
    it(`Converse and ConverseStream: ${what}`, async () => {
      const body = { messages: [userMessage()], ...rest };
      const whole = await call(model, "converse", body);
      assert.equal(whole.status, 200, whole.body.toString());
      assert.deepEqual(departures(jsonOf(whole), "ConverseResponse"), []);
      const stream = await call(model, "converse-stream", body);
      assert.deepEqual(events(stream, "ConverseStreamOutput"), []);
      assert.equal(stream.headers["content-type"], "application/vnd.amazon.eventstream");
      const types = decodeFrames(stream.body).map(({ type }) => type);
      assert.deepEqual([types[0], types.at(-2), types.at(-1)], ["messageStart", "messageStop", "metadata"]);
      const last = decodeFrames(stream.body).at(-1)!.payload as { usage: { outputTokens: number } };
      assert.equal(last.usage.outputTokens, (jsonOf(whole) as never as typeof last).usage.outputTokens);
    });
  }

  it("InvokeModel's headers and chunks", async () => {
    const invoke = {
      anthropic_version: "bedrock-2023-05-31",
      max_tokens: 50,
      messages: [{ role: "user", content: "hi" }],
    };
    const headers = {
      "x-amzn-bedrock-service-tier": "priority",
      "x-amzn-bedrock-performanceconfig-latency": "standard",
    };
    const whole = await call(CLAUDE, "invoke", invoke, headers);
    assert.equal(whole.headers["content-type"], "application/json");
    assert.equal(whole.headers["x-amzn-bedrock-service-tier"], "priority");
    assert.equal(whole.headers["x-amzn-bedrock-performanceconfig-latency"], "standard");
    const stream = await call(CLAUDE, "invoke-with-response-stream", invoke, headers);
    assert.equal(stream.headers["x-amzn-bedrock-content-type"], "application/json");
    assert.equal(stream.headers["x-amzn-bedrock-service-tier"], "priority");
    assert.deepEqual(events(stream, "ResponseStream"), []);
  });

  it("CountTokens", async () => {
    const converse = await call(CLAUDE_BASE, "count-tokens", { input: { converse: { messages: [userMessage()] } } });
    assert.deepEqual(departures(jsonOf(converse), "CountTokensResponse"), []);
    for (const body of [{}, { input: {} }, { input: { converse: {}, invokeModel: { body: "e30=" } } }]) {
      const refused = await call(CLAUDE_BASE, "count-tokens", body);
      assert.equal(refused.status, 400, JSON.stringify(body));
      assert.match(String(refused.headers["x-amzn-errortype"]), /^ValidationException/);
    }
  });

  for (const [operation, stream, body] of [
    ["converse-stream", "ConverseStreamOutput", { messages: [userMessage()] }],
    ["invoke-with-response-stream", "ResponseStream", { inputText: "hi" }],
  ] as const) {
    for (const name of Object.keys(apiModel().shapes).filter((each) => each.endsWith("Exception"))) {
      it(`${name} within ${operation} and in its place`, async () => {
        const model = operation === "converse-stream" ? CLAUDE : TITAN;
        fleet.faults.add({ effect: { name: name as ServiceErrorName }, afterTokens: 2, times: 1 });
        const within = await call(model, operation, body);
        assert.deepEqual(events(within, stream), []);
        assert.match(decodeFrames(within.body).at(-1)!.type, /Exception$/);
        fleet.faults.add({ effect: { name: name as ServiceErrorName }, times: 1 });
        const instead = await call(model, operation, body);
        assert.equal(instead.status, apiModel().shapes[name]!.status);
        assert.deepEqual(departures(jsonOf(instead), name), []);
        assert.match(String(instead.headers["x-amzn-errortype"]), new RegExp(`^${name}\\b`));
      });
    }
  }
});
