import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { costOf, groupOf, runShipped, savingOf } from "./run-shipped.ts";

/** Relative amplitude of a price whose trough is 31 % below, or 1 / 1.31 of, its peak. */
const TROUGH_BELOW_PEAK = 0.31 / 1.69;
const PEAK_TO_TROUGH = 0.31 / 2.31;

/** Factor over the list price in a UTC hour: a sine that peaks at 15:00 of the region's clock. */
function factor(amplitude: number, utcHour: number, offsetHours: number): number {
  return 1 + amplitude * Math.cos((2 * Math.PI * (utcHour + offsetHours - 15)) / 24);
}

/** Best possible saving against home, the demand in each UTC hour given by its weight. */
function ceiling(amplitude: number, home: number, others: readonly number[], weight: (utcHour: number) => number) {
  let best = 0;
  let mine = 0;
  for (let hour = 0; hour < 24; hour++) {
    const factors = [home, ...others].map((offset) => factor(amplitude, hour, offset));
    best += weight(hour) * Math.min(...factors);
    mine += weight(hour) * factors[0]!;
  }
  return 1 - best / mine;
}

describe("prices", () => {
  it("as-published: Claude costs the same in every region, and 1/1.1 of that through the global profile", async () => {
    const { result } = await runShipped("as-published", ["duration=5m"]);
    const saving = (strategy: string, className: string) => savingOf(result, strategy, "home", className);
    assert.ok(Math.abs(saving("spread over four regions", "chat")) < 1e-9);
    assert.ok(Math.abs(saving("global profile from home", "chat") - (1 - 1 / 1.1)) < 1e-9);
    assert.ok(Math.abs(saving("cheapest", "chat") - (1 - 1 / 1.1)) < 1e-9);
    assert.ok(saving("cheapest", "tagging") > 0.1, "Nova has a regional spread");
    assert.ok(Math.abs(saving("global profile from home", "tagging")) < 1e-9, "Nova Micro is not sold globally");
  });

  it("hourly-swing: cheapest reaches the ceiling of the closed form and does not pass it", async () => {
    const { result } = await runShipped(
      "hourly-swing",
      ["duration=24h", "load=0.25"],
      ["home", "cheapest", "round-robin", "cheapest within 10 s"],
    );
    const best = ceiling(PEAK_TO_TROUGH, -5, [-8, 0, 8, 9], () => 1);
    assert.ok(Math.abs(best - 0.1188) < 1e-4);
    // One day of 12,960 calls with cv 0.6 in cost, the same for both: the standard error of a day's saving is below 0.1
    // points (0.05 with twice the calls, over eight seeds).
    assert.ok(Math.abs(savingOf(result, "cheapest", "home") - best) < 0.004, `${best}`);
    assert.ok(Math.abs(savingOf(result, "round-robin", "home")) < 0.004);
    assert.ok(costOf(result, "cheapest within 10 s") > costOf(result, "cheapest"), "a tight ceiling costs money");
  });

  it("follow-the-sun: a demand that peaks with the price at home saves more than a flat one could", async () => {
    const { result } = await runShipped("follow-the-sun", ["load=0.4"], ["home", "cheapest"]);
    // The day's shape is exp(k cos); its peak over its mean, exp(k) / I0(k), is 2 at k = 0.87684. Taken at half hours.
    const weight = (utcHour: number) => Math.exp(0.87684 * Math.cos((2 * Math.PI * (utcHour + 1.5 - 15)) / 24));
    const best = ceiling(TROUGH_BELOW_PEAK, 1, [-5, -8, 9, 10], weight);
    assert.ok(best > ceiling(TROUGH_BELOW_PEAK, 1, [-5, -8, 9, 10], () => 1) + 0.05);
    // A day of 27,700 calls: the saving has a standard error of 0.07 points, over six seeds.
    assert.ok(Math.abs(savingOf(result, "cheapest", "home") - best) < 0.006, `${best}`);
    const ttft = (strategy: string) => groupOf(result, strategy, "chat").ttftMs.mean.value!;
    assert.ok(ttft("cheapest") > ttft("home") + 40, "the way there is paid in time to first token");
    assert.ok(ttft("cheapest") < ttft("home") + 200);
  });

  it("batch-weighted: weights save nothing, batch half, global batch 1 - 0.5 / 1.1 of what can wait", async () => {
    const { result } = await runShipped("batch-weighted", ["duration=2h"]);
    const saving = (strategy: string, className: string) => savingOf(result, strategy, "one region", className);
    assert.ok(Math.abs(saving("weighted 60/40", "nightly")) < 1e-9);
    assert.ok(Math.abs(saving("batch what can wait", "nightly") - 0.5) < 1e-9);
    assert.ok(Math.abs(saving("global and batch", "nightly") - (1 - 0.5 / 1.1)) < 1e-9);
    assert.ok(Math.abs(saving("batch what can wait", "assistant")) < 1e-9, "who cannot wait is not sent to batch");
    assert.equal(costOf(result, "cheapest"), costOf(result, "global and batch"));
  });

  it("prompt-cache-locality: scattering pays in money and in time to first token", async () => {
    const { result } = await runShipped("prompt-cache-locality", ["duration=40m"]);
    assert.ok(costOf(result, "three regions in turn") > 1.15 * costOf(result, "one region"));
    assert.ok(costOf(result, "two regions in turn") < costOf(result, "three regions in turn"));
    const ttft = (strategy: string) => groupOf(result, strategy).ttftMs.mean.value!;
    assert.ok(ttft("three regions in turn") > ttft("one region") + 200);
  });
});

describe("limits", () => {
  const failed = (result: Parameters<typeof groupOf>[0], strategy: string, className?: string) =>
    groupOf(result, strategy, className).failedShare.value!;

  it("chat-primary-fallback: quotas of source regions add up", async () => {
    const { result } = await runShipped("chat-primary-fallback", []);
    assert.ok(failed(result, "one region") > 0.2);
    assert.ok(failed(result, "primary + fallback") < 0.03);
    assert.equal(failed(result, "primary + two"), 0);
    const throttled = (strategy: string) => groupOf(result, strategy).throttledAttemptShare.value!;
    assert.ok(throttled("walk the order") > 3 * throttled("primary + fallback"), "the cooldown spares refusals");
  });

  it("quota-squeeze: an unset max_tokens wastes the quota; a tight one is overrun after admission", async () => {
    const { result } = await runShipped("quota-squeeze", []);
    assert.ok(failed(result, "one region", "unset") > 0.25);
    assert.equal(failed(result, "one region", "twice the answer"), 0);
    assert.equal(failed(result, "one region", "the answer exactly"), 0);
    const quota = (id: string) => result.strategies[0]!.quotas.find((each) => each.id === id)!;
    assert.equal(quota("unset/us-east-1/sonnet/geographic").overshootTokens, 0);
    assert.ok(quota("unset/us-east-1/sonnet/geographic").refusedTokensPerMinute > 0);
    // Settled is input + 5 x output where input + output was reserved.
    const exact = quota("exact/us-east-1/sonnet/geographic");
    const { outputTokens } = groupOf(result, "one region", "the answer exactly").counts;
    assert.equal(exact.overshootTokens, 4 * outputTokens);
  });

  it("spiky-eu: nothing leaves its area, and reserved capacity keeps the hard path whole", async () => {
    const { plan, result } = await runShipped("spiky-eu", ["duration=1h"]);
    const patients = plan.classes.find((each) => each.name === "patients")!;
    assert.deepEqual(
      plan.targets.filter((_, t) => patients.legal[t] === 1).map((target) => target.id),
      ["eu-central-1"],
    );
    for (const { name } of result.strategies) {
      const { counts } = groupOf(result, name);
      assert.deepEqual([counts.residencyViolations, counts.residencyRefused], [0, 0]);
    }
    assert.equal(failed(result, "fallbacks + reserved", "payments"), 0);
    assert.ok(failed(result, "one profile", "chat") > failed(result, "fallbacks", "chat"));
    // 100k in at 0.198 and 20k out at 0.99 USD an hour per 1,000, for an hour, used or not.
    const bill = (strategy: string) => groupOf(result, strategy).cost.source.totalUsd.value!;
    const perClass = result.strategies
      .find((each) => each.name === "fallbacks + reserved")!
      .byClass.reduce((sum, each) => sum + each.cost.source.totalUsd.value!, 0);
    assert.ok(Math.abs(bill("fallbacks + reserved") - perClass - 39.6) < 1e-6, `${bill("fallbacks + reserved")}`);
  });
});

describe("things go wrong", () => {
  const failed = (result: Parameters<typeof groupOf>[0], strategy: string) =>
    groupOf(result, strategy).failedShare.value!;

  it("region-loss: a profile in the lost region is lost, fallbacks serve, fewest in flight is a black hole", async () => {
    const sets = ["duration=18m", "world.faults[0].at=6m", "world.faults[0].for=6m"];
    const { result } = await runShipped("region-loss", sets);
    // A third of the run; what was in flight when it began is lost too.
    assert.ok(Math.abs(failed(result, "one endpoint") - 1 / 3) < 0.05);
    assert.ok(failed(result, "least-outstanding") > 0.25);
    for (const strategy of ["primary + fallbacks", "round-robin", "cheapest within 15 s"]) {
      assert.ok(failed(result, strategy) < 0.05, `${strategy} fails ${failed(result, strategy)}`);
    }
    const { result: seen } = await runShipped("region-loss", [...sets, "world.healthDelay=10s"], ["least-outstanding"]);
    assert.ok(failed(seen, "least-outstanding") < 0.1, "health checks close the hole");
  });

  it("retry-storm: unlimited retries stay down after the fault, a bucket or a budget comes back", async () => {
    const fault = ["world.faults[0].at=10m", "world.faults[0].for=5m"];
    const hours = async (sets: readonly string[], strategies: readonly string[] = []) => {
      const { result } = await runShipped("retry-storm", ["duration=80m", ...sets], strategies);
      return (strategy: string) =>
        result.strategies.find((each) => each.name === strategy)!.byHour[1]!.failedShare.value!;
    };
    const second = await hours(fault);
    for (const strategy of ["legacy", "ten attempts"]) {
      assert.ok(second(strategy) > 0.95, `${strategy}: ${second(strategy)} fail 45 minutes after the fault`);
    }
    for (const strategy of ["no retries", "standard", "adaptive", "ten attempts with budget"]) {
      assert.ok(second(strategy) < 0.05, `${strategy}: ${second(strategy)}`);
    }
    // The same load without a fault is no trouble for the client that stays down above.
    const calm = await hours(["world.faults=[]"], ["legacy"]);
    assert.ok(calm("legacy") < 0.05, `${calm("legacy")}`);
  });
});

describe("effects known from the literature", () => {
  it("bursty-arrivals: cv 3 multiplies mean TTFT several-fold near saturation, and not far from it", async () => {
    const { result } = await runShipped("bursty-arrivals", ["duration=5h"], ["single"]);
    const ttft = (className: string) => groupOf(result, "single", className).ttftMs.mean.value!;
    const busy = ttft("busy-bursts") / ttft("busy-poisson");
    assert.ok(busy > 2.5 && busy < 9, `near saturation ${busy}-fold`);
    const quiet = ttft("quiet-bursts") / ttft("quiet-poisson");
    assert.ok(quiet > 0.98 && quiet < 1.1, `far from it ${quiet}-fold`);
  });

  it("stale-signals: the older the shared picture, the more least-outstanding herds", async () => {
    const run = async (age: string, other: string) => {
      const strategies = ["least-outstanding", "round-robin", other];
      const sets = ["duration=12m", "warmup=2m", `signals.age=${age}`];
      const { result } = await runShipped("stale-signals", sets, strategies);
      return (strategy: string) => groupOf(result, strategy).ttftMs.mean.value!;
    };
    const [fresh, old] = [await run("0s", "weighted"), await run("10s", "power-of-two")];
    assert.ok(fresh("least-outstanding") < fresh("weighted"), "fresh signals are worth having");
    assert.ok(old("least-outstanding") > 4 * old("round-robin"), "old ones are worse than none");
    assert.ok(old("power-of-two") < old("least-outstanding") / 2, "two choices herd less");
    assert.equal(old("round-robin"), fresh("round-robin"), "who does not look is not fooled");
  });
});
