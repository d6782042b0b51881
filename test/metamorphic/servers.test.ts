import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { RunResult } from "../../simulator/experiment/result.ts";
import { runScenario } from "../../studies/oracles/ask.ts";
import { duration, perSecond, smallScenario } from "../../studies/oracles/oracle.ts";
import { budget } from "../budget.ts";

interface Station {
  readonly servers: number;
  readonly load: number;
  readonly cv: number;
  readonly seed: number;
}

function run({ servers, load, cv, seed }: Station, more: number): Promise<RunResult> {
  const scenario = smallScenario({
    arrivals: { gamma: { rate: perSecond(load * servers), cv: 1.5 } },
    regions: {
      r1: { kind: "slots", servers: servers + more, service: { lognormal: { mean: duration(1), cv } } },
    },
  });
  return runScenario({ name: "servers", seed, requests: 3000, replications: 2, ...scenario });
}

describe("one more server at a first-come-first-served station without retries", () => {
  it("makes no request wait longer, with the same draws", async () => {
    const station = fc.record({
      servers: fc.integer({ min: 1, max: 12 }),
      load: fc.double({ min: 0.3, max: 1.2, noNaN: true }),
      cv: fc.double({ min: 0.2, max: 3, noNaN: true }),
      seed: fc.integer({ min: 1, max: 1_000_000 }),
    });
    const property = fc.asyncProperty(station, async (drawn) => {
      const few = (await run(drawn, 0)).strategies[0]!.total;
      const more = (await run(drawn, 1)).strategies[0]!.total;
      assert.equal(more.counts.served, few.counts.served);
      assert.ok(more.counts.waited <= few.counts.waited);
      for (const kind of ["queueWaitMs", "e2eMs"] as const) {
        assert.ok(more[kind].mean.value! <= few[kind].mean.value! * (1 + 1e-12), `mean ${kind}`);
        assert.ok(more[kind].max! <= few[kind].max! * (1 + 1e-12), `largest ${kind}`);
        for (const p of ["p50", "p95", "p99"] as const) {
          assert.ok(more[kind][p].value! <= few[kind][p].value! + 1e-9, `${p} of ${kind}`);
        }
      }
    });
    await fc.assert(property, { numRuns: budget(25, 15) });
  });
});
