import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  makeReplayPlan,
  nameAtEndpoint,
  notReplayable,
  plannedCalls,
  type ReplayTargets,
  recordSchedule,
} from "../../../simulator/bench/make-plan.ts";
import { decodeReplayPlan, encodeReplayPlan } from "../../../simulator/bench/plan.ts";
import type { SimulationObserver } from "../../../simulator/engine/observer.ts";
import { runJob } from "../../../simulator/experiment/index.ts";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { classInput, HAIKU, planOf, scenarioInput, worldInput } from "../scenario/base.ts";

const SCHEDULE = { requests: 2000, lastArrivalMs: 500_000, drainMs: 60_000 };
const EMULATED: ReplayTargets = {
  urlOfRegion: new Map([["a", "http://127.0.0.1:1"]]),
  operation: "converse",
  isEmulated: true,
  roundTripMs: new Map(),
};

function make(over: Partial<ScenarioInput> = {}, targets: Partial<ReplayTargets> = {}) {
  return makeReplayPlan(planOf(scenarioInput(over)), 0, { ...EMULATED, ...targets }, SCHEDULE);
}

describe("a replay plan", () => {
  it("keeps what JSON has no word for", () => {
    const plan = make();
    assert.equal(plan.client.timeout.attemptMs, Number.POSITIVE_INFINITY);
    const read = decodeReplayPlan(encodeReplayPlan({ ...plan, signalAgeMs: Number.NaN }));
    assert.deepEqual(read, { ...plan, signalAgeMs: Number.NaN });
  });

  it("says when health checks see an outage, and prices change", () => {
    const world = worldInput({
      faults: [{ kind: "outage", region: "a", at: "60s", for: "30s" }],
      healthDelay: "5s",
      prices: {
        book: "none",
        overrides: [{ model: "m", input: 1, output: 5 }],
        shocks: [{ region: "b", at: "100s", for: "50s", factor: 2 }],
      },
    } as never);
    const plan = make({ world });
    const health = plan.health.map(({ fromMs, isHealthy }) => [fromMs, ...isHealthy]);
    const delayMs = planOf(scenarioInput({ world })).world.healthDelayMs;
    assert.deepEqual(health, [
      [0, true, true],
      [60_000 + delayMs, false, true],
      [90_000 + delayMs, true, true],
    ]);
    const prices = plan.prices.map(({ fromMs, inUsdPerMTok }) => [fromMs, ...inUsdPerMTok[0]!]);
    assert.deepEqual(prices, [
      [0, 1, 1],
      [100_000, 1, 2],
      [150_000, 1, 1],
    ]);
  });

  it("knows nothing of the health of endpoints that are no emulator, and takes their round trips as given", () => {
    const world = worldInput({ faults: [{ kind: "outage", region: "a", at: "60s", for: "30s" }] } as never);
    const plan = make({ world }, { isEmulated: false, roundTripMs: new Map([["b", 70]]) });
    assert.deepEqual(plan.health, [{ fromMs: 0, isHealthy: [true, true] }]);
    assert.deepEqual(plan.rttMs[0], [0, 70]);
    assert.equal(plan.isEmulated, false);
  });
});

it("prompts are made to the characters per token that were measured of a model, else to four", () => {
  assert.deepEqual(make().charsPerToken, [4]);
  assert.deepEqual(make({}, { charsPerToken: new Map([[HAIKU, 5.1]]) }).charsPerToken, [5.1]);
  assert.deepEqual(make({}, { charsPerToken: new Map([["another", 5.1]]) }).charsPerToken, [4]);
});

describe("an endpoint with its own connection settings", () => {
  const way = {
    api: "openai",
    settings: { temperature: 0 },
    auth: { kind: "api-key", variable: "TEAM_KEY" },
    seesFirstToken: false,
    models: { m: "meta/llama" },
  } as const;
  const elsewhere = { isEmulated: false, waysOfRegion: new Map([["b", way]]), promptSalt: "s1" };

  it("is called so, and others as the AWS SDKs call Bedrock's", () => {
    const plan = make({}, elsewhere);
    const [a, b] = plan.targets;
    assert.deepEqual([a!.api, a!.auth, a!.calledIds, a!.seesFirstToken], ["bedrock", { kind: "aws" }, [HAIKU], true]);
    const { models: _, ...rest } = way;
    assert.deepEqual({ ...b, ...rest }, b);
    assert.deepEqual(b!.calledIds, ["meta/llama"]);
    assert.deepEqual([plan.promptSalt, make().promptSalt], ["s1", ""]);
  });

  it("has models under the nearest of their names", () => {
    const model = { name: "sonnet", id: "a.sonnet-v1:0", calledId: "us.a.sonnet-v1:0" };
    const all = { sonnet: "by name", "a.sonnet-v1:0": "by id", "us.a.sonnet-v1:0": "by profile" };
    assert.equal(nameAtEndpoint(all, model), "by profile");
    assert.equal(nameAtEndpoint({ ...all, "us.a.sonnet-v1:0": "us" }, { ...model, calledId: model.id }), "by id");
    assert.equal(nameAtEndpoint({ sonnet: "by name" }, model), "by name");
    assert.equal(nameAtEndpoint({ haiku: "other" }, model), "us.a.sonnet-v1:0");
    assert.equal(nameAtEndpoint(all, { ...model, calledId: null }), null);
  });
});

describe("what cannot be replayed is refused", () => {
  const codes = (over: Partial<ScenarioInput>) => notReplayable(planOf(scenarioInput(over))).map(({ where }) => where);

  it("and an ordinary scenario is not", () => assert.deepEqual(codes({}), []));

  it("signals that no client has", () => {
    assert.deepEqual(codes({ signals: { source: "shared" } } as never), ["signals.source"]);
  });

  it("a sample of slices", () => {
    const slices = { count: 2, length: "1s" };
    assert.deepEqual(codes({ duration: "10m", requests: undefined, slices } as never), ["slices"]);
  });

  it("a backoff drawn from a law", () => {
    const custom = { maxAttempts: 3, backoff: { exponential: { mean: "1s" } } };
    assert.deepEqual(codes({ client: { retry: { custom } } } as never), ["client.retry.backoff"]);
  });

  it("stations before the routing", () => {
    const station = { kind: "slots", servers: 1, service: { constant: "10ms" } };
    assert.deepEqual(codes({ world: worldInput({ gateways: [station] } as never) }), ["world.gateways"]);
  });
});

const NOVA = "mistral.mistral-large-2402-v1:0";
const capacity = { kind: "slots", servers: 4, service: { exponential: { mean: "1s" } } };

it("every model that a class may call is named at every target that is legal for the class", () => {
  const world = worldInput({ models: { m: { id: HAIKU, capacity }, n: { id: NOVA, capacity } } } as never);
  const traffic = [
    classInput({ class: "anywhere", model: "m" } as never),
    classInput({ class: "at home", model: "n", residency: { regions: ["a"] } } as never),
  ];
  const prices = { book: "none", overrides: ["m", "n"].map((model) => ({ model, input: 1, output: 5 })) };
  const plan = planOf(scenarioInput({ world: { ...world, prices } as never, traffic }));
  const calls = plannedCalls(plan).map(({ target, region, model, modelId, tier }) => [
    target,
    region,
    model,
    modelId,
    tier,
  ]);
  assert.deepEqual(calls, [
    ["a", "a", "m", HAIKU, "standard"],
    ["a", "a", "n", NOVA, "standard"],
    ["b", "b", "m", HAIKU, "standard"],
  ]);
  assert.deepEqual(
    plannedCalls(plan).map(({ calledId }) => calledId),
    [HAIKU, NOVA, HAIKU],
  );
});

const input = scenarioInput({ requests: undefined, duration: "10m", warmup: "30s" } as never);

describe("a recorded schedule", () => {
  it("of a window is the whole run's from then on, and what a simulation of the window sees", () => {
    const whole = recordSchedule(planOf(input));
    const plan = planOf({ ...input, arrivalsFrom: "7m" });
    const window = recordSchedule(plan);
    assert.ok(window.length > 500);
    assert.deepEqual(
      window,
      whole.filter(([arrivalMs]) => arrivalMs >= 420_000),
    );
    const seen: number[] = [];
    const observer: SimulationObserver = {
      onAttemptEnd: () => {},
      onRequestEnd: ({ requestId, arrivalMs, isCounted }) => {
        seen[requestId] = arrivalMs;
        assert.equal(isCounted, arrivalMs >= 450_000, "the warm-up is the window's first 30 s");
      },
      onRunEnd: () => {},
    };
    const job = runJob({ plan }, { replication: 0, strategyIndices: [0] }, { observerOf: () => observer });
    for (let step = job.next(); step.done !== true; step = job.next()) assert.ok(step.value.share <= 1);
    assert.deepEqual(
      seen,
      window.map(([arrivalMs]) => arrivalMs),
    );
  });

  it("that would be empty, or too long, is refused", () => {
    assert.throws(() => recordSchedule(planOf(input), 10), /BENCH_TOO_MANY_REQUESTS/);
    const quiet = planOf({ ...input, duration: "7m", warmup: "none", arrivalsFrom: "419999ms" } as never);
    assert.throws(() => recordSchedule(quiet), /BENCH_NO_REQUESTS/);
  });

  it("sessions are refused: their turns follow answers, which a schedule does not know", () => {
    const sessions = { turns: 3, thinkTime: "1s", message: 10 };
    const talking = planOf({ ...input, traffic: input.traffic.map((each) => ({ ...each, sessions })) });
    assert.throws(() => recordSchedule(talking), /BENCH_SESSIONS.*traffic\[0\]\.sessions/s);
  });
});
