import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AWS_REGIONS } from "../../../simulator/base/regions.ts";
import { featureOf, REGION_OF_USAGE_PREFIX, readUsageType, tokensPerUnit } from "../../../simulator/bill/usage-type.ts";

/** Usage types as they stand in public price lists and bills, and what a person reads in them. */
const KNOWN: readonly (readonly [string, string])[] = [
  ["USE1-NovaPro-input-tokens", "us-east-1 input standard regional NovaPro"],
  ["USE1-NovaLite-output-tokens-batch", "us-east-1 output batch regional NovaLite"],
  ["EUN1-NovaMicro-input-tokens-flex", "eu-north-1 input flex regional NovaMicro"],
  ["USW2-NovaPro-input-tokens-priority", "us-west-2 input priority regional NovaPro"],
  ["USE2-NovaPro-output-tokens-latency-optimized", "us-east-2 output latency-optimized regional NovaPro"],
  ["APN1-Nova2.0Lite-input-tokens-cross-region-global", "ap-northeast-1 input standard global Nova2.0Lite"],
  ["USE1-Claude4.6Opus-input-tokens-cross-region-global", "us-east-1 input standard global Claude4.6Opus"],
  [
    "USE1-Claude4.6Opus-cache-read-input-token-count-cross-region-global",
    "us-east-1 cacheRead standard global Claude4.6Opus",
  ],
  ["USE1-Llama3-3-70B-input-tokens", "us-east-1 input standard regional Llama3-3-70B"],
  ["EUC1-MP:EUC1_OutputTokenCount-Units", "eu-central-1 output standard regional"],
  ["USE1-MP:USE1_InputTokenCount_Global-Units", "us-east-1 input standard global"],
  ["APS1-MP:APS1_CacheReadInputTokenCount-Units", "ap-southeast-1 cacheRead standard regional"],
  ["APS2-MP:APS2_CacheWriteInputTokenCount_Global-Units", "ap-southeast-2 cacheWrite standard global"],
  ["USE1-MP:USE1_input_tokens_standard-Units", "us-east-1 input standard regional"],
  ["USE1-MP:USE1_cache_write_tokens_1h_global_standard-Units", "us-east-1 cacheWrite1h standard global"],
  ["APN1-MP:APN1_MillionBatchInputTokens", "ap-northeast-1 input batch regional"],
  ["USE1-MP:USE1_Reserved_1Month_InputTPM_Geo", "us-east-1 reserved regional"],
  ["USE1_input_tokens_standard-Units", "us-east-1 input standard regional"],
  ["USW2-MP:USW2_input_tokens_long_ctx_global_standard-Units", "us-west-2 input standard global long"],
  ["USW2-MP:USW2_cache_write_tokens_30m_standard-Units", "us-west-2 cacheWrite standard regional"],
  ["USE1-MP:USE1_CacheWrite1hInputTokenCount-Units", "us-east-1 cacheWrite1h standard regional"],
  ["USE1-Claude4.6Opus-cache-write-1h-input-token-count", "us-east-1 cacheWrite1h standard regional Claude4.6Opus"],
  ["USE1-Claude4Sonnet-input-tokens-long-context", "us-east-1 input standard regional Claude4Sonnet long"],
  [
    "USW2-anthropic.claude-opus-4-8-mantle-cache-write-tokens-global-standard",
    "us-west-2 cacheWrite standard global anthropic.claude-opus-4-8",
  ],
  ["USE1-openai.gpt-oss-120b-mantle-output-tokens-flex", "us-east-1 output flex regional openai.gpt-oss-120b"],
  ["USE1-Llama4-Maverick-17B-input-tokens-batch", "us-east-1 input batch regional Llama4-Maverick-17B"],
  ["EU-Qwen3-VL-235B-A22B-input-tokens", "eu-west-1 input standard regional Qwen3-VL-235B-A22B"],
  ["USE1-Nova2.0Pro-text-input-tokens-priority-cross-region-global", "us-east-1 input priority global Nova2.0Pro"],
  ["USE2-Llama3-1-70B-Latency-Optimized-input-tokens", "us-east-2 input latency-optimized regional Llama3-1-70B"],
  ["EU-NovaLite-input-tokens", "eu-west-1 input standard regional NovaLite"],
];

function words(usageType: string): string {
  const { region, tokenKind, tier, routing, model, isLongPrompt } = readUsageType(usageType);
  return [region, tokenKind, tier, routing, model, isLongPrompt ? "long" : undefined]
    .filter((word) => word !== undefined)
    .join(" ");
}

describe("usage types", () => {
  for (const [usageType, meaning] of KNOWN) it(usageType, () => assert.equal(words(usageType), meaning));

  it("takes nothing for tokens that is none", () => {
    for (const other of [
      "TimedStorage-ByteHrs",
      "USE1-Guardrail-ContentPolicyUnitsConsumed",
      "USE1-NovaCanvas-T2I-1024-Standard",
      "USE1-TitanEmbedV2-Text-embedding-input-tokens",
      "USE1-NovaPro-ProvisionedThroughput-ModelUnits",
      "USE1-Qwen3-32B-ProvisionedThroughput-NoCommit-ModelUnits",
      "USE1-TitanEmbeddingsG1-Text-input-tokens",
      "USE1-NovaMicro-output-tokens-custom-model",
      "USE1-Qwen3-32B-input-image-token-count",
      "",
    ])
      assert.equal(readUsageType(other).tokenKind, undefined, other);
  });

  it("says what other usage of Bedrock is for", () => {
    const features = {
      "USE1-Guardrail-ContentPolicyUnitsConsumed": "guardrails",
      "USE1-KnowledgeBase-StructuredDataRetrieval": "knowledge bases",
      "USE1-CustomModelImport-v1.0-ModelUnits": "custom model import",
      "USE1-NovaPro-ProvisionedThroughput-NoCommit-ModelUnits": "provisioned throughput",
      "USE1-MP:USE1_Reserved_1Month_InputTPM_Geo-Units": "reserved capacity",
      "USE1-Qwen3-32B-input-tokens-custom-model": "model customization",
      "USE1-cohere.rerank-english-v3-search-units": "rerank",
      "EU-TitanEmbeddingV2-Text-input-tokens": "embeddings",
      "USE1-NovaCanvas-T2I-1024-Standard": "images",
      "USE1-SomethingNew-Units": "other",
    };
    for (const [usageType, feature] of Object.entries(features)) assert.equal(featureOf(usageType), feature, usageType);
  });

  it("reads units, and never assumes one", () => {
    assert.equal(tokensPerUnit("1K tokens", false), 1000);
    assert.equal(tokensPerUnit("1M tokens", true), 1_000_000);
    assert.equal(tokensPerUnit("Units", true), 1_000_000);
    assert.equal(tokensPerUnit("Units", false), undefined);
    assert.equal(tokensPerUnit("GB-Mo", true), undefined);
    assert.equal(tokensPerUnit(undefined, true), undefined);
  });
});

describe("prefixes of usage types", () => {
  it("name regions that exist", () => {
    const known = new Set(AWS_REGIONS.map(({ id }) => id));
    assert.deepEqual(
      Object.values(REGION_OF_USAGE_PREFIX).filter((region) => !known.has(region)),
      [],
    );
  });

  it("do not follow the regions' names in Asia", () => {
    const { APS1, APS2, APS3, APS4 } = REGION_OF_USAGE_PREFIX;
    assert.deepEqual([APS1, APS2, APS3, APS4], ["ap-southeast-1", "ap-southeast-2", "ap-south-1", "ap-southeast-3"]);
  });
});
