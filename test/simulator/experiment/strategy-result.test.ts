import assert from "node:assert/strict";
import { it } from "node:test";
import { strategyResult } from "../../../simulator/experiment/strategy-result.ts";
import { planOf, scenarioInput } from "../scenario/base.ts";
import { runAll } from "./fixtures.ts";

it("throttles stand in the region that refused, though another region served the requests in the end", () => {
  const world = {
    regions: ["us-east-1", "eu-west-1"],
    models: {
      nova: {
        id: "amazon.nova-pro-v1:0",
        capacity: { kind: "slots" as const, servers: "unlimited" as const, service: "1s" },
      },
    },
    quotas: [{ region: "eu-west-1", tokensPerMinute: 30_000 }],
  };
  const traffic = [
    {
      class: "chat",
      arrivals: { poisson: "5/s" },
      tokens: { input: 400, output: 60, maxTokens: 256 },
      origin: "us-east-1",
    },
  ];
  const plan = planOf(
    scenarioInput({
      world,
      traffic,
      duration: "2m",
      requests: undefined,
      replications: 2,
      strategies: ["round-robin"],
      client: { retry: "standard" },
    }),
  );
  const stats = runAll({ plan }).flatMap((output) => output.stats);
  const { byRegion, total } = strategyResult(plan, 0, stats, null);
  const [home, far] = byRegion;
  assert.equal(home!.counts.attemptsThrottled, 0);
  assert.equal(home!.throttledAttemptShare.value, 0);
  assert.ok(far!.throttledAttemptShare.value! > 0.2);
  assert.equal(far!.counts.attemptsThrottled, total.counts.attemptsThrottled);
  assert.equal(home!.counts.attempts + far!.counts.attempts, total.counts.attempts);
});

it("a month is 730 hours of the counted time, in total and by class; replications hold each class", () => {
  const plan = planOf(
    scenarioInput({ duration: "30m", requests: undefined, replications: 2, strategies: ["round-robin"] }),
  );
  const stats = runAll({ plan }).flatMap((output) => output.stats);
  const { total, byClass, byRegion, replications } = strategyResult(plan, 0, stats, null);
  const { totalUsd, usdPerMonth } = total.cost.source;
  assert.ok(Math.abs(usdPerMonth!.value! / totalUsd.value! - 1460) < 1e-9);
  assert.ok(Math.abs(byClass[0]!.cost.source.usdPerMonth!.value! / usdPerMonth!.value! - 1) < 1e-12);
  assert.equal(byRegion[0]!.cost.source.usdPerMonth, undefined);
  assert.deepEqual(
    replications.map((each) => each.byClass!.map(({ name, e2eMsP95 }) => [name, e2eMsP95])),
    replications.map((each) => [[byClass[0]!.name, each.e2eMsP95]]),
  );
});

it("sessions are counted by how they ended, over all replications, and a note says so", () => {
  const sessions = { turns: 4, thinkTime: "1s", message: 10, contextMax: 250 };
  const input = scenarioInput({ requests: undefined, duration: "10m", replications: 2 });
  const plan = planOf({ ...input, traffic: input.traffic.map((each) => ({ ...each, sessions })) } as typeof input);
  const stats = runAll({ plan }).flatMap((output) => output.stats);
  const found = strategyResult(plan, 0, stats, null).sessions!;
  // Prompts of 100 tokens, then 160 and 220: the fourth would be longer than 250.
  assert.ok(found.begun > 4000 && found.completed === 0);
  assert.equal(found.begun, found.full + found.cut);
});
