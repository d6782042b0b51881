import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { metersOf, quotaSchema } from "../../../simulator/scenario/quotas.ts";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { simulate } from "../engine/run.ts";
import { classInput, planOf, SONNET, scenarioInput, worldInput } from "./base.ts";
import { input, slots } from "./one-region.ts";

const said = (input: unknown) =>
  quotaSchema
    .safeParse(input)
    .error?.issues.map((issue) => issue.message)
    .join() ?? "";
const meters = (input: unknown) => metersOf(quotaSchema.parse(input));

describe("quotas as a scenario writes them", () => {
  it("a number: a token bucket of a minute, a day that restarts at midnight UTC", () => {
    assert.deepEqual(meters({ tokensPerMinute: "200k", tokensPerDay: "10M", requests: 60 }), {
      tokensPerMinute: { law: "token-bucket", limit: 200_000, windowMs: 60_000, burst: 200_000 },
      tokensPerDay: { law: "clock-window", limit: 10_000_000, windowMs: 86_400_000, burst: 10_000_000 },
      requests: { law: "token-bucket", limit: 60, windowMs: 60_000, burst: 60 },
    });
  });

  it("law, burst and window, for all meters or for one", () => {
    const { tokensPerMinute, requests, tokensPerDay } = meters({
      law: "clock-window",
      tokensPerMinute: { limit: "1k", law: "token-bucket", burst: 100 },
      requests: { limit: 10, window: "1s" },
    });
    assert.deepEqual(tokensPerMinute, { law: "token-bucket", limit: 1000, windowMs: 60_000, burst: 100 });
    assert.deepEqual(requests, { law: "clock-window", limit: 10, windowMs: 1000, burst: 10 });
    assert.equal(tokensPerDay, null);
  });

  it("refuses quotas of nothing and windows of no length", () => {
    assert.match(said({}), /a quota limits something/);
    assert.match(said({ tokensPerMinute: 0 }), /a quota of 0 refuses everything|[Ii]nvalid/);
    assert.notEqual(said({ requests: { limit: 5, window: "0s" } }), "");
    assert.notEqual(said({ tokensPerMinute: 5, law: "leaky" }), "");
    assert.notEqual(said({ tokensPerMinute: 5, burndown: 0 }), "");
  });
});

type Quotas = NonNullable<ScenarioInput["world"]["quotas"]>;
const plan = (quotas: Quotas, accounts: readonly string[] = ["default"]) =>
  planOf(
    scenarioInput({
      world: worldInput({ quotas }),
      traffic: accounts.map((account, i) => classInput({ class: `c${i}`, account })),
    }),
  ).world;

describe("quotas", () => {
  it("one set of meters for each account and source region, shared with no other", () => {
    const world = plan([{ tokensPerMinute: 1000 }], ["one", "two", "one"]);
    assert.deepEqual(
      world.quotas.map((quota) => quota.id),
      ["one/a/m/on-demand", "two/a/m/on-demand", "one/b/m/on-demand", "two/b/m/on-demand"],
    );
    assert.deepEqual(
      world.routes.map((route) => route!.quotas),
      [
        [0, 1],
        [2, 3],
      ],
    );
    assert.deepEqual(world.accountOfClass, [0, 1, 0]);
  });

  it("the last entry that fits wins; what no entry names has no limit", () => {
    const world = plan([
      { region: "a", tokensPerMinute: 1000 },
      { region: "a", tokensPerMinute: 50, burndown: 3 },
    ]);
    assert.equal(world.quotas.length, 1);
    assert.equal(world.quotas[0]!.tokensPerMinute!.limit, 50);
    assert.equal(world.quotas[0]!.burndown, 3);
    assert.deepEqual(world.routes[1]!.quotas, [-1]);
  });

  it("regional, geographic and global calls of one model have quotas of their own", () => {
    const world = planOf(
      scenarioInput({
        world: {
          regions: ["us-east-1", "us-west-2"],
          models: { s: { id: SONNET, capacity: { kind: "slots", servers: 1 } } },
          targets: ["us-east-1/us", "us-east-1/global"],
          profiles: { restrictToWorld: true },
          quotas: [{ tokensPerMinute: 1000 }, { family: "global", tokensPerMinute: 2000 }],
        },
      }),
    ).world;
    assert.deepEqual(
      world.quotas.map((quota) => [quota.id, quota.tokensPerMinute!.limit]),
      [
        ["default/us-east-1/s/geographic", 1000],
        ["default/us-east-1/s/global", 2000],
      ],
    );
  });

  describe("output counts", () => {
    const of = (model: object, quota: object) => {
      const { world, models, notes } = planOf(
        input({ models: { m: { capacity: slots(1), ...model } }, quotas: [quota] }),
      );
      return { quota: world.quotas[0]!.burndown, model: models[0]!.burndown, notes };
    };
    const limit = { tokensPerMinute: 1000 };

    it("at the entry's rate, else at the model's, else at AWS's rate for the model", () => {
      const opus = { id: "anthropic.claude-opus-4-8", onDemand: true };
      assert.deepEqual(of(opus, limit), { quota: 15, model: 15, notes: [] });
      assert.deepEqual(of({ ...opus, burndown: 3 }, limit), { quota: 3, model: 3, notes: [] });
      assert.deepEqual(of({ ...opus, burndown: 3 }, { ...limit, burndown: 2 }), { quota: 2, model: 3, notes: [] });
    });

    it("once where the rate is not known, and a note says so if tokens count", () => {
      const fable = { id: "anthropic.claude-fable-5", onDemand: true };
      const { quota, notes } = of(fable, limit);
      assert.equal(quota, 1);
      assert.equal(notes.length, 1);
      assert.match(
        notes[0]!,
        /^The burndown of m \(anthropic\.claude-fable-5\) is not known.* world\.models\.m\.burndown/,
      );
      for (const [model, entry] of [
        [{ ...fable, burndown: 10 }, limit],
        [fable, { ...limit, burndown: 10 }],
        [fable, { requests: 10 }],
      ] as const) {
        assert.deepEqual(of(model, entry).notes, []);
      }
    });
  });

  it("a reservation may weigh max_tokens by the burndown", () => {
    const weighs = (quota: object) => planOf(input({ quotas: [quota] })).world.quotas[0]!.reservesWeightedOutput;
    assert.equal(weighs({ tokensPerMinute: 1000 }), false);
    assert.equal(weighs({ tokensPerMinute: 1000, reserveWeightedOutput: true }), true);
  });
});

describe("a refusal that says how long to wait", () => {
  it("delays the SDK's retry until then", () => {
    const quotas = (retryAfter?: string) => [
      {
        requests: { limit: 1, law: "clock-window", window: "10m" },
        ...(retryAfter === undefined ? {} : { retryAfter }),
      },
    ];
    const client = { retry: { standard: { maxAttempts: 2 } } } as ScenarioInput["client"];
    const ended = (retryAfter?: string) => {
      const run = simulate(input({ quotas: quotas(retryAfter) }, { client }), [{ atMs: 0 }, { atMs: 5000 }]);
      assert.deepEqual(run.ends, { served: 1, throttled: 1 });
      return run.output.quotas[0]!.lastRefusalMs!;
    };
    assert.ok(ended() <= 6000, "at most a second of backoff after the first throttling");
    assert.equal(ended("4s"), 9000);
  });
});
