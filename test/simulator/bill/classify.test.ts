import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { type BillLine, formatDecimal, parseDecimal } from "../../../simulator/bill/bill-line.ts";
import {
  classifyLine,
  createModelNames,
  isMarketplaceModel,
  modelNameOf,
  usdPerMTok,
} from "../../../simulator/bill/classify.ts";

const NAMES = createModelNames([
  { id: "amazon.nova-lite-v1:0", name: "Nova Lite" },
  { id: "anthropic.claude-haiku-4-5-20251001-v1:0", name: "Claude Haiku 4.5" },
]);
const LINE: BillLine = {
  startMs: 0,
  endMs: 86_400_000,
  kind: "usage",
  costUsd: parseDecimal("1.1")!,
  quantity: parseDecimal("1")!,
  unit: "Units",
  service: "Claude Haiku 4.5 (Amazon Bedrock Edition)",
  usageType: "USE1-MP:USE1_InputTokenCount-Units",
  operation: undefined,
  region: "us-east-1",
  account: undefined,
  identity: undefined,
  tags: {},
  estimated: false,
  line: 1,
};
const read = (change: Partial<BillLine>) => classifyLine({ ...LINE, ...change }, NAMES);

describe("lines of a bill", () => {
  it("of the marketplace name their model in the service and count millions", () => {
    const { spend, modelId, tokenKind, tokens } = read({});
    assert.deepEqual(
      [spend, modelId, tokenKind, formatDecimal(tokens!)],
      ["tokens", "anthropic.claude-haiku-4-5-20251001-v1:0", "input", "1000000"],
    );
    assert.equal(formatDecimal(usdPerMTok(LINE.costUsd, tokens!)!), "1.1");
  });

  it("of first-party models name it in the usage type and count thousands", () => {
    const { modelId, tokens } = read({
      service: "Amazon Bedrock",
      usageType: "USE1-NovaLite-output-tokens",
      unit: "1K tokens",
    });
    assert.deepEqual([modelId, formatDecimal(tokens!)], ["amazon.nova-lite-v1:0", "1000"]);
  });

  it("say what is odd: another region, an unknown model, a unit that counts no tokens", () => {
    assert.match(read({ costUsd: -1n }).remark!, /a cost below zero that the export says is usage/);
    assert.equal(read({ costUsd: -1n, kind: "credit" }).remark, undefined);
    assert.match(read({ region: "eu-west-1" }).remark!, /usage type is of us-east-1, the line of eu-west-1/);
    assert.match(
      read({ service: "Claude Novel 9 (Amazon Bedrock Edition)" }).remark!,
      /Claude Novel 9 is not in the table/,
    );
    assert.match(read({ unit: "GB-Mo" }).remark!, /GB-Mo counts no tokens/);
    assert.equal(read({}).remark, undefined);
  });

  it("are apart: other spend on Bedrock, other services, and what is not said", () => {
    assert.equal(
      read({ service: "Amazon Bedrock", usageType: "USE1-Guardrail-ContentPolicyUnitsConsumed" }).spend,
      "bedrock",
    );
    assert.equal(read({ service: "Amazon Simple Storage Service", usageType: "TimedStorage-ByteHrs" }).spend, "other");
    assert.equal(read({ service: undefined, usageType: undefined }).spend, "unattributed");
    assert.equal(read({ service: undefined }).spend, "tokens");
    assert.equal(read({ service: "New Relic", usageType: "MP:NR_APoF_Overage-Units" }).spend, "other");
    assert.equal(read({ service: "Acme LLM", usageType: "USE1-MP:InputTokens-Units" }).spend, "other");
    assert.equal(read({ service: undefined, usageType: "USE1-Guardrail-TopicPolicyUnitsConsumed" }).spend, "bedrock");
  });

  it("of capacity by the hour are no tokens, and keep their model and tier", () => {
    const reserved = read({ usageType: "USE1-MP:USE1_Reserved_1Month_InputTPM_Geo-Units" });
    assert.deepEqual(
      [reserved.spend, reserved.tokens, reserved.tier, reserved.model],
      ["bedrock", undefined, "reserved", "Claude Haiku 4.5"],
    );
  });

  it("of an opaque product are tokens of a model that the line does not name", () => {
    const opaque = read({ service: "3m2l1hq2mfuiyf1r4m4qu4txn" });
    assert.deepEqual([opaque.spend, opaque.model], ["tokens", undefined]);
    assert.match(opaque.remark!, /does not say of which model/);
    assert.match(
      read({ service: "Amazon Bedrock", usageType: "XYZ9-NovaLite-input-tokens", region: undefined }).remark!,
      /in which region/,
    );
  });
});

const facts = JSON.parse(readFileSync("scenarios/reference/bedrock-models.json", "utf8")) as {
  models: { id: string; name: string }[];
};
const ALL_NAMES = createModelNames(facts.models);

describe("models as bills name them", () => {
  it("are found in the table of models, however they are spelt", () => {
    const known = {
      NovaLite: "amazon.nova-lite-v1:0",
      "Nova2.0Lite": "amazon.nova-2-lite-v1:0",
      "Claude4.6Opus": "anthropic.claude-opus-4-6-v1",
      "Llama3-3-70B": "meta.llama3-3-70b-instruct-v1:0",
      MistralLarge2407: "mistral.mistral-large-2407-v1:0",
      "Claude Sonnet 4.5": "anthropic.claude-sonnet-4-5-20250929-v1:0",
      "OpenAI GPT-5.6 Sol": "openai.gpt-5.6-sol",
      "Cohere Command R+": "cohere.command-r-plus-v1:0",
      CohereCommandRPlus: "cohere.command-r-plus-v1:0",
      "DeepSeek-R1": "deepseek.r1-v1:0",
      "MiniMax-M2.5": "minimax.minimax-m2.5",
      "TitanTextG1-Express": "amazon.titan-text-express-v1",
      "Llama4-Scout-17B": "meta.llama4-scout-17b-instruct-v1:0",
      MistralLarge: "mistral.mistral-large-2402-v1:0",
      "anthropic.claude-opus-4-8": "anthropic.claude-opus-4-8",
      "anthropic.claude-sonnet-4-5": "anthropic.claude-sonnet-4-5-20250929-v1:0",
      "openai.gpt-oss-120b": "openai.gpt-oss-120b-1:0",
      "us.anthropic.claude-haiku-4-5-20251001-v1:0": "anthropic.claude-haiku-4-5-20251001-v1:0",
      "Claude 3.5 Sonnet v2": "anthropic.claude-3-5-sonnet-20241022-v2:0",
    };
    for (const [name, id] of Object.entries(known)) assert.equal(ALL_NAMES.idOf(name), id, name);
    assert.equal(ALL_NAMES.idOf("Claude Novel 9"), undefined);
  });

  it("no two models of the table have one name", () => {
    for (const { id, name } of facts.models) assert.deepEqual([ALL_NAMES.idOf(name), ALL_NAMES.idOf(id)], [id, id]);
  });

  it("are services of their own in the marketplace", () => {
    assert.ok(isMarketplaceModel("Claude Haiku 4.5 (Amazon Bedrock Edition)") && !isMarketplaceModel("Amazon Bedrock"));
    assert.equal(modelNameOf("Claude Haiku 4.5 (Amazon Bedrock Edition)"), "Claude Haiku 4.5");
  });
});
