import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadReference } from "../../../scripts/io/reference.ts";
import { modelSchema, settleModels, unknownNotes } from "../../../simulator/scenario/models.ts";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { type TokenSpec, tokensSchema } from "../../../simulator/traffic/tokens.ts";
import { simulate } from "../engine/run.ts";
import { classOf } from "../traffic/pull.ts";
import { planOf, scenarioInput } from "./base.ts";

/** One call of 500 tokens in and out every 2 s for half an hour, against 60k tokens of each clock minute. */
const halfHour = (model: { readonly id: string; readonly burndown?: number }, quota: object = {}): ScenarioInput =>
  scenarioInput({
    duration: "30m",
    requests: undefined,
    world: {
      regions: ["us-east-1"],
      profiles: { restrictToWorld: true },
      models: { m: { capacity: { kind: "slots", servers: "unlimited", service: "1s" }, ...model } },
      targets: ["us-east-1/us"],
      quotas: [{ tokensPerMinute: "60k", law: "clock-window", ...quota }],
    },
    traffic: [
      {
        class: "c",
        arrivals: { deterministic: { interval: "2s" } },
        tokens: { input: 500, output: 500, maxTokens: 500 },
        origin: "us-east-1",
      },
    ],
  });

const { models: facts } = await loadReference();

describe("burndown of the model that is called", () => {
  // Served and throttled of 899: an independent replay of reserve and settle, by the burndown.
  const ENDS = {
    1: { served: 899 },
    5: { served: 600, throttled: 299 },
    10: { served: 330, throttled: 569 },
    15: { served: 240, throttled: 659 },
  };
  for (const [id, burndown] of [
    ["anthropic.claude-opus-4-8", 15],
    ["anthropic.claude-opus-5", 10],
    ["anthropic.claude-sonnet-4-6", 5],
    ["anthropic.claude-opus-4-1-20250805-v1:0", 5],
    ["anthropic.claude-opus-4-7", 5],
    ["amazon.nova-pro-v1:0", 1],
  ] as const) {
    it(`${id}: ${burndown}`, () => {
      assert.deepEqual(simulate(halfHour({ id })).ends, ENDS[burndown]);
    });
  }

  it("what the scenario states goes first: at the quota, else at the model", () => {
    const id = "anthropic.claude-opus-4-8";
    assert.deepEqual(simulate(halfHour({ id, burndown: 5 })).ends, ENDS[5]);
    assert.deepEqual(simulate(halfHour({ id, burndown: 5 }, { burndown: 1 })).ends, ENDS[1]);
  });

  it("weighed at reservation too, fewer calls fit: a minute has room for 7 of 8,000 tokens", () => {
    const { ends } = simulate(halfHour({ id: "anthropic.claude-opus-4-8" }, { reserveWeightedOutput: true }));
    assert.deepEqual(ends, { served: 30 * 7, throttled: 899 - 30 * 7 });
  });
});

const CAPACITY = { kind: "slots", servers: 1 };
const settled = (model: object) => settleModels({ m: modelSchema.parse({ capacity: CAPACITY, ...model }) }, facts);

describe("a model is what the scenario says, else what the table says, else as usual", () => {
  it("burndown and maximum output", () => {
    const of = (model: object) => {
      const { burndown, maxOutputTokens, unknown } = settled(model).m!;
      return { burndown, maxOutputTokens, unknown };
    };
    const SONNET_46 = "anthropic.claude-sonnet-4-6";
    assert.deepEqual(of({ id: SONNET_46 }), { burndown: 5, maxOutputTokens: 128_000, unknown: [] });
    const stated = { burndown: 2, maxOutputTokens: 8000 };
    assert.deepEqual(of({ id: SONNET_46, ...stated }), { ...stated, unknown: [] });
    assert.deepEqual(of({ id: "acme.own-v1", ...stated }), { ...stated, unknown: [] });
    assert.deepEqual(of({ id: "acme.own-v1" }), {
      burndown: 1,
      maxOutputTokens: 64_000,
      unknown: ["burndown", "maxOutputTokens"],
    });
    assert.deepEqual(of({ id: "anthropic.claude-3-7-sonnet-20250219-v1:0" }).unknown, ["maxOutputTokens"]);
  });

  const CALLED = { isAlone: false, isLatencyOptimized: false };
  describe("an unknown maximum output", () => {
    const notes = (tokens: object, model: object = {}) => {
      const traffic = classOf(
        "c",
        { process: "poisson", ratePerS: 1 },
        {
          tokens: tokensSchema.parse({ input: 5, output: 5, ...tokens }) as TokenSpec,
        },
      );
      return unknownNotes(settled({ id: "acme.own-v1", ...model }), [{ model: 0 }], [traffic], () => CALLED);
    };

    it("is said where calls leave max_tokens out", () => {
      const note =
        "The maximum output of m (acme.own-v1) is not known: calls without max_tokens are taken to reserve 64,000. If you know it, state world.models.m.maxOutputTokens.";
      assert.deepEqual(notes({ maxTokens: "unset" }), [note]);
      assert.deepEqual(notes({}), [note]);
    });

    it("is not said where it does not count", () => {
      assert.deepEqual(notes({ maxTokens: 100 }), []);
      assert.deepEqual(notes({ maxTokens: { exponential: { mean: 2 } } }), []);
      assert.deepEqual(notes({ maxTokens: "unset" }, { maxOutputTokens: "8k" }), []);
      assert.deepEqual(notes({ maxTokens: "unset" }, { id: "amazon.nova-pro-v1:0" }), []);
    });
  });

  it("sold in regions unless it is known to be sold only through profiles", () => {
    const sold = (model: object) => settled(model).m!.onDemand;
    assert.deepEqual([sold({ id: "anthropic.claude-opus-5" }), sold({ id: "amazon.nova-pro-v1:0" })], [false, true]);
    assert.equal(sold({ id: "anthropic.claude-opus-5", onDemand: true }), true);
    assert.equal(sold({ id: "amazon.nova-pro-v1:0", onDemand: false }), false);
  });

  it("a listed model, or one like it, of which that is not known: a note if a region's own endpoint is called", () => {
    const [PRICE, region] = [{ input: 1, output: 5 }, ["us-east-1"]];
    const notes = (model: { readonly id: string; readonly onDemand?: boolean }, targets: string[] = region) =>
      planOf(
        scenarioInput({
          world: {
            regions: ["us-east-1"],
            models: { m: { capacity: { kind: "slots", servers: 1 }, ...model } },
            targets,
            prices: { overrides: [{ model: "m", ...PRICE }] },
            profiles: { restrictToWorld: true, define: [{ name: "own", model: "m", destinations: region }] },
          } as ScenarioInput["world"],
        }),
      ).notes;
    const OPUS_3 = "anthropic.claude-3-opus-20240229-v1:0";
    assert.deepEqual(notes({ id: OPUS_3 }), [
      `Whether a region's own endpoint sells m (${OPUS_3}) is not known: targets of single regions are taken to. If you know it, state world.models.m.onDemand.`,
    ]);
    assert.match(notes({ id: "anthropic.claude-opus-4-9" })[0]!, /^Whether a region's own endpoint sells m/);
    assert.deepEqual(notes({ id: OPUS_3, onDemand: true }), []);
    assert.deepEqual(notes({ id: OPUS_3 }, ["us-east-1/own"]), []);
    assert.deepEqual(notes({ id: "acme.own-v1" }), [], "a model of the scenario's own is sold as it says");
  });

  describe("the shortest prefix that is cached", () => {
    const minimum = (model: object) => settled(model).m!.cache?.minimumTokens;
    const notes = (model: object, tokens: object = { prefix: { tokens: 3 } }) => {
      const traffic = classOf(
        "c",
        { process: "poisson", ratePerS: 1 },
        {
          tokens: tokensSchema.parse({ input: 5, output: 5, maxTokens: 5, ...tokens }) as TokenSpec,
        },
      );
      return unknownNotes(settled(model), [{ model: 0 }], [traffic], () => CALLED);
    };
    const HAIKU_45 = "anthropic.claude-haiku-4-5-20251001-v1:0";
    const HAIKU_3 = "anthropic.claude-3-haiku-20240307-v1:0";

    it("is that of the model, unless the scenario states it or has no cache", () => {
      assert.equal(minimum({ id: HAIKU_45, cache: {} }), 4096);
      assert.equal(minimum({ id: "anthropic.claude-sonnet-4-5-20250929-v1:0", cache: { ttl: "1h" } }), 1024);
      assert.equal(minimum({ id: "anthropic.claude-opus-5", cache: {} }), 512);
      assert.equal(minimum({ id: HAIKU_45, cache: { minimumTokens: "2k" } }), 2000);
      assert.equal(minimum({ id: HAIKU_45 }), undefined);
    });

    it("is 1,024 where it is not known, with a note if prompts share prefixes", () => {
      assert.equal(minimum({ id: HAIKU_3, cache: {} }), 1024);
      assert.deepEqual(notes({ id: HAIKU_3, cache: {} }), [
        `The shortest prefix that is cached by m (${HAIKU_3}) is not known: prefixes of 1,024 tokens are taken to be. If you know it, state world.models.m.cache.minimumTokens.`,
      ]);
      assert.deepEqual(notes({ id: HAIKU_3, cache: {} }, {}), [], "no prefixes");
      assert.deepEqual(notes({ id: HAIKU_3 }), [], "no cache");
      assert.deepEqual(notes({ id: HAIKU_3, cache: { minimumTokens: 500 } }), []);
      assert.deepEqual(notes({ id: HAIKU_45, cache: {} }), []);
    });

    it("of a run: 4,095 tokens are not cached by Haiku 4.5, 4,096 are", () => {
      // 10 calls of 5,000 tokens at 1 USD per million; what is read from the cache is free.
      const readTokens = (prefix: number) => {
        const { cost } = simulate(
          scenarioInput({
            world: {
              regions: ["us-east-1"],
              models: { m: { id: HAIKU_45, onDemand: true, cache: {}, capacity: { kind: "slots", servers: 9 } } },
              targets: ["us-east-1"],
              prices: { overrides: [{ model: "m", input: 1, output: 0, cacheRead: 0, cacheWrite: 1 }] },
            } as ScenarioInput["world"],
            requests: 10,
            traffic: [
              {
                class: "c",
                arrivals: { deterministic: { interval: "9s" } },
                tokens: { input: 5000, output: 5, maxTokens: 5, prefix: { tokens: prefix } },
              },
            ] as ScenarioInput["traffic"],
          }),
        ).total;
        return 50_000 - Number(cost.source.totalFUsd / 1_000_000_000n);
      };
      assert.equal(readTokens(4095), 0);
      assert.equal(readTokens(4096), 9 * 4096);
    });
  });
});
