import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { DEFAULT_CATALOG } from "../../../emulator/model/catalog.ts";
import {
  bareModelId,
  createModelFacts,
  type FactName,
  modelFactsSchema,
} from "../../../simulator/service/model-facts.ts";
import { quotaDataSchema } from "../../../simulator/service/quota/default-quotas.ts";
import { PROFILE_DATA } from "./fixtures.ts";
import { BOOK_DATA } from "./pricing/fixtures.ts";

function json(file: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../../scenarios/reference/${file}`, import.meta.url), "utf8"));
}

const RAW = json("bedrock-models.json") as Record<string, unknown> & {
  models: { id: string; name: string }[];
  facts: Record<FactName, Record<string, unknown>[]>;
};
const facts = createModelFacts(modelFactsSchema().parse(RAW));
const QUOTAS = quotaDataSchema().parse(json("bedrock-quotas.json"));

const SONNET_4 = "anthropic.claude-sonnet-4-20250514-v1:0";
const SONNET_45 = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const HAIKU_45 = "anthropic.claude-haiku-4-5-20251001-v1:0";

/** Values of one fact, by model id without the vendor. */
function valuesOf(name: FactName, ids: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(ids.map((id) => [id, facts.fact(`anthropic.claude-${id}`, name)?.value]));
}

describe("values that public reports and AWS's pages state", () => {
  it("burndown: 15 for Opus 4.8, 10 for Claude 5, 5 from 3.7 to 4.7, 1 for the others", () => {
    const expected = {
      "opus-4-8": 15,
      "sonnet-5": 10,
      "opus-5": 10,
      "3-7-sonnet-20250219-v1:0": 5,
      "sonnet-4-20250514-v1:0": 5,
      "opus-4-20250514-v1:0": 5,
      "opus-4-1-20250805-v1:0": 5,
      "sonnet-4-5-20250929-v1:0": 5,
      "haiku-4-5-20251001-v1:0": 5,
      "opus-4-5-20251101-v1:0": 5,
      "opus-4-6-v1": 5,
      "sonnet-4-6": 5,
      "opus-4-7": 5,
      "3-5-sonnet-20240620-v1:0": 1,
      "3-haiku-20240307-v1:0": 1,
      "opus-5-5": undefined,
      "sonnet-5-5": undefined,
      "fable-5": undefined,
    };
    assert.deepEqual(valuesOf("burndown", Object.keys(expected)), expected);
    assert.equal(facts.fact("openai.gpt-5.6-terra", "burndown")?.value, 10);
    assert.equal(facts.fact("amazon.nova-pro-v1:0", "burndown")?.value, 1);
  });

  // 60k tokens a minute by the clock, one call every 2 s, 500 in and 500 out, 30 minutes, no retries.
  it("the burndown of Opus 4.8 serves 240 of 899 calls, that of Sonnet 4.6 600", () => {
    const replay = (burndown: number): { served: number; throttled: number } => {
      const counts = { served: 0, throttled: 0 };
      const used = new Map<number, number>();
      for (let atSeconds = 2; atSeconds < 1800; atSeconds += 2) {
        const minute = Math.floor(atSeconds / 60);
        const before = used.get(minute) ?? 0;
        const admitted = before + 500 + 500 <= 60_000;
        if (admitted) used.set(minute, before + 500 + 500 * burndown);
        counts[admitted ? "served" : "throttled"]++;
      }
      return counts;
    };
    assert.deepEqual(replay(facts.fact("us.anthropic.claude-opus-4-8", "burndown")!.value), {
      served: 240,
      throttled: 659,
    });
    assert.deepEqual(replay(facts.fact("us.anthropic.claude-sonnet-4-6", "burndown")!.value), {
      served: 600,
      throttled: 299,
    });
  });

  it("context windows", () => {
    const expected = {
      "sonnet-4-6": 1_000_000,
      "opus-4-6-v1": 1_000_000,
      "opus-4-7": 1_000_000,
      "opus-4-8": 1_000_000,
      "sonnet-5": 1_000_000,
      "opus-5": 1_000_000,
      "sonnet-4-5-20250929-v1:0": 200_000,
      "sonnet-4-5-20250929-v1:0:1m-context": 1_000_000,
      "haiku-4-5-20251001-v1:0": 200_000,
      "opus-4-1-20250805-v1:0": 200_000,
      "3-haiku-20240307-v1:0": 200_000,
    };
    assert.deepEqual(valuesOf("contextTokens", Object.keys(expected)), expected);
    assert.equal(facts.fact(SONNET_45, "extendedContextTokens")?.value, 1_000_000);
    assert.equal(facts.fact(SONNET_4, "extendedContextTokens")?.value, 1_000_000);
    assert.equal(facts.fact(HAIKU_45, "extendedContextTokens"), undefined);
  });

  it("long prompts: 300k in and 1k out cost 2.00475 USD on Sonnet 4.5, 1.0065 on Sonnet 4.6, geographic", () => {
    const cost = (model: string, inputTokens: number): number => {
      const isGeographic = (row: (typeof BOOK_DATA.prices)[number]) =>
        row.model === model && row.tier === "standard" && row.routing === "in-region-or-geo";
      const price = BOOK_DATA.prices.find((row) => isGeographic(row) && row.region === "*")!;
      const long = facts.fact(model, "longContextPrice")!.value;
      const [input, output] =
        long !== "none" && inputTokens > long.aboveInputTokens ? [long.inputFactor, long.outputFactor] : [1, 1];
      return (inputTokens * price.input * input + 1000 * price.output * output) / 1e6;
    };
    assert.equal(cost(SONNET_45, 300_000).toFixed(6), "2.004750");
    assert.equal(cost("anthropic.claude-sonnet-4-6", 300_000).toFixed(6), "1.006500");
    assert.equal(cost(SONNET_45, 200_000).toFixed(6), (0.66 + 0.0165).toFixed(6));
    // Absolute prices of LiteLLM's map: 3/15 become 6/22.50 above 200k.
    assert.equal(cost(SONNET_4, 300_000).toFixed(6), ((300 * 6 + 22.5) / 1000).toFixed(6));
  });

  it("prompt cache: the user guide's table", () => {
    const expected = {
      "opus-5": 512,
      "fable-5": 512,
      "opus-4-8": 1024,
      "sonnet-5": 1024,
      "sonnet-4-6": 1024,
      "sonnet-4-5-20250929-v1:0": 1024,
      "3-7-sonnet-20250219-v1:0": 1024,
      "opus-4-7": 4096,
      "opus-4-6-v1": 4096,
      "opus-4-5-20251101-v1:0": 4096,
      "haiku-4-5-20251001-v1:0": 4096,
    };
    assert.deepEqual(valuesOf("cacheMinimumTokens", Object.keys(expected)), expected);
    for (const id of Object.keys(expected)) {
      assert.equal(facts.fact(`anthropic.claude-${id}`, "cacheMaxPoints")?.value, 4, id);
      const ttls = id.startsWith("3-7") ? ["5m"] : ["5m", "1h"];
      assert.deepEqual(facts.fact(`anthropic.claude-${id}`, "cacheTtls")?.value, ttls, id);
    }
  });

  it("parameters: temperature with top_p, and thinking", () => {
    for (const id of [SONNET_45, HAIKU_45, "anthropic.claude-sonnet-4-6", "anthropic.claude-opus-4-5-20251101-v1:0"]) {
      assert.equal(facts.fact(id, "samplingParameters")?.value, "one-of-two", id);
      assert.equal(facts.fact(id, "thinking")?.value.minimumBudgetTokens, 1024, id);
    }
    assert.equal(facts.fact("anthropic.claude-opus-4-7", "samplingParameters")?.value, "refused");
    assert.deepEqual(facts.fact("anthropic.claude-opus-4-7", "thinking")?.value.modes, ["adaptive"]);
    assert.deepEqual(facts.fact("anthropic.claude-sonnet-4-6", "thinking")?.value.modes, ["budget", "adaptive"]);
    assert.deepEqual(facts.fact(SONNET_45, "thinking")?.value.modes, ["budget"]);
    assert.deepEqual(facts.fact("anthropic.claude-3-haiku-20240307-v1:0", "thinking")?.value.modes, []);
    assert.equal(facts.fact("anthropic.claude-sonnet-4-20250514-v1:0", "samplingParameters"), undefined);
  });

  it("models whose bare id is known to be refused, and models that are sold in a region", () => {
    for (const id of [
      "anthropic.claude-3-7-sonnet-20250219-v1:0",
      "anthropic.claude-sonnet-4-20250514-v1:0",
      "anthropic.claude-sonnet-4-5-20250929-v1:0",
      "anthropic.claude-opus-5",
      "deepseek.r1-v1:0",
      "amazon.nova-premier-v1:0",
    ]) {
      assert.equal(facts.fact(id, "profileOnly")?.value, true, id);
      assert.ok(PROFILE_DATA.profiles.some((profile) => profile.modelId === id) || id.includes("3-7"), id);
    }
    for (const id of [
      "amazon.nova-pro-v1:0",
      "anthropic.claude-3-haiku-20240307-v1:0",
      "anthropic.claude-3-5-sonnet-20240620-v1:0",
      "meta.llama3-3-70b-instruct-v1:0",
      "mistral.mistral-large-2407-v1:0",
      "deepseek.v3.2",
    ]) {
      assert.equal(facts.fact(id, "profileOnly")?.value, false, id);
    }
    for (const id of ["sonnet", "anthropic.claude-opus-4-9", "anthropic.claude-3-opus-20240229-v1:0"]) {
      assert.equal(facts.fact(id, "profileOnly"), undefined, id);
    }
  });

  it("lifecycle: the user guide's dates", () => {
    assert.deepEqual(facts.fact(SONNET_45, "lifecycle")?.value, {
      state: "legacy",
      legacySince: "2026-10-08",
      extendedAccessFrom: "2027-01-08",
      endOfLife: "2027-04-08",
    });
    assert.equal(facts.fact("anthropic.claude-3-haiku-20240307-v1:0", "lifecycle")?.value.endOfLife, "2026-09-10");
    assert.equal(facts.fact(HAIKU_45, "lifecycle")?.value.state, "active");
  });
});

describe("the table agrees with the data beside it", () => {
  it("every model with a price, a quota, a profile, a reservation or a place in the emulator's catalogue has an entry", () => {
    const asked = [
      ...BOOK_DATA.prices.map((row) => row.model),
      ...BOOK_DATA.reservedTier.map((row) => row.model),
      ...QUOTAS.quotas.map((row) => row.model).filter((model) => model !== "*"),
      ...PROFILE_DATA.profiles.map((row) => row.modelId),
      ...DEFAULT_CATALOG.models.map((model) => model.modelId),
    ];
    assert.deepEqual(
      [...new Set(asked)].filter((id) => !facts.ids.includes(id)),
      [],
    );
    assert.ok(facts.ids.length >= 60);
  });

  it("burndown is that of the quota rows", () => {
    const rows = QUOTAS.quotas.filter((row) => row.burndown !== null && row.model !== "*");
    assert.ok(rows.length > 40);
    for (const row of rows) assert.equal(facts.fact(row.model, "burndown")?.value, row.burndown, row.model);
  });

  it("profiles are found for the models they wrap, and a legacy profile is no active model", () => {
    for (const { profileId, modelId, lifecycle } of PROFILE_DATA.profiles) {
      assert.equal(facts.idOf(profileId), modelId);
      if (lifecycle === "LEGACY") assert.match(facts.fact(modelId, "lifecycle")!.value.state!, /^(legacy|ended)$/);
    }
  });

  it("a model with a price in a region and no profile is sold there alone", () => {
    const derived = facts.ids.filter((id) => facts.fact(id, "profileOnly")?.source.includes("no profile of the model"));
    assert.equal(derived.length, 7);
    for (const id of derived) {
      assert.equal(facts.fact(id, "profileOnly")!.value, false, id);
      assert.ok(!PROFILE_DATA.profiles.some(({ modelId }) => modelId === id), id);
      assert.ok(
        BOOK_DATA.prices.some(({ model, tier, region }) => model === id && tier === "standard" && region !== "*"),
        id,
      );
    }
  });

  it("service tiers are those with a price, and a one-hour cache write has a price where the TTL is known", () => {
    const NOT_TIERS: Readonly<Record<string, string>> = { global: "standard", "public-extended-access": "standard" };
    for (const id of facts.ids) {
      const rows = BOOK_DATA.prices.filter((row) => row.model === id);
      const priced = new Set(rows.map((row) => NOT_TIERS[row.tier] ?? row.tier));
      if (BOOK_DATA.reservedTier.some((row) => row.model === id)) priced.add("reserved");
      assert.deepEqual(new Set(facts.fact(id, "serviceTiers")?.value), priced, id);
      if (rows.some((row) => typeof row.cacheWrite1h === "number")) {
        assert.ok(facts.fact(id, "cacheTtls")?.value.includes("1h"), id);
      }
    }
  });

  it("the emulator's default catalogue has the same limits and burndown", () => {
    for (const { modelId, contextTokens, maxOutputTokens, burndown } of DEFAULT_CATALOG.models) {
      assert.deepEqual(
        { contextTokens, maxOutputTokens, burndown },
        {
          contextTokens: facts.fact(modelId, "contextTokens")?.value,
          maxOutputTokens: facts.fact(modelId, "maxOutputTokens")?.value,
          burndown: facts.fact(modelId, "burndown")?.value,
        },
        modelId,
      );
    }
  });
});

describe("lookups", () => {
  it("ids with a profile's prefix, ARNs and ids without a version", () => {
    const account = "123456789012";
    for (const id of [
      SONNET_45,
      `us.${SONNET_45}`,
      `global.${SONNET_45}`,
      `us-gov.${SONNET_45}`,
      `arn:aws:bedrock:us-east-1::foundation-model/${SONNET_45}`,
      `arn:aws:bedrock:::foundation-model/${SONNET_45}`,
      `arn:aws-us-gov:bedrock:us-gov-west-1:${account}:inference-profile/us-gov.${SONNET_45}`,
      "anthropic.claude-sonnet-4-5",
      "eu.anthropic.claude-sonnet-4-5-20250929",
      "anthropic.claude-sonnet-4-5-20250929-v1",
      "anthropic.claude-sonnet-4-5-v1:0",
      `${SONNET_45}:200k`,
    ]) {
      assert.equal(facts.idOf(id), SONNET_45, id);
    }
    assert.equal(facts.idOf(`us.${SONNET_45}:1m-context`), `${SONNET_45}:1m-context`);
    assert.equal(facts.idOf("anthropic.claude-opus-4-8-v1:0"), "anthropic.claude-opus-4-8");
    assert.equal(facts.nameOf("jp.anthropic.claude-opus-4-7"), "Claude Opus 4.7");
    assert.equal(bareModelId(" in.openai.gpt-5.6-terra "), "openai.gpt-5.6-terra");
  });

  it("another date, another version and an open choice are other models", () => {
    for (const id of [
      "anthropic.claude-sonnet-4-5-20991231-v1:0",
      "anthropic.claude-sonnet-4-5-20250929-v2:0",
      "mistral.mistral-7b-instruct-v0:3",
      "anthropic.claude-3-5-sonnet",
      "sonnet",
      "constructor",
      "us.",
      "",
      "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc",
    ]) {
      assert.equal(facts.idOf(id), undefined, id);
      assert.equal(facts.nameOf(id), undefined, id);
      assert.equal(facts.fact(id, "burndown"), undefined, id);
      assert.ok(facts.unknownFacts(id).includes("context window"), id);
    }
  });

  it("a typo has its model as the nearest", () => {
    assert.equal(facts.nearestModels("us.anthropic.claude-sonet-4-5-20250929-v1:0")[0], SONNET_45);
    assert.equal(facts.nearestModels("anthropic.claude-opus-4-9")[0], "anthropic.claude-opus-4-7");
    assert.equal(facts.nearestModels("nova-pro")[0], "amazon.nova-pro-v1:0");
  });

  it("a fact says its source, date and doubts; what is open is unknown", () => {
    const fact = facts.fact("anthropic.claude-opus-4-8", "burndown")!;
    assert.match(fact.source, /quotas-token-burndown/);
    assert.equal(fact.asOf, "2026-08-27");
    assert.equal(fact.confidence, "medium-high");
    const disputed = facts.fact("anthropic.claude-sonnet-4-6", "maxOutputTokens")!;
    assert.equal(disputed.value, 128_000);
    assert.match(disputed.note!, /64,000/);
    assert.deepEqual(facts.unknownFacts("anthropic.claude-opus-4-8"), []);
    assert.deepEqual(facts.unknownFacts("anthropic.claude-fable-5"), [
      "burndown (tokens of quota for each output token)",
    ]);
    assert.ok(facts.unknownFacts("deepseek.v3.2").includes("maximum output"));
    assert.ok(!facts.unknownFacts("deepseek.v3.2").includes("context window of the beta"));
  });
});

describe("a table that does not hold together is refused", () => {
  const statement = { value: 5, models: ["m*"], source: "S", asOf: "2026-02-28", confidence: "high" };
  const empty = Object.fromEntries(Object.keys(RAW.facts).map((name) => [name, []]));
  const table = (burndown: readonly unknown[], more: Record<string, unknown> = {}) => ({
    asOf: "2026",
    sources: { S: "someone" },
    models: [
      { id: "m1", name: "M 1" },
      { id: "m2", name: "M 2" },
    ],
    facts: { ...empty, burndown },
    ...more,
  });
  const problems = (data: unknown): string =>
    modelFactsSchema()
      .safeParse(data)
      .error?.issues.map(({ message, path }) => `${path.join(".")}: ${message}`)
      .join("; ") ?? "";

  it("accepts a sound one, with `others` last or first", () => {
    const others = { ...statement, value: 1, models: "others" };
    const only1 = { ...statement, models: ["m1"] };
    for (const rows of [[statement], [only1, others], [others, only1]]) assert.equal(problems(table(rows)), "");
    const read = createModelFacts(modelFactsSchema().parse(table([others, only1])));
    assert.deepEqual([read.fact("m1", "burndown")?.value, read.fact("m2", "burndown")?.value], [5, 1]);
  });

  for (const [what, data, message] of [
    [
      "a model listed twice",
      table([], {
        models: [
          { id: "m", name: "a" },
          { id: "m", name: "b" },
        ],
      }),
      /m is listed twice/,
    ],
    ["a source that is not there", table([{ ...statement, source: "X" }]), /burndown\.0: source "X" is not listed/],
    ["an inherited name as source", table([{ ...statement, source: "constructor" }]), /not listed/],
    [
      "two statements on one model",
      table([statement, { ...statement, models: ["m2"] }]),
      /m2 has a burndown in statement 0/,
    ],
    [
      "two rests",
      table([
        { ...statement, models: "others" },
        { ...statement, models: "others" },
      ]),
      /others has a burndown/,
    ],
    ["a pattern without a model", table([{ ...statement, models: ["m1", "n*"] }]), /"n\*" finds no model/],
    ["a factor of zero", table([{ ...statement, value: 0 }]), /burndown\.0\.value/],
    ["a negative factor", table([{ ...statement, value: -5 }]), /burndown\.0\.value/],
    ["a day that does not exist", table([{ ...statement, asOf: "2026-02-30" }]), /asOf: not a day, month or year/],
    ["a month that does not exist", table([{ ...statement, asOf: "2026-13" }]), /asOf/],
    ["an open value without a reason", table([{ ...statement, value: null }]), /needs a note/],
    ["a fact that is none", table([], { facts: { ...empty, burndwon: [] } }), /burndwon/],
  ] as const) {
    it(`refuses ${what}`, () => assert.match(problems(data), message));
  }
});
