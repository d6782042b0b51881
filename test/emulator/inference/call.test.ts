import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { InferenceOperation } from "../../../emulator/backend.ts";
import { createCatalog } from "../../../emulator/catalog.ts";
import { DEFAULT_CATALOG } from "../../../emulator/default-catalog.ts";
import { parseCall } from "../../../emulator/inference/call.ts";
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
  it("makes a Converse body the backend's call", () => {
    const { call } = parse("ConverseStream", CLAUDE, {
      messages: [userMessage("12345678")],
      inferenceConfig: { maxTokens: 70 },
      serviceTier: { type: "flex" },
      performanceConfig: { latency: "optimized" },
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
        maxTokens: 70,
        modelMaxTokens: 64_000,
        wantedOutputTokens: 33,
        stopAtTokens: undefined,
        serviceTier: "flex",
        latencyOptimized: true,
        requestMetadata: { inputTokens: "5000", outputTokens: "33", team: "a" },
        accountId: "1",
      },
    );
  });

  it("takes an invoke body's settings from headers", () => {
    const { call } = parse(
      "InvokeModel",
      TITAN,
      { inputText: "12345678" },
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

  it("ends at a stop sequence, and asks for a forced tool's length", () => {
    const stopped = parse("Converse", CLAUDE, {
      messages: [userMessage()],
      inferenceConfig: { stopSequences: ["see"] },
    });
    assert.equal(stopped.call.stopAtTokens, 2);
    const toolConfig = { tools: [{ toolSpec: { name: "t", inputSchema: { json: {} } } }], toolChoice: { any: {} } };
    const tool = parse("Converse", CLAUDE, { messages: [userMessage()], toolConfig });
    assert.equal(tool.call.wantedOutputTokens, 1);
  });

  it("keeps checkpoints within the caller's own count", () => {
    const content = [{ text: "x".repeat(8000) }, { cachePoint: { type: "default" } }];
    const body = { messages: [{ role: "user", content }], requestMetadata: { inputTokens: "100" } };
    assert.equal(parse("Converse", CLAUDE, body).call.cachePoints[0]?.tokens, 100);
  });

  it("refuses broken JSON as each operation does", () => {
    assert.throws(() => parse("Converse", CLAUDE, "{"), { name: "SerializationException" });
    assert.throws(() => parse("InvokeModel", TITAN, "{"), {
      name: "ValidationException",
      message: /^Malformed input request: /,
    });
    const headers = { "x-amzn-bedrock-request-metadata": "[1]" };
    assert.throws(() => parse("InvokeModel", TITAN, { inputText: "x" }, headers), { name: "ValidationException" });
    assert.throws(
      () => parse("InvokeModel", TITAN, { inputText: "x", textGenerationConfig: { maxTokenCount: 9000 } }),
      { message: /exceeds the model limit of 8192/ },
    );
  });
});
