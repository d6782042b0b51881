import assert from "node:assert/strict";
import { it } from "node:test";
import { hasQuotaNeeds, quotaNeedTable, quotaNeedText } from "../../../reports/tables/quota-needs.ts";
import type { ObservedAttempt } from "../../../simulator/engine/observer.ts";
import { assembleResult } from "../../../simulator/experiment/assemble.ts";
import { planJobs, runJob } from "../../../simulator/experiment/job.ts";
import { THROTTLED_SHARE_MAX } from "../../../simulator/experiment/quota-figures.ts";
import { QuotaNeeds } from "../../../simulator/experiment/quota-needs.ts";
import type { QuotaNeed } from "../../../simulator/experiment/result.ts";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { planOf, scenarioInput } from "../scenario/base.ts";
import { runAll } from "./fixtures.ts";

/** A call a second, 400 tokens in and 60 out, 256 asked for: 60 calls reserve 39,360 tokens a minute. */
function run(quotas: NonNullable<ScenarioInput["world"]>["quotas"], burndown = 1) {
  const plan = planOf(
    scenarioInput({
      duration: "10m",
      requests: undefined,
      replications: 2,
      world: {
        regions: ["us-east-1"],
        models: {
          nova: {
            id: "amazon.nova-pro-v1:0",
            burndown,
            onDemand: true,
            capacity: { kind: "slots", servers: "unlimited", service: "1s" },
          },
        },
        ...(quotas === undefined ? {} : { quotas }),
      },
      traffic: [
        {
          class: "chat",
          arrivals: { deterministic: { interval: "1s" } },
          tokens: { input: 400, output: 60, maxTokens: 256 },
          origin: "us-east-1",
        },
      ],
      strategies: [{ single: { target: "us-east-1" } }],
      client: { retry: "standard" },
    }),
  );
  return assembleResult({ plan }, runAll({ plan }), { scenarioSha256: "", meridianVersion: "", traces: [] });
}
const needOf = (result: ReturnType<typeof run>): QuotaNeed => {
  const [need, ...others] = result.strategies[0]!.quotaNeeds!;
  assert.equal(others.length, 0);
  return need!;
};
const lawOf = (need: QuotaNeed, law: string) => need.laws.find((each) => each.law === law)!;

it("the busiest minute is known under every law though no quota is set", () => {
  const need = needOf(run(undefined));
  assert.equal(need.id, "us-east-1/nova/regional");
  assert.equal(need.limitTokensPerMinute, null);
  assert.equal(need.calls, 599);
  for (const { busiestReserved, busiestSettled } of need.laws) {
    assert.ok(Math.abs(busiestReserved - 60 * 656) <= 656);
    assert.ok(Math.abs(busiestSettled - 60 * 460) <= 460);
  }
  assert.deepEqual(need.byClass, [{ name: "chat", share: 1 }]);
  assert.deepEqual(need.explicitMaxTokens.byClass, [{ name: "chat", tokens: 60 }]);
  assert.equal(need.explicitMaxTokens.busiestReserved, lawOf(need, "clock-window").busiestReserved - 60 * 196);
});

it("counts parts of a token where a burndown has them", () => {
  const { busiestSettled } = lawOf(needOf(run(undefined, 1.005)), "clock-window");
  assert.ok(Math.abs(busiestSettled - 60 * (400 + 60 * 1.005)) < 1e-6, String(busiestSettled));
});

it("an explicit max_tokens saves as many times itself as it weighs at reservation", () => {
  const need = needOf(run([{ tokensPerMinute: 1_000_000, reserveWeightedOutput: true }], 5));
  const { busiestReserved } = lawOf(need, "clock-window");
  assert.equal(busiestReserved, 60 * (400 + 5 * 256));
  assert.deepEqual(need.explicitMaxTokens, {
    byClass: [{ name: "chat", tokens: 60 }],
    busiestReserved: 60 * (400 + 5 * 60),
  });
});

it("a limit that it recommends throttles at most 1 % when it is set, and what throttles asks for more", () => {
  const tight = run([{ tokensPerMinute: 15_000, law: "clock-window" }]);
  assert.ok(tight.strategies[0]!.total.throttledAttemptShare.value! > 0.2);
  const need = needOf(tight);
  assert.equal(need.limitTokensPerMinute, 15_000);
  // A throttled call that comes again is one call.
  const { sent, attempts } = tight.strategies[0]!.total.counts;
  assert.ok(attempts > 1.2 * sent, `${attempts} attempts of ${sent} requests`);
  assert.equal(need.calls, sent / 2);
  const limit = lawOf(need, "clock-window").smallestLimit;
  assert.ok(limit > 25_000, String(limit));
  const wide = run([{ tokensPerMinute: limit, law: "clock-window" }]);
  assert.ok(wide.strategies[0]!.total.throttledAttemptShare.value! <= THROTTLED_SHARE_MAX + 0.005);
});

it("says under which window laws the quota that is set is too small", () => {
  const [need] = run([{ tokensPerMinute: 5_000, law: "token-bucket" }]).strategies[0]!.quotaNeeds!;
  const limits = need!.laws.map(({ smallestLimit }) => smallestLimit).sort((a, b) => a - b);
  const text = (limitTokensPerMinute: number) =>
    quotaNeedText({ ...run(undefined).strategies[0]!, quotaNeeds: [{ ...need!, limitTokensPerMinute }] });
  assert.match(text(limits[0]!), /are set\. That is too little if the quota refills as a .+ window/);
  assert.match(text(limits[0]! - 1), /are set\. That is too little under every window law/);
  assert.doesNotMatch(text(limits.at(-1)!), /That is too little/);
});

it("says how many calls were left out", () => {
  const result = run([{ tokensPerMinute: 5_000, law: "token-bucket" }]);
  const [need] = result.strategies[0]!.quotaNeeds!;
  const text = (callsLeftOut: number) =>
    quotaNeedText({ ...result.strategies[0]!, quotaNeeds: [{ ...need!, calls: 1_500_000, callsLeftOut }] });
  assert.match(text(48_500_000), /the run's first 1,500,000 calls are counted, 48,500,000 later ones are not/);
  assert.doesNotMatch(text(0), /are counted/);
});

it("speaks of the quota that is most short before a larger one that is enough or not set", () => {
  const [need] = run([{ tokensPerMinute: 5_000, law: "token-bucket" }]).strategies[0]!.quotaNeeds!;
  const times = (id: string, factor: number, limitTokensPerMinute: number | null) => ({
    ...need!,
    id,
    limitTokensPerMinute,
    laws: need!.laws.map((law) => ({ ...law, smallestLimit: factor * law.smallestLimit })),
  });
  const needs = [
    times("enough", 9, 1e9),
    times("a little", 2, 40_000),
    times("short", 1, 5_000),
    times("none", 20, null),
  ];
  const textOf = (quotaNeeds: typeof needs) => quotaNeedText({ ...run(undefined).strategies[0]!, quotaNeeds });
  assert.match(textOf(needs), /the calls to short reserve/);
  // Half as much as it has to be by the strictest law, so that as much again is missing.
  const halved = [times("halved", 1, Math.max(...need!.laws.map(({ smallestLimit }) => smallestLimit)) / 2)];
  const result = run(undefined);
  const table = quotaNeedTable({ ...result, strategies: [{ ...result.strategies[0]!, quotaNeeds: halved }] });
  const column = table.columns.findIndex(({ key }) => key === "headroom_share");
  assert.equal(table.rows[0]!.cells[column]!.value, -1);
  assert.match(textOf(needs.filter(({ id }) => id === "enough" || id === "none")), /the calls to none reserve/);
});

it("says which quota to ask for by the strictest law, and what max_tokens would save", () => {
  const result = run(undefined);
  assert.ok(hasQuotaNeeds(result));
  assert.match(
    quotaNeedText(result.strategies[0]!),
    /^Under single the calls to us-east-1\/nova\/regional reserve 39,360 tokens in their busiest minute; to throttle at most 1 % of them takes 2\d,000 tokens a minute by the strictest window law \(.*\), .* by the mildest \(.*\); no quota is set\. A max_tokens that 99 % of the answers stay within \(chat 60\) would reserve 29\.9 % less/,
  );
  const [row] = quotaNeedTable(result).rows;
  assert.equal(row!.cells[3]!.text, "none");
  assert.equal(row!.cells.length, quotaNeedTable(result).columns.length);
});

it("the busiest minute is that of the calls as they were sent, to the last token", () => {
  const prepared = planOf(
    scenarioInput({
      duration: "30m",
      requests: undefined,
      replications: 1,
      world: {
        regions: ["us-east-1", "eu-west-1"],
        models: {
          nova: {
            id: "amazon.nova-pro-v1:0",
            onDemand: true,
            capacity: { kind: "slots", servers: "unlimited", service: { lognormal: { mean: "8s", cv: 2 } } },
          },
        },
      },
      traffic: [
        {
          class: "chat",
          arrivals: { poisson: "3/s" },
          tokens: {
            input: { lognormal: { mean: 900, cv: 1 } },
            output: { lognormal: { mean: 80, cv: 1 } },
            maxTokens: 256,
          },
          origin: "us-east-1",
        },
      ],
      strategies: [{ "round-robin": {} }],
    }),
  );
  const sent: { readonly target: number; readonly ms: number; readonly reserve: number }[] = [];
  const observerOf = () => ({
    onAttemptEnd: ({ target, sentMs, inputTokens }: ObservedAttempt) =>
      void sent.push({ target, ms: sentMs, reserve: inputTokens + 256 }),
    onRequestEnd: () => {},
    onRunEnd: () => {},
  });
  const steps = runJob({ plan: prepared }, planJobs({ plan: prepared }, 1)[0]!, { observerOf });
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  assert.deepEqual(new QuotaNeeds(prepared).needs(), [], "without calls");
  const needs = step.value.stats[0]!.quotaNeeds!;
  assert.equal(needs.length, 2);
  for (const [target, { laws, calls: counted }] of needs.entries()) {
    const own = sent.filter((call) => call.target === target);
    assert.equal(counted, own.length);
    const within = (fromMs: number, toMs: number) =>
      own.reduce((sum, { ms, reserve }) => sum + (ms >= fromMs && ms < toMs ? reserve : 0), 0);
    const rolling = Math.max(...own.map(({ ms }) => within(ms, ms + MINUTE)));
    const clock = Math.max(...own.map(({ ms }) => within(ms - (ms % MINUTE), ms - (ms % MINUTE) + MINUTE)));
    assert.deepEqual([lawIn(laws, "rolling-window"), lawIn(laws, "clock-window")], [rolling, clock]);
  }
});

it("a call that comes back to a quota after another has refused it is one call of each", () => {
  const plan = planOf(
    scenarioInput({
      duration: "10m",
      requests: undefined,
      world: {
        regions: ["us-east-1", "eu-west-1"],
        models: {
          nova: {
            id: "amazon.nova-pro-v1:0",
            onDemand: true,
            capacity: { kind: "slots", servers: "unlimited", service: "1s" },
          },
        },
        quotas: [{ tokensPerMinute: 1000, law: "clock-window" }],
      },
      traffic: [
        {
          class: "chat",
          arrivals: { poisson: "1/s" },
          tokens: { input: 400, output: 60, maxTokens: 256 },
          origin: "us-east-1",
        },
      ],
      strategies: [{ "round-robin": {} }],
      client: { retry: "standard" },
    }),
  );
  const asked = [new Set<number>(), new Set<number>()];
  let attempts = 0;
  const observerOf = () => ({
    onAttemptEnd: ({ target, requestId }: ObservedAttempt) => {
      attempts++;
      asked[target]!.add(requestId);
    },
    onRequestEnd: () => {},
    onRunEnd: () => {},
  });
  const steps = runJob({ plan }, planJobs({ plan }, 1)[0]!, { observerOf });
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  const counted = step.value.stats[0]!.quotaNeeds!.map(({ calls }) => calls);
  assert.deepEqual(
    counted,
    asked.map(({ size }) => size),
  );
  assert.ok(attempts > counted[0]! + counted[1]! + 50, `${attempts} attempts, ${counted} calls`);
});

/** Needs of a small world: a call every second, all to one target. */
function needsOf(
  target: string,
  { world = {}, model = {}, tokens }: { world?: object; model?: object; tokens: Tokens },
): readonly QuotaNeed[] {
  const capacity = { kind: "slots", servers: "unlimited", service: "1s" } as const;
  const nova = { id: "amazon.nova-pro-v1:0", burndown: 1, onDemand: true, capacity, ...model };
  const plan = planOf(
    scenarioInput({
      duration: "10m",
      requests: undefined,
      world: { regions: ["us-east-1"], models: { nova }, ...world },
      traffic: [{ class: "chat", arrivals: { deterministic: { interval: "1s" } }, tokens, origin: "us-east-1" }],
      strategies: [{ single: { target } }],
    }),
  );
  return runAll({ plan })[0]!.stats[0]!.quotaNeeds!;
}
type Tokens = ScenarioInput["traffic"][number]["tokens"];

it("suggests no larger max_tokens than is asked for", () => {
  // Most answers are cut at 256: two digits, up, would be 260.
  const tokens = { input: 400, output: 300, maxTokens: 256 };
  assert.deepEqual(needsOf("us-east-1", { tokens })[0]!.explicitMaxTokens.byClass, [{ name: "chat", tokens: 256 }]);
  const model = { maxOutputTokens: 512 };
  const unset = { input: 400, output: 600, maxTokens: "unset" } as const;
  const [need] = needsOf("us-east-1", { tokens: unset, model });
  assert.deepEqual(need!.explicitMaxTokens.byClass, [{ name: "chat", tokens: 512 }]);
});

it("prompts longer than the model's window ask for nothing: they are answered before any quota is asked", () => {
  const tokens = { input: { uniform: { min: 1, max: 1999 } }, output: 60, maxTokens: 256 };
  const model = { contextTokens: 1000 };
  const [need] = needsOf("us-east-1", { tokens, model });
  assert.ok(need!.calls > 200 && need!.calls < 400, String(need!.calls));
  // The others have 500 tokens on average, and half of the calls of a minute.
  const busiest = lawIn(need!.laws, "rolling-window");
  assert.ok(busiest < 45 * (500 + 256), String(busiest));
});

it("calls of the reserved tier ask for no quota", () => {
  const reserved = [{ region: "us-east-1", inputTokensPerMinute: "100k", outputTokensPerMinute: "10k", usdPerHour: 1 }];
  const world = { targets: ["us-east-1@reserved"], reserved };
  assert.deepEqual(needsOf("us-east-1@reserved", { world, tokens: { input: 400, output: 60, maxTokens: 256 } }), []);
});

const MINUTE = 60_000;
const lawIn = (laws: QuotaNeed["laws"], law: string) => laws.find((each) => each.law === law)!.busiestReserved;
