import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { InferenceOperation } from "../../../emulator/http/router.ts";
import { parseCall } from "../../../emulator/inference/call.ts";
import { refuseByRules, refuseFeatures } from "../../../emulator/inference/rules.ts";
import { bundledFacts, notEnforced, rulesOf } from "../../../emulator/model/facts.ts";

const HAIKU_45 = "anthropic.claude-haiku-4-5-20251001-v1:0";
const SONNET_45 = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const SONNET_46 = "anthropic.claude-sonnet-4-6";
const OPUS_47 = "anthropic.claude-opus-4-7";
const FABLE_5 = "anthropic.claude-fable-5";
const SONNET_37 = "anthropic.claude-3-7-sonnet-20250219-v1:0";
const NOVA = "amazon.nova-pro-v1:0";

/** The message of the refusal of a request; undefined if it is accepted. */
function refusal(operation: InferenceOperation, modelId: string, body: object): string | undefined {
  const model = {
    modelId,
    modelName: modelId,
    onDemandRegions: ["us-east-1"],
    maxOutputTokens: 64_000,
    burndown: 1,
    ...rulesOf(modelId),
  };
  const resolved = { model, profile: undefined, destinations: ["us-east-1"], shownId: modelId };
  const bytes = Buffer.from(JSON.stringify(body));
  try {
    parseCall({ requestId: "r", region: "us-east-1", accountId: "1", operation, resolved, headers: {}, body: bytes });
    return undefined;
  } catch (error) {
    assert.equal((error as Error).name, "ValidationException");
    return (error as Error).message;
  }
}

const converse = (modelId: string, rest: object) =>
  refusal("Converse", modelId, { messages: [{ role: "user", content: [{ text: "Hello" }] }], ...rest });
const invoke = (modelId: string, rest: object) =>
  refusal("InvokeModel", modelId, {
    anthropic_version: "bedrock-2023-05-31",
    max_tokens: 9000,
    messages: [{ role: "user", content: "Hello" }],
    ...rest,
  });
const model = (text: string) => `The model returned the following errors: ${text}`;

describe("context window", () => {
  const TOO_LONG = "Input is too long for requested model.";
  const BETA = { anthropic_beta: ["context-1m-2025-08-07"] };
  for (const [modelId, tokens, beta, expected] of [
    [SONNET_46, 250_000, false, undefined],
    [SONNET_46, 1_000_000, false, undefined],
    [SONNET_46, 1_000_001, false, TOO_LONG],
    [SONNET_45, 200_000, false, undefined],
    [SONNET_45, 250_000, false, TOO_LONG],
    [SONNET_45, 250_000, true, undefined],
    [SONNET_45, 1_000_001, true, TOO_LONG],
    [HAIKU_45, 250_000, false, TOO_LONG],
    [HAIKU_45, 250_000, true, TOO_LONG],
  ] as const) {
    it(`${modelId} ${expected === undefined ? "reads" : "refuses"} ${tokens} tokens ${beta ? "with" : "without"} the beta`, () => {
      const stated = { requestMetadata: { inputTokens: String(tokens) } };
      assert.equal(converse(modelId, { ...stated, ...(beta && { additionalModelRequestFields: BETA }) }), expected);
      const messages = [{ role: "user", content: "abcd".repeat(tokens) }];
      assert.equal(invoke(modelId, { messages, ...(beta && BETA) }), expected);
    });
  }
  it("refuses sizes that are none", () => {
    for (const inputTokens of ["-5", "1e3", "abc", "", "9999999999"]) {
      assert.match(
        converse(HAIKU_45, { requestMetadata: { inputTokens } }) ?? "",
        /^requestMetadata\.inputTokens states/,
      );
    }
    assert.match(converse(HAIKU_45, { requestMetadata: { outputTokens: "0" } }) ?? "", /whole number from 1/);
  });
  it("refuses a longer answer than the model writes", () => {
    assert.match(
      converse(HAIKU_45, { inferenceConfig: { maxTokens: 64_001 } }) ?? "",
      /^The maximum tokens you requested/,
    );
  });
});

describe("cache checkpoints", () => {
  const point = (ttl?: string) => ({ cachePoint: { type: "default", ...(ttl && { ttl }) } });
  const system = (...ttls: (string | undefined)[]) => ({ system: ttls.flatMap((ttl) => [{ text: "x" }, point(ttl)]) });
  const blocks = (...ttls: (string | undefined)[]) => ({
    system: ttls.map((ttl) => ({ type: "text", text: "x", cache_control: { type: "ephemeral", ...(ttl && { ttl }) } })),
  });
  it("are four at most", () => {
    const text = "A maximum of 4 blocks with cache_control may be provided. Found 5.";
    assert.equal(converse(HAIKU_45, system("5m", "5m", "5m", "5m")), undefined);
    assert.equal(converse(HAIKU_45, system("5m", "5m", "5m", "5m", "5m")), model(text));
    assert.equal(invoke(HAIKU_45, blocks("5m", "5m", "5m", "5m", "5m")), text);
    const tools = { tools: [{ toolSpec: { name: "t", inputSchema: { json: {} } } }, point()] };
    assert.equal(converse(HAIKU_45, { ...system("5m", "5m", "5m", "5m"), toolConfig: tools }), model(text));
  });
  it("do not live longer than those before", () => {
    const text = /^system\.\d\.cache_control\.ttl: a ttl='1h' cache_control block must not come after a ttl='5m'/;
    assert.equal(converse(HAIKU_45, system("1h", "5m")), undefined);
    assert.match(converse(HAIKU_45, system(undefined, "1h"))?.replace(model(""), "") ?? "", text);
    assert.match(invoke(HAIKU_45, blocks(undefined, "1h")) ?? "", text);
    assert.equal(invoke(HAIKU_45, blocks("1h", undefined, "5m")), undefined);
  });
  it("live as long as the model offers", () => {
    assert.equal(invoke(SONNET_37, blocks("5m")), undefined);
    assert.equal(invoke(SONNET_37, blocks("1h")), "system.0.cache_control.ttl: Extra inputs are not permitted");
    assert.match(converse(NOVA, system("1h")) ?? "", /cache_control\.ttl/);
  });
});

describe("sampling parameters", () => {
  const both = "`temperature` and `top_p` cannot both be specified for this model. Please use only one.";
  it("exclude each other where the model says so", () => {
    const config = { inferenceConfig: { temperature: 0.5, topP: 0.9 } };
    for (const modelId of [SONNET_45, HAIKU_45, SONNET_46]) assert.equal(converse(modelId, config), model(both));
    assert.equal(invoke(SONNET_45, { temperature: 0.5, top_p: 0.9 }), both);
    assert.equal(converse(NOVA, config), undefined);
    assert.equal(converse(SONNET_45, { inferenceConfig: { temperature: 0.5 } }), undefined);
  });
  it("are refused, but for their defaults, where the model has none", () => {
    assert.equal(invoke(OPUS_47, { temperature: 0.5 }), "`temperature` is deprecated for this model.");
    assert.equal(invoke(OPUS_47, { top_k: 5 }), "`top_k` is deprecated for this model.");
    assert.equal(invoke(OPUS_47, { temperature: 1 }), undefined);
  });
});

describe("conversations with Claude", () => {
  const PREFILL =
    "This model does not support assistant message prefill. The conversation must end with a user message.";
  const begun = (text: string) => ({
    messages: [
      { role: "user", content: [{ text: "Hello" }] },
      { role: "assistant", content: [{ text }] },
    ],
  });
  it("end with the user where the model does not go on with an answer, and without a blank where it does", () => {
    assert.equal(converse(SONNET_46, begun("I")), model(PREFILL));
    assert.equal(converse(SONNET_45, begun("I think")), undefined);
    assert.match(converse(SONNET_45, begun("I "))!, /final assistant content cannot end with trailing whitespace$/);
    assert.equal(converse(NOVA, begun("I ")), undefined);
    const messages = [
      { role: "user", content: "Hello" },
      { role: "assistant", content: "I" },
    ];
    assert.equal(invoke(OPUS_47, { messages }), PREFILL);
    assert.equal(invoke(SONNET_45, { messages }), undefined);
  });
  it("have no stop sequences of blanks", () => {
    const blank = "stop_sequences: each stop sequence must contain non-whitespace";
    assert.equal(converse(SONNET_45, { inferenceConfig: { stopSequences: ["a", " \n"] } }), model(blank));
    assert.equal(invoke(SONNET_45, { stop_sequences: [" "] }), blank);
    assert.equal(converse(NOVA, { inferenceConfig: { stopSequences: [" "] } }), undefined);
  });
  it("name each tool once", () => {
    const spec = { toolSpec: { name: "t", inputSchema: { json: { type: "object" } } } };
    const toolConfig = { tools: [spec, spec] };
    assert.equal(converse(SONNET_45, { toolConfig }), model("tools: Tool names must be unique."));
    const tool = { name: "t", input_schema: { type: "object" } };
    assert.equal(invoke(SONNET_45, { tools: [tool, tool] }), "tools: Tool names must be unique.");
    assert.equal(invoke(SONNET_45, { tools: [tool, { ...tool, name: "u" }] }), undefined);
  });
});

describe("latency-optimised calls", () => {
  const messages = [{ role: "user", content: [{ text: "Hello" }] }];
  const asked = (modelId: string, prefix: string | undefined, region: string, rest: object = {}) => {
    const own = { modelId, modelName: modelId, onDemandRegions: [region], maxOutputTokens: 64_000, burndown: 1 };
    const profile =
      prefix === undefined
        ? undefined
        : { profileId: `${prefix}.${modelId}`, modelId, kind: "geographic" as const, destinationsBySource: {} };
    const resolved = { model: { ...own, ...rulesOf(modelId) }, profile, destinations: [region], shownId: modelId };
    const body = Buffer.from(JSON.stringify({ messages, performanceConfig: { latency: "optimized" }, ...rest }));
    try {
      parseCall({ requestId: "r", region, accountId: "1", operation: "Converse", resolved, headers: {}, body });
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  };
  const HAIKU_35 = "anthropic.claude-3-5-haiku-20241022-v1:0";
  const refused = (modelId: string, region: string) =>
    `Latency performance configuration is not supported for ${modelId} in ${region}`;

  for (const [modelId, prefix, region, expected] of [
    [NOVA, "us", "us-east-1", undefined],
    [NOVA, undefined, "us-east-1", refused(NOVA, "us-east-1")],
    [NOVA, "eu", "eu-west-1", refused(NOVA, "eu-west-1")],
    [HAIKU_35, "us", "us-east-2", undefined],
    [HAIKU_35, "us", "us-east-1", refused(HAIKU_35, "us-east-1")],
    [OPUS_47, "us", "us-east-1", refused(OPUS_47, "us-east-1")],
    ["acme.own-v1", undefined, "us-east-1", undefined],
  ] as const) {
    it(`of ${prefix ?? "the bare id"} ${modelId} in ${region} are ${expected === undefined ? "taken" : "refused"}`, () => {
      assert.equal(asked(modelId, prefix, region), expected);
      assert.equal(asked(modelId, prefix, region, { performanceConfig: { latency: "standard" } }), undefined);
    });
  }

  it("have no cache checkpoints with Claude", () => {
    const system = [{ text: "Hello" }, { cachePoint: { type: "default" } }];
    assert.match(asked(HAIKU_35, "us", "us-east-2", { system })!, /: system\.\d\.cache_control: Extra inputs/);
    assert.equal(asked(NOVA, "us", "us-east-1", { system }), undefined);
  });
});

describe("thinking", () => {
  const budget = (budget_tokens: number) => ({ thinking: { type: "enabled", budget_tokens } });
  const adaptive = { thinking: { type: "adaptive" } };
  for (const [what, modelId, body, expected] of [
    ["a budget", HAIKU_45, budget(4000), undefined],
    ["too small a budget", HAIKU_45, budget(1023), /greater than or equal to 1024/],
    ["a budget of max_tokens", HAIKU_45, budget(9000), /`max_tokens` must be greater than `thinking\.budget_tokens`/],
    ["adaptive thinking of an older model", HAIKU_45, adaptive, /adaptive thinking is not supported/],
    ["a budget for a newer model", OPUS_47, budget(2000), /"thinking\.type\.enabled" is not supported/],
    ["adaptive thinking", OPUS_47, adaptive, undefined],
    ["either for the models between", SONNET_46, budget(2000), undefined],
    ["thinking off where it is always on", FABLE_5, { thinking: { type: "disabled" } }, /disabled is not supported/],
    [
      "a model that does not think",
      "anthropic.claude-3-haiku-20240307-v1:0",
      budget(2000),
      /not supported for this model/,
    ],
    ["a temperature", HAIKU_45, { ...budget(2000), temperature: 0.5 }, /`temperature` may only be set to 1/],
    ["a small top_p", HAIKU_45, { ...budget(2000), top_p: 0.5 }, /`top_p` must be greater than or equal to 0\.95/],
    ["top_k", HAIKU_45, { ...budget(2000), top_k: 5 }, /`top_k` must be unset/],
    [
      "a forced tool",
      HAIKU_45,
      { ...budget(2000), tools: [{ name: "t", input_schema: {} }], tool_choice: { type: "any" } },
      /tool_choice forces tool use/,
    ],
    ["an unknown type", HAIKU_45, { thinking: { type: "deep" } }, /does not match any of the expected tags/],
    ["no budget", HAIKU_45, { thinking: { type: "enabled" } }, /budget_tokens: Field required/],
  ] as const) {
    it(`${expected === undefined ? "accepts" : "refuses"} ${what}`, () => {
      const said = invoke(modelId, body);
      if (expected === undefined) assert.equal(said, undefined);
      else assert.match(said ?? "", expected);
    });
  }
  it("with a budget begins the message whose tools are answered last", () => {
    const use = { type: "tool_use", id: "a", name: "t", input: {} };
    const thought = { type: "thinking", thinking: "x", signature: "s" };
    const asked = (...content: object[]) => ({
      tools: [{ name: "t", input_schema: {} }],
      messages: [
        { role: "user", content: "Hello" },
        { role: "assistant", content },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "a", content: "ok" }] },
      ],
    });
    const refused =
      /^messages\.1\.content\.0\.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`\. /;
    assert.match(invoke(HAIKU_45, { ...asked(use), ...budget(2000) })!, refused);
    assert.equal(invoke(HAIKU_45, { ...asked(thought, use), ...budget(2000) }), undefined);
    assert.equal(invoke(HAIKU_45, asked(use)), undefined);
    assert.equal(invoke(OPUS_47, { ...asked(use), ...adaptive }), undefined);
    const messages = [
      { role: "user", content: [{ text: "Hello" }] },
      { role: "assistant", content: [{ text: "Well" }, { toolUse: { toolUseId: "a", name: "t", input: {} } }] },
      { role: "user", content: [{ toolResult: { toolUseId: "a", content: [] } }] },
    ];
    const toolConfig = { tools: [{ toolSpec: { name: "t", inputSchema: { json: { type: "object" } } } }] };
    const body = { messages, toolConfig, inferenceConfig: { maxTokens: 9000 } };
    assert.match(
      converse(HAIKU_45, { ...body, additionalModelRequestFields: budget(2000) })!,
      /^The model returned the following errors: messages\.1\.content\.0\.type: Expected `thinking` .* found `text`\. /,
    );
  });
  it("is asked of Converse in its additional fields, which may hold nothing unknown", () => {
    const additional = (fields: object) => converse(HAIKU_45, { additionalModelRequestFields: fields });
    assert.equal(additional(budget(2000)), undefined);
    assert.match(additional(budget(64_000)) ?? "", /^The model returned the following errors: `max_tokens` must be/);
    assert.equal(additional({ foo: 1 }), model("foo: Extra inputs are not permitted"));
    const ofNova = (fields: object) => converse(NOVA, { additionalModelRequestFields: fields });
    assert.equal(ofNova({ inferenceConfig: { topK: 20 } }), undefined);
    const refused =
      "Malformed input request: #: extraneous key [topK] is not permitted, please reformat your input and try again.";
    assert.equal(ofNova({ topK: 20 }), model(refused));
  });
});

describe("a model of which nothing is known", () => {
  it("refuses only answers longer than its limit", () => {
    const point = { prefixId: "p", tokens: 1, ttlMs: 3_600_000 };
    const prompt = {
      inputTokens: 9_000_000,
      cachePoints: Array(9).fill(point),
      maxTokens: 10,
      stopSequences: [],
      tool: undefined,
      sampling: { temperature: 0.5, topP: 0.5 },
      thinking: { mode: "budget", budgetTokens: 1, isShown: true },
    } as const;
    const own = { modelId: "my.model", maxOutputTokens: 10 };
    refuseByRules(prompt, prompt.inputTokens, own, false);
    assert.throws(() => refuseByRules({ ...prompt, maxTokens: 11 }, 1, own, false), { name: "ValidationException" });
  });
});

describe("notEnforced", () => {
  it("says what is not known of a model, and nothing of those that are", () => {
    const known = [SONNET_45, NOVA].map((modelId) => ({ modelId, ...rulesOf(modelId) }));
    assert.deepEqual(notEnforced(known), []);
    const own = [{ modelId: "anthropic.claude-next", ...rulesOf("anthropic.claude-next") }];
    assert.match(notEnforced(own)[0] ?? "", /^anthropic\.claude-next: context window, .*smallest prefix.* not known/);
  });
});

const TITAN = "amazon.titan-text-express-v1";
const MISTRAL_7B = "mistral.mistral-7b-instruct-v0:2";
const LLAMA_33 = "meta.llama3-3-70b-instruct-v1:0";
const MAVERICK = "meta.llama4-maverick-17b-instruct-v1:0";
const SONNET = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const MICRO = "amazon.nova-micro-v1:0";

const text = { text: "Hello" };
const said = (...content: object[]) => ({ messages: [{ role: "user", content }] });
const tools = [{ toolSpec: { name: "t", inputSchema: { json: {} } } }];
const image = { image: { format: "png", source: { bytes: "aGk=" } } };
const document = { document: { format: "pdf", name: "a", source: { bytes: "aGk=" } } };
const point = { cachePoint: { type: "default" } };

function refusalOf(modelId: string, body: object, isStream = false): string | undefined {
  try {
    refuseFeatures(body as never, bundledFacts().fact(modelId, "converseLacks")?.value, isStream);
    return undefined;
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}

describe("what Converse refuses of a model", () => {
  for (const [what, modelId, body, expected, isStream] of [
    ["a system prompt", MISTRAL_7B, { ...said(text), system: [text] }, /doesn't support system messages\. Try again/],
    ["tools", TITAN, { ...said(text), toolConfig: { tools } }, /Validation.*This model doesn't support tool use\.$/],
    ["an image", TITAN, said(text, image), /doesn't support the image content block that you provided/],
    ["a document", MICRO, said(text, document), /doesn't support documents/],
    ["a document", TITAN, said(text, document), undefined],
    ["tools", LLAMA_33, { ...said(text), toolConfig: { tools } }, undefined],
    ["streamed tools", MAVERICK, { ...said(text), toolConfig: { tools } }, /tool use in streaming mode\.$/, true],
    [
      "a choice",
      LLAMA_33,
      { ...said(text), toolConfig: { tools, toolChoice: { any: {} } } },
      /toolChoice\.any field\. Rem/,
    ],
    ["a free choice", LLAMA_33, { ...said(text), toolConfig: { tools, toolChoice: { auto: {} } } }, undefined],
    [
      "a checkpoint",
      LLAMA_33,
      said(text, point),
      /^AccessDeniedException: You invoked an unsupported model or your req/,
    ],
    ["a checkpoint", SONNET, said(text, image, point), undefined],
    ["everything", "acme.own-v1", { ...said(image, document, point), toolConfig: { tools } }, undefined],
  ] as const) {
    it(`${modelId} ${expected === undefined ? "takes" : "lacks"} ${what}`, () => {
      const found = refusalOf(modelId, body, isStream);
      if (expected === undefined) assert.equal(found, undefined);
      else assert.match(found ?? "", expected);
    });
  }
});
