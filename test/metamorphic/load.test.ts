import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ScenarioInput } from "../../simulator/scenario/schema.ts";
import { runScenario } from "../../studies/oracles/ask.ts";
import { type Capacity, smallScenario } from "../../studies/oracles/oracle.ts";

describe("burstiness", () => {
  it("cv 3 multiplies the mean TTFT several-fold near saturation, and hardly matters far from it", async () => {
    const ttft = async (cv: number, rate: number) => {
      const capacity: Capacity = {
        kind: "slots",
        servers: 8,
        service: { exponential: { mean: "1s" } },
        perOutputToken: "10ms",
      };
      const scenario = smallScenario({
        arrivals: { gamma: { rate: `${rate}/s`, cv } },
        regions: { r1: capacity },
        tokens: { input: 100, output: 100, maxTokens: 100 },
      });
      const result = await runScenario({ name: "bursts", requests: 60_000, replications: 3, ...scenario });
      return result.strategies[0]!.total.ttftMs.mean.value!;
    };
    // Servers take 2 s a call: 8 of them are full at 4 calls a second.
    const busy = (await ttft(3, 3.6)) / (await ttft(1, 3.6));
    const idle = (await ttft(3, 0.4)) / (await ttft(1, 0.4));
    assert.ok(busy > 2.5 && busy < 8, `near saturation TTFT grows ${busy}-fold`);
    assert.ok(idle > 0.95 && idle < 1.3, `at a tenth of the load TTFT grows ${idle}-fold`);
  });
});

describe("stale signals", () => {
  it("make least-outstanding herd: the older the picture, the longer the waits", async () => {
    const run = async (age: string) => {
      const capacity: Capacity = { kind: "slots", servers: 6, service: { exponential: { mean: "1s" } } };
      const scenario: ScenarioInput = {
        name: "herd",
        requests: 40_000,
        replications: 2,
        ...smallScenario({
          arrivals: { poisson: "19/s" },
          regions: { a: capacity, b: capacity, c: capacity, d: capacity },
          strategy: "least-outstanding",
        }),
        routers: 4,
        signals: { source: "shared", age },
      };
      const { total } = (await runScenario(scenario)).strategies[0]!;
      return { e2eMs: total.e2eMs.mean.value!, p95Ms: total.e2eMs.p95.value!, waited: total.waitedShare.value! };
    };
    const ages = ["0s", "1s", "4s", "15s"];
    const runs = [];
    for (const age of ages) runs.push(await run(age));
    for (let i = 1; i < runs.length; i++) {
      const [fresher, older] = [runs[i - 1]!, runs[i]!];
      assert.ok(older.e2eMs > fresher.e2eMs, `mean at age ${ages[i]}: ${older.e2eMs} after ${fresher.e2eMs}`);
      assert.ok(older.p95Ms > fresher.p95Ms, `p95 at age ${ages[i]}: ${older.p95Ms} after ${fresher.p95Ms}`);
      // More calls queue although the total capacity is the same: load sits on one region at a time.
      assert.ok(older.waited > fresher.waited, `waited at age ${ages[i]}: ${older.waited} after ${fresher.waited}`);
    }
    assert.ok(runs.at(-1)!.e2eMs > 2 * runs[0]!.e2eMs, "an old picture costs more than half the speed");
  });
});
