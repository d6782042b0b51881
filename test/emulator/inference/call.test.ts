import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { InferenceOperation } from "../../../emulator/http/router.ts";
import { countTokens, parseCall, parseConverseSettings } from "../../../emulator/inference/call.ts";
import { createCatalog, DEFAULT_CATALOG } from "../../../emulator/model/catalog.ts";
import { CLAUDE, CLAUDE_BASE, TITAN, userMessage } from "../support.ts";

const catalog = createCatalog(DEFAULT_CATALOG);

function parse(
  operation: InferenceOperation,
  modelId: string,
  body: object | string,
  headers: Record<string, string> = {},
) {
  const resolved = catalog.resolve(modelId, "us-east-1", () => undefined);
  const bytes = Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  return parseCall({ requestId: "r", region: "us-east-1", accountId: "1", operation, resolved, headers, body: bytes });
}

describe("parseCall", () => {
  it("turns a Converse body into the backend's call", () => {
    const { call } = parse("ConverseStream", CLAUDE, {
      messages: [userMessage("12345678")],
      inferenceConfig: { maxTokens: 70 },
      serviceTier: { type: "flex" },
      performanceConfig: { latency: "standard" },
      requestMetadata: { inputTokens: "5000", outputTokens: "33", team: "a" },
    });
    assert.deepEqual(
      { ...call, cachePoints: undefined },
      {
        requestId: "r",
        region: "us-east-1",
        modelId: CLAUDE_BASE,
        profileId: CLAUDE,
        destinations: ["us-east-1", "us-east-2", "us-west-2"],
        operation: "ConverseStream",
        inputTokens: 5000,
        cachePoints: undefined,
        cacheMinimumTokens: 1024,
        maxTokens: 70,
        modelMaxTokens: 64_000,
        wantedOutputTokens: 33,
        stopAtTokens: undefined,
        serviceTier: "flex",
        latencyOptimized: false,
        requestMetadata: { inputTokens: "5000", outputTokens: "33", team: "a" },
        accountId: "1",
      },
    );
  });

  it("reads the settings of InvokeModel from headers", () => {
    const { call } = parse(
      "InvokeModel",
      "us.amazon.nova-pro-v1:0",
      { messages: [{ role: "user", content: [{ text: "12345678" }] }] },
      {
        "x-amzn-bedrock-service-tier": "priority",
        "x-amzn-bedrock-performanceconfig-latency": "optimized",
        "x-amzn-bedrock-request-metadata": '{"outputTokens":"12"}',
      },
    );
    assert.deepEqual(
      [call.serviceTier, call.latencyOptimized, call.wantedOutputTokens, call.inputTokens],
      ["priority", true, 12, 2],
    );
  });

  it("stops at a stop sequence, and requests the length of a forced tool call", () => {
    const stopped = parse("Converse", CLAUDE, {
      messages: [userMessage()],
      inferenceConfig: { stopSequences: ["see"] },
    });
    assert.equal(stopped.call.stopAtTokens, 2);
    const toolConfig = { tools: [{ toolSpec: { name: "t", inputSchema: { json: {} } } }], toolChoice: { any: {} } };
    const tool = parse("Converse", CLAUDE, { messages: [userMessage()], toolConfig });
    assert.equal(tool.call.wantedOutputTokens, 1);
  });

  it("limits checkpoints to the caller's own count", () => {
    const content = [{ text: "x".repeat(8000) }, { cachePoint: { type: "default" } }];
    const body = { messages: [{ role: "user", content }], requestMetadata: { inputTokens: "100" } };
    assert.equal(parse("Converse", CLAUDE, body).call.cachePoints[0]?.tokens, 100);
  });

  it("refuses invalid JSON with each operation's error", () => {
    assert.throws(() => parse("Converse", CLAUDE, "{"), { name: "SerializationException" });
    assert.throws(() => parse("InvokeModel", TITAN, "{"), {
      name: "ValidationException",
      message: "Malformed input request, please reformat your input and try again.",
    });
    assert.throws(() => parse("InvokeModel", TITAN, "[]"), { message: /^Malformed input request: #: expected type/ });
    const headers = { "x-amzn-bedrock-request-metadata": "[1]" };
    assert.throws(() => parse("InvokeModel", TITAN, { inputText: "x" }, headers), { name: "ValidationException" });
    assert.throws(
      () => parse("InvokeModel", TITAN, { inputText: "x", textGenerationConfig: { maxTokenCount: 9000 } }),
      { message: /exceeds the model limit of 8192/ },
    );
  });
});

const pairs = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, "v"]));

describe("parseConverseSettings", () => {
  it("reads tier, latency and metadata", () => {
    assert.deepEqual(
      parseConverseSettings({
        serviceTier: { type: "flex" },
        performanceConfig: { latency: "optimized" },
        requestMetadata: { team: "a b:c_1@$#=/+,.-" },
      }),
      { serviceTier: "flex", latency: "optimized", requestMetadata: { team: "a b:c_1@$#=/+,.-" } },
    );
    assert.deepEqual(parseConverseSettings({}), { serviceTier: undefined, latency: undefined, requestMetadata: {} });
  });
  for (const [what, body] of [
    ["an unknown tier", { serviceTier: { type: "gold" } }],
    ["an unknown latency", { performanceConfig: { latency: "fast" } }],
    ["an empty map", { requestMetadata: {} }],
    ["17 pairs", { requestMetadata: pairs(17) }],
    ["a long key", { requestMetadata: { ["k".repeat(257)]: "v" } }],
    ["a long value", { requestMetadata: { k: "v".repeat(257) } }],
    ["a character outside the set", { requestMetadata: { k: "a<b" } }],
  ] as const) {
    it(`refuses ${what}`, () => assert.throws(() => parseConverseSettings(body), { name: "ValidationException" }));
  }
  it("accepts 16 pairs and refuses values that are not texts", () => {
    assert.equal(Object.keys(parseConverseSettings({ requestMetadata: pairs(16) }).requestMetadata).length, 16);
    assert.throws(() => parseConverseSettings({ requestMetadata: { k: 1 } }), { name: "SerializationException" });
  });
  it("treats a key named __proto__ as a plain entry", () => {
    const { requestMetadata } = parseConverseSettings(JSON.parse('{"requestMetadata":{"__proto__":"x"}}'));
    assert.equal(Object.getPrototypeOf(requestMetadata), Object.prototype);
    assert.deepEqual(Object.keys(requestMetadata), ["__proto__"]);
  });
});

const count = (modelId: string, body: object) => countTokens(catalog, modelId, Buffer.from(JSON.stringify(body)));
const converse = { input: { converse: { messages: [userMessage("12345678")] } } };

describe("countTokens", () => {
  it("counts Converse and invoke bodies", () => {
    assert.deepEqual(count(CLAUDE_BASE, converse), { inputTokens: 2 });
    const body = { anthropic_version: "bedrock-2023-05-31", messages: [{ role: "user", content: "123456789" }] };
    const blob = Buffer.from(JSON.stringify(body)).toString("base64");
    assert.deepEqual(count(CLAUDE_BASE, { input: { invokeModel: { body: blob } } }), { inputTokens: 3 });
  });
  it("accepts a model's ARN; refuses profiles, models but Claude, unknown ones and empty input", () => {
    assert.deepEqual(count(`arn:aws:bedrock:us-east-1::foundation-model/${CLAUDE_BASE}`, converse), { inputTokens: 2 });
    assert.throws(() => count(CLAUDE, converse), {
      name: "ValidationException",
      message: /doesn't support counting tokens/,
    });
    assert.throws(() => count("amazon.nova-pro-v1:0", converse), { message: /doesn't support counting tokens/ });
    assert.throws(() => count("unknown.model", converse), { message: "The provided model identifier is invalid." });
    assert.throws(() => count(CLAUDE_BASE, { input: {} }), { name: "ValidationException" });
    assert.throws(() => countTokens(catalog, CLAUDE_BASE, Buffer.from("{")), { name: "SerializationException" });
  });
});
