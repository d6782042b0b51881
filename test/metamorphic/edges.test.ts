import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ScenarioInput } from "../../simulator/scenario/schema.ts";
import { runScenario } from "../../studies/oracles/ask.ts";
import { type Capacity, smallScenario } from "../../studies/oracles/oracle.ts";
import { assertSound } from "./sound.ts";

const STATION: Capacity = { kind: "slots", servers: 2, service: "1500ms" };

function twoRegions(more: Partial<ScenarioInput>, rate = "1/s"): ScenarioInput {
  return {
    name: "edges",
    replications: 2,
    ...smallScenario({
      arrivals: { poisson: rate },
      regions: { a: STATION, b: STATION },
      client: { retry: "standard" },
    }),
    strategies: [{ single: { target: "a" } }, "least-outstanding", { priority: { cooldown: "30s" } }],
    ...more,
  };
}

describe("edges of a run", () => {
  it("no traffic: nothing sent, nothing known, nothing wrong", async () => {
    const result = await runScenario(twoRegions({ duration: "2h" }, "0/s"));
    assertSound(result);
    for (const { total, status } of result.strategies) {
      assert.equal(total.counts.sent, 0);
      assert.equal(total.e2eMs.mean.value, null);
      assert.equal(total.failedShare.value, null);
      assert.equal(total.cost.source.totalUsd.value, 0);
      assert.equal(status, "ok");
    }
  });

  it("one request: it takes its service time", async () => {
    const result = await runScenario(twoRegions({ requests: 1 }));
    assertSound(result);
    for (const { total } of result.strategies) {
      assert.equal(total.counts.served, 2);
      assert.ok(Math.abs(total.e2eMs.mean.value! - 1500) < 1e-6);
      assert.equal(total.queueWaitMs.max, 0);
      // One request is too few for a percentile other than the median.
      assert.equal(total.e2eMs.p95.value, null);
    }
  });

  it("all regions down all the time: every request fails after its attempts, and ends", async () => {
    const scenario = twoRegions({ duration: "10m" });
    const faults: ScenarioInput["world"]["faults"] = [{ kind: "outage", at: "0s", for: "48h" }];
    const result = await runScenario({ ...scenario, world: { ...scenario.world, faults } });
    assertSound(result);
    for (const { total } of result.strategies) {
      assert.ok(total.counts.sent > 500);
      assert.equal(total.counts.failed, total.counts.sent);
      assert.equal(total.counts.served, 0);
      assert.equal(total.failedShare.value, 1);
      assert.equal(total.cost.source.totalUsd.value, 0);
    }
  });

  it("overload for ever: the run ends and says that it is unstable", async () => {
    const scenario = twoRegions({ requests: 60_000 }, "4/s");
    const strategies: ScenarioInput["strategies"] = [{ single: { target: "a" } }];
    const result = await runScenario({ ...scenario, strategies, drain: "0s" });
    assertSound(result);
    const [overloaded] = result.strategies;
    assert.equal(overloaded!.status, "unstable");
    assert.match(overloaded!.statusReason!, /backlog/);
    assert.ok(result.notes.some((note) => /unstable/.test(note)));
    assert.ok(overloaded!.total.counts.inFlight > 10_000);
  });

  it("a busy but stable run is not called unstable", async () => {
    // 4 servers of 1.5 s: full at 2.67 calls a second.
    const result = await runScenario(twoRegions({ requests: 60_000, strategies: ["least-outstanding"] }, "2.4/s"));
    assert.equal(result.strategies[0]!.status, "ok");
    assert.equal(result.strategies[0]!.statusReason, null);
  });
});
