import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { classInput, HAIKU, planOf, problemsOf, SONNET, scenarioInput, schemaProblems } from "./base.ts";

const SLOTS = { kind: "slots", servers: 1 } as const;
const NOVA_PRO = "amazon.nova-pro-v1:0";
const LLAMA = "meta.llama3-1-70b-instruct-v1:0";
const model = (id: string, over: object = {}) => ({ m: { id, capacity: SLOTS, ...over } });
const aws = (world: object, over: object = {}): ScenarioInput =>
  scenarioInput({
    world: { regions: ["us-east-1", "eu-west-1"], models: model(HAIKU), ...world } as ScenarioInput["world"],
    ...over,
  });
const provisioned = (over: object = {}) => ({ provisioned: [{ region: "us-east-1", capacity: SLOTS, ...over }] });
const reserved = (over: object = {}) => ({
  reserved: [{ region: "eu-west-1", inputTokensPerMinute: "100k", outputTokensPerMinute: "10k", ...over }],
});

/** What is wrong, where it is said to be, and what the fix must speak of. */
const REFUSED: readonly (readonly [string, ScenarioInput, string, string, RegExp])[] = [
  [
    "a class with no legal region",
    aws({}, { traffic: [classInput({ residency: "jp" })] }),
    "RESIDENCY_NO_LEGAL_TARGET",
    "traffic[0].residency",
    /widen the rule/,
  ],
  [
    "a profile without destinations in this world",
    aws({
      profiles: { define: [{ name: "far", model: "m", destinations: ["ap-south-1"] }] },
      targets: ["eu-west-1/far"],
    }),
    "PROFILE_WITHOUT_DESTINATION",
    "world.targets[0]",
    /add one of its regions: ap-south-1/,
  ],
  [
    "provisioned throughput of a model that is not sold so",
    aws(provisioned()),
    "CAPACITY_NOT_SOLD",
    "world.provisioned[0]",
    /usdPerUnitHour/,
  ],
  [
    "the reserved tier of a model that is not sold so",
    aws(reserved()),
    "CAPACITY_NOT_SOLD",
    "world.reserved[0]",
    /choose 1 or 3 months of one of/,
  ],
  [
    "a reservation smaller than what is sold",
    aws({ models: model(SONNET, { onDemand: true }), ...reserved({ inputTokensPerMinute: "50k" }) }),
    "CAPACITY_TOO_SMALL",
    "world.reserved[0]",
    /at least 100000 input/,
  ],
  [
    "a target of a tier that has no price",
    aws({
      models: model(HAIKU, { latencyOptimizedIn: ["eu-west-1"] }),
      targets: ["eu-west-1", "eu-west-1@latency-optimized"],
    }),
    "PRICE_NOT_LISTED",
    "world.targets[1]",
    /tier: latency-optimized/,
  ],
  [
    "latency-optimised calls of a model that is not served so",
    aws({ targets: ["eu-west-1", "eu-west-1@latency-optimized"] }),
    "TIER_NOT_OFFERED",
    "world.targets[1]",
    /write eu-west-1, or .*latencyOptimizedIn: \[eu-west-1\]/,
  ],
  [
    "latency-optimised calls where another region serves them",
    aws({ models: model(NOVA_PRO), profiles: { restrictToWorld: true }, targets: ["eu-west-1/eu@latency-optimized"] }),
    "TIER_NOT_OFFERED",
    "world.targets[0]",
    /write eu-west-1\/eu, or/,
  ],
  [
    "latency-optimised calls by the bare id",
    aws({ models: model(NOVA_PRO), profiles: { restrictToWorld: true }, targets: ["us-east-1@latency-optimized"] }),
    "TIER_NOT_OFFERED",
    "world.targets[0]",
    /write us-east-1\/us@latency-optimized$/,
  ],
  [
    "provisioned throughput on a profile",
    aws({ ...provisioned({ usdPerUnitHour: 1 }), targets: ["us-east-1/us/provisioned"] }),
    "PROVISIONED_ON_PROFILE",
    "world.targets[0]",
    /write us-east-1\/provisioned/,
  ],
  [
    "a service tier of what is provisioned",
    aws({ ...provisioned({ usdPerUnitHour: 1 }), targets: ["us-east-1/provisioned@flex"] }),
    "TIER_NOT_THERE",
    "world.targets[0]",
    /write us-east-1\/provisioned/,
  ],
  [
    "a provisioned target that was not bought",
    aws({ targets: ["us-east-1/provisioned"] }),
    "PROVISIONED_MISSING",
    "world.targets[0]",
    /world\.provisioned: \[\{ region: us-east-1/,
  ],
  [
    "a reserved target that was not reserved",
    aws({ targets: ["us-east-1@reserved"] }),
    "RESERVED_MISSING",
    "world.targets[0]",
    /world\.reserved: \[\{ region: us-east-1/,
  ],
  [
    "the same provisioned twice",
    aws({ provisioned: [...provisioned().provisioned, ...provisioned().provisioned] }),
    "PROVISIONED_TWICE",
    "world.provisioned[1]",
    /add the units up/,
  ],
  [
    "an overflow that has no route",
    aws({
      models: model(SONNET),
      targets: ["us-east-1/provisioned"],
      ...provisioned({ overflow: "standard", usdPerUnitHour: 1 }),
    }),
    "MODEL_ONLY_THROUGH_PROFILES",
    "world.provisioned[0].overflow",
    /us or global|global or us/,
  ],
  [
    "other tenants on provisioned machines",
    aws(provisioned({ usdPerUnitHour: 1, capacity: { ...SLOTS, background: { mean: 1 } } })),
    "PROVISIONED_WITH_BACKGROUND",
    "world.provisioned[0].capacity.background",
    /leave background out/,
  ],
  [
    "a holder that is no strategy",
    aws(provisioned({ usdPerUnitHour: 1, strategies: ["none"] })),
    "STRATEGY_UNKNOWN",
    "world.provisioned[0].strategies[0]",
    /round-robin/,
  ],
  [
    "a strategy that names only targets no class may use",
    aws({}, { traffic: [classInput({ residency: "eu" })], strategies: [{ single: { target: "us-east-1" } }] }),
    "STRATEGY_TARGETS_ILLEGAL",
    "strategies[0].single",
    /widen their residency rule/,
  ],
  [
    "a strategy that names a target which another has reserved",
    aws(provisioned({ usdPerUnitHour: 1, strategies: ["round-robin"] }), {
      strategies: ["round-robin", { single: { target: "us-east-1/provisioned" } }],
    }),
    "STRATEGY_TARGETS_ILLEGAL",
    "strategies[1].single",
    /name a target/,
  ],
  [
    "a class that has only batch and cannot wait",
    aws({ targets: ["us-east-1/batch"] }),
    "CLASS_WITHOUT_TARGET",
    "traffic[0]",
    /deferrable: true/,
  ],
  [
    "callers in a place that is not known",
    aws({}, { traffic: [classInput({ origin: "mars" })] }),
    "ORIGIN_UNKNOWN",
    "traffic[0].origin",
    /^known: .*, … and \d+ more \(meridian list regions\)$/,
  ],
  [
    "a price of a model that is not known",
    aws({ models: model("acme.unheard-of-v1:0") }),
    "PRICE_MODEL_UNKNOWN",
    "world.prices",
    /prices\.overrides/,
  ],
  [
    "a price shock in a region that is not there",
    aws({ prices: { shocks: [{ region: "moon", at: "1h", for: "1h", factor: 2 }] } }),
    "PRICE_SELECTOR_UNKNOWN",
    "world.prices.shocks[0].region",
    /name one of/,
  ],
];

describe("contradictory worlds are refused, at their path and with a fix", () => {
  for (const [name, input, code, where, cure] of REFUSED) {
    it(name, () => {
      const problems = problemsOf(input);
      const found = problems.find((problem) => problem.code === code);
      assert.ok(found, `expected ${code}, found ${JSON.stringify(problems)}`);
      assert.equal(found.where, where);
      assert.match(found.fix!, cure);
    });
  }

  it("a quota of zero, runs beyond the calendar", () => {
    assert.match(schemaProblems(aws({ quotas: [{ tokensPerMinute: 0 }] }))[0]!, /a quota of 0 refuses everything/);
    for (const key of ["duration", "drain"]) {
      assert.match(schemaProblems({ ...aws({}), [key]: "1000000d" })[0]!, /400d: no run is longer/);
      assert.match(schemaProblems({ ...aws({}), [key]: "401d" })[0]!, /400d: no run is longer/);
    }
    assert.match(schemaProblems(aws({ healthDelay: "40000d" }))[0]!, /36500d/);
  });
});

describe("what is legal is taken", () => {
  it("published prices of reservations, by the hour", () => {
    const prices = (world: object) => planOf(aws(world)).money.reserved.map((charge) => charge.usdPerHour);
    assert.deepEqual(
      prices({ regions: ["us-east-1"], models: model(LLAMA), ...provisioned({ units: 2, term: "sixMonth" }) }),
      [26.16],
    );
    // 100 x 0.198 + 10 x 0.99 for a month, a tenth less for three, eleven tenths of the global price.
    const sonnet = { models: model(SONNET), profiles: { restrictToWorld: true } };
    const near = (found: readonly number[], expected: number) =>
      assert.ok(Math.abs(found[0]! - expected) < 1e-9, `${found}`);
    near(prices({ ...sonnet, targets: ["eu-west-1/eu@reserved"], ...reserved() }), 29.7);
    near(prices({ ...sonnet, targets: ["eu-west-1/eu"], ...reserved({ term: "3m" }) }), 26.73);
    near(prices({ ...sonnet, targets: ["eu-west-1/eu"], ...reserved({ routing: "global" }) }), 27);
  });

  it("a reservation's target is there without being listed, and its overflow counts for residency", () => {
    const plan = planOf(
      aws(
        {
          regions: ["eu-west-1", "us-east-1"],
          models: model(SONNET),
          profiles: { define: [{ name: "wide", model: "m", destinations: ["eu-west-1", "us-east-1"] }] },
          targets: ["eu-west-1/wide"],
          provisioned: [{ region: "eu-west-1", usdPerUnitHour: 1, capacity: SLOTS, overflow: "wide" }],
        },
        { traffic: [classInput(), classInput({ class: "home", residency: "eu", targets: undefined })].slice(0, 1) },
      ),
    );
    assert.deepEqual(
      plan.targets.map(({ id }) => id),
      ["eu-west-1/wide", "eu-west-1/provisioned"],
    );
    const spilling = plan.world.routes[1]!;
    assert.deepEqual(spilling.overflow!.destinations.length, 2);
    const problems = problemsOf(
      aws(
        {
          models: model(SONNET),
          profiles: { define: [{ name: "wide", model: "m", destinations: ["eu-west-1", "us-east-1"] }] },
          targets: ["eu-west-1/provisioned"],
          provisioned: [{ region: "eu-west-1", usdPerUnitHour: 1, capacity: SLOTS, overflow: "wide" }],
        },
        { traffic: [classInput({ residency: "eu" })] },
      ),
    );
    assert.equal(problems[0]!.code, "RESIDENCY_NO_LEGAL_TARGET");
  });

  it("onDemand overrules what is believed of a model", () => {
    assert.equal(problemsOf(aws({ models: model(SONNET) }))[0]!.code, "MODEL_ONLY_THROUGH_PROFILES");
    assert.deepEqual(problemsOf(aws({ models: model(SONNET, { onDemand: true }) })), []);
    assert.equal(
      problemsOf(aws({ models: model(HAIKU, { onDemand: false }) }))[0]!.code,
      "MODEL_ONLY_THROUGH_PROFILES",
    );
  });
});
