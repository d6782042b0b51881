import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createAnswerLengths, createCallRoutes, prefixesOf } from "../../../emulator/backends/call-routes.ts";
import type { Plan } from "../../../simulator/scenario/plan.ts";
import { callOf } from "../support.ts";
import { planOf, SLOTS_1S } from "./worlds.ts";

const NOVA = "amazon.nova-pro-v1:0";
const LITE = "amazon.nova-lite-v1:0";
const shape = { arrivals: { poisson: "1/s" }, tokens: { input: 1, output: 1, maxTokens: 1 } };

const plan = await planOf({
  regions: ["us-east-1", "us-west-2"],
  capacity: SLOTS_1S,
  models: {
    pro: { id: NOVA, capacity: SLOTS_1S },
    lite: { id: LITE, capacity: SLOTS_1S },
  },
  world: {
    profiles: { restrictToWorld: true },
    targets: ["us-east-1", "us-east-1@priority", "us-west-2", "us-east-1/us"],
  },
  traffic: [
    { class: "chat", model: "pro", account: "a", priority: 2, ...shape },
    { class: "bulk", model: "lite", account: "b", ...shape },
    { class: "night", model: "pro", account: "b", ...shape },
  ],
});
const routes = createCallRoutes(plan);
const targetOf = (over: Parameters<typeof callOf>[0]) => {
  const route = routes.of(callOf({ modelId: NOVA, ...over }));
  return route === undefined ? undefined : plan.targets[route.target]!.id;
};

describe("call routes", () => {
  it("find the target by source region, called id and tier", () => {
    assert.equal(targetOf({}), "us-east-1");
    assert.equal(targetOf({ region: "us-west-2" }), "us-west-2");
    assert.equal(targetOf({ profileId: `us.${NOVA}` }), "us-east-1/us");
    assert.equal(targetOf({ serviceTier: "priority" }), "us-east-1@priority");
    assert.equal(targetOf({ region: "us-west-2", profileId: `us.${NOVA}` }), undefined);
    assert.equal(targetOf({ region: "mars" }), undefined);
  });

  it("a tier that no target has shifts the call in the queue of the standard one", () => {
    const level = (serviceTier: "default" | "flex" | "priority", region: string) =>
      routes.of(callOf({ modelId: NOVA, serviceTier, region }))!.queueLevel;
    assert.deepEqual([level("default", "us-west-2"), level("flex", "us-west-2")], [2, 3]);
    assert.equal(level("priority", "us-west-2"), 1);
    // A target of that tier applies its own shift.
    assert.equal(level("priority", "us-east-1"), 2);
  });

  it("the class is the one that the caller names, else the first of the model; it brings the account", () => {
    const facts = (over: Parameters<typeof callOf>[0]) => {
      const { classIndex, account, model } = routes.of(callOf(over))!;
      return [plan.classes[classIndex]!.name, account, plan.models[model]!.name];
    };
    assert.deepEqual(facts({ modelId: NOVA }), ["chat", 0, "pro"]);
    assert.deepEqual(facts({ modelId: LITE }), ["bulk", 1, "lite"]);
    assert.deepEqual(facts({ modelId: NOVA, requestMetadata: { class: "night" } }), ["night", 1, "pro"]);
    assert.deepEqual(facts({ modelId: NOVA, requestMetadata: { class: "unknown" } }), ["chat", 0, "pro"]);
  });

  it("of targets with one id, metadata may name one; batch jobs cannot be called", async () => {
    const bought = await planOf({
      capacity: SLOTS_1S,
      world: {
        prices: { book: "aws-2026-09" },
        targets: ["us-east-1", "us-east-1/provisioned", "us-east-1/batch"],
        provisioned: [{ region: "us-east-1", units: 1, usdPerUnitHour: 10, capacity: SLOTS_1S }],
      },
      traffic: [{ class: "all", deferrable: true, ...shape }],
    });
    const idOf = (target?: string) => {
      const call = callOf({ modelId: NOVA, requestMetadata: target === undefined ? {} : { target } });
      return bought.targets[createCallRoutes(bought).of(call)!.target]!.id;
    };
    assert.equal(bought.targets.length, 3);
    assert.equal(idOf(), "us-east-1");
    assert.equal(idOf("us-east-1/provisioned"), "us-east-1/provisioned");
    assert.equal(idOf("us-east-1/batch"), "us-east-1");
  });
});

const many = (plan: Plan, classIndex = 0) => {
  const lengths = createAnswerLengths(plan);
  return Array.from({ length: 4000 }, (_, serial) => lengths.draw(classIndex, serial));
};
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("answer lengths", () => {
  it("follow the class's distribution, the same for the same serial number", async () => {
    const plan = await planOf({
      capacity: SLOTS_1S,
      tokens: { input: 1, output: { exponential: { mean: 300 } }, maxTokens: 10 },
    });
    const lengths = many(plan);
    // Standard error 300 / 63.
    assert.ok(Math.abs(mean(lengths) - 300) < 20, String(mean(lengths)));
    assert.deepEqual(many(plan), lengths);
    assert.ok(lengths.every((tokens) => Number.isInteger(tokens) && tokens >= 1));
  });

  it("are those of the recording for recorded traffic", async () => {
    const plan = await planOf({ capacity: SLOTS_1S, arrivals: { trace: "azure-conv-2023" }, tokens: { maxTokens: 9 } });
    const recording = plan.traffic[0]!.recordings!["azure-conv-2023"]!;
    assert.equal(recording.kind, "trace");
    const recorded = recording.kind === "trace" ? [...recording.columns.outputTokens] : [];
    assert.ok(Math.abs(mean(many(plan)) / mean(recorded) - 1) < 0.05);
    assert.ok(many(plan).every((tokens) => recorded.includes(tokens)));
  });

  it("have a default for a model that no class calls", async () => {
    assert.equal(createAnswerLengths(await planOf({ capacity: SLOTS_1S })).draw(7, 0), 256);
  });
});

const points = [
  { prefixId: "abc", tokens: 1200, ttlMs: 300_000 },
  { prefixId: "abd", tokens: 2400, ttlMs: 300_000 },
];

it("the same content has the same id; other content and other accounts have different ones", () => {
  const [first, second] = prefixesOf(callOf({ cachePoints: points }), 0);
  assert.deepEqual(prefixesOf(callOf({ cachePoints: points, region: "eu-west-1" }), 0), [first, second]);
  assert.notEqual(first!.id, second!.id);
  assert.notEqual(prefixesOf(callOf({ cachePoints: points }), 1)[0]!.id, first!.id);
  assert.deepEqual([first!.tokens, second!.tokens], [1200, 2400]);
});

it("ids fill the world's integer columns without colliding at the scale of a test", () => {
  const many = Array.from({ length: 2000 }, (_, i) => ({ prefixId: `prefix ${i}`, tokens: 1, ttlMs: 1 }));
  const ids = prefixesOf(callOf({ cachePoints: many }), 0).map(({ id }) => id);
  assert.ok(ids.every((id) => Number.isInteger(id) && id >= 0 && id < 2 ** 31));
  assert.equal(new Set(ids).size, ids.length);
});
