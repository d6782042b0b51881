import type { CatalogData, ModelInfo, ProfileInfo } from "./catalog.ts";

/**
 * A small catalogue for an emulator without a scenario: a few models of each body format and their profiles.
 * Source: ListInferenceProfiles output collected per region, 2026-08-21; limits from the vendors' model cards.
 */
const US = ["us-east-1", "us-east-2", "us-west-2"];
const EU = ["eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-3"];
const EU_NOVA = ["eu-central-1", "eu-north-1", "eu-west-1", "eu-west-3"];
const JP = ["ap-northeast-1", "ap-northeast-3"];
const AU = ["ap-southeast-2", "ap-southeast-4"];
const APAC_SOURCES = ["ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2"];
const APAC = [...APAC_SOURCES, "ap-northeast-3"];
const GLOBAL = [
  ...US,
  "us-west-1",
  ...EU,
  "eu-west-2",
  ...JP,
  ...AU,
  "ap-northeast-2",
  "ap-south-1",
  "ap-southeast-1",
  "ca-central-1",
  "sa-east-1",
];

const SONNET = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0";
const CLAUDE_3_HAIKU = "anthropic.claude-3-haiku-20240307-v1:0";
const NOVA_PRO = "amazon.nova-pro-v1:0";
const NOVA_LITE = "amazon.nova-lite-v1:0";
const LLAMA = "meta.llama3-3-70b-instruct-v1:0";

export const DEFAULT_CATALOG: CatalogData = {
  models: [
    model(SONNET, "Claude Sonnet 4.5", [], 200_000, 64_000),
    model(HAIKU, "Claude Haiku 4.5", [], 200_000, 64_000),
    model(CLAUDE_3_HAIKU, "Claude 3 Haiku", GLOBAL, 200_000, 4096),
    model(NOVA_PRO, "Nova Pro", ["us-east-1", "us-gov-west-1"], 300_000, 10_000),
    model(NOVA_LITE, "Nova Lite", ["us-east-1", "us-gov-west-1"], 300_000, 10_000),
    model(LLAMA, "Llama 3.3 70B Instruct", ["us-east-2"], 128_000, 8192),
    model("mistral.mistral-large-2407-v1:0", "Mistral Large (24.07)", ["us-west-2"], 128_000, 8192),
    model("mistral.mistral-7b-instruct-v0:2", "Mistral 7B Instruct", GLOBAL, 32_000, 8192),
    model("amazon.titan-text-express-v1", "Titan Text G1 - Express", GLOBAL, 8000, 8192),
    model("cohere.command-r-v1:0", "Command R", ["us-east-1", "us-west-2"], 128_000, 4000),
    model("openai.gpt-oss-120b-1:0", "gpt-oss-120b", GLOBAL, 128_000, 16_384),
  ],
  profiles: [
    ...claudeProfiles(SONNET),
    ...claudeProfiles(HAIKU),
    ...novaProfiles(NOVA_PRO),
    ...novaProfiles(NOVA_LITE),
    geographic("us", LLAMA, US, US),
  ],
};

/** Regions in which a fleet without a scenario listens. */
export const DEFAULT_REGIONS = ["us-east-1", "us-west-2", "eu-west-1", "ap-northeast-1", "ap-southeast-2"] as const;

function model(
  modelId: string,
  modelName: string,
  onDemandRegions: readonly string[],
  contextTokens: number,
  maxOutputTokens: number,
): ModelInfo {
  return { modelId, modelName, onDemandRegions, contextTokens, maxOutputTokens };
}

function claudeProfiles(modelId: string): ProfileInfo[] {
  return [
    geographic("us", modelId, [...US, "us-west-1", "ca-central-1"], US),
    geographic("eu", modelId, [...EU, "eu-west-2", "eu-central-2"], EU),
    geographic("jp", modelId, JP, JP),
    geographic("au", modelId, AU, AU),
    { ...geographic("global", modelId, GLOBAL, GLOBAL), kind: "global" },
  ];
}

function novaProfiles(modelId: string): ProfileInfo[] {
  return [
    geographic("us", modelId, [...US, "us-west-1"], US),
    geographic("eu", modelId, EU_NOVA, EU_NOVA),
    geographic("apac", modelId, APAC_SOURCES, APAC),
  ];
}

/** A source outside the core set adds itself to its destinations. */
function geographic(prefix: string, modelId: string, sources: readonly string[], core: readonly string[]): ProfileInfo {
  const destinationsBySource = Object.fromEntries(
    sources.map((source) => [source, core.includes(source) ? core : [...core, source]]),
  );
  return { profileId: `${prefix}.${modelId}`, modelId, kind: "geographic", destinationsBySource };
}
