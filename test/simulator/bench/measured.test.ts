import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkRows } from "../../../simulator/bench/checks.ts";
import { recordSchedule } from "../../../simulator/bench/make-plan.ts";
import { attemptPricer, measuredOutput, measuredResult } from "../../../simulator/bench/measured.ts";
import { billLedger } from "../../../simulator/service/pricing/billing.ts";
import { usdOf } from "../../../simulator/service/pricing/prices.ts";
import { planOf, scenarioInput, worldInput } from "../scenario/base.ts";
import { replayVirtually } from "./virtual-wire.ts";

it("attempts priced one by one sum to the bill of the run", () => {
  for (const billing of ["source", "lowest-cost"] as const) {
    const overrides = [
      { model: "m", region: "a", input: 1, output: 5 },
      { model: "m", region: "b", input: 2, output: 7 },
    ];
    const prices = {
      book: "none",
      overrides,
      billing,
      routingFeeUsdPer1kDecisions: 0.2,
      hourly: { sine: { amplitude: "50%", peakAt: "15:00 utc" } },
    };
    const plan = planOf(scenarioInput({ world: worldInput({ prices } as never) }));
    const { attempts, requests } = replayVirtually(plan, 0);
    const schedule = recordSchedule(plan);
    const priceOf = attemptPricer(plan, schedule);
    const sum = attempts.reduce((usd, row) => usd + priceOf(row), 0);
    const run = { schedule, attempts, requests, isStreaming: true, notes: [], ranIn: () => undefined };
    const { placements, candidateKeys, routingFeeUsdPer1kDecisions } = plan.money;
    const terms = {
      rule: billing,
      schedule: plan.money.schedule,
      placements,
      candidateKeys,
      routingFeeUsdPer1kDecisions,
    };
    const bill = usdOf(billLedger(measuredOutput(plan, run).ledger, terms).all.total);
    assert.ok(bill > 0.1);
    assert.ok(Math.abs(sum - bill) < 1e-9 * bill, `${sum} and ${bill}`);
    assert.equal(priceOf({ ...attempts[0]!, u: null }), 0);
  }
});

const plan = planOf(scenarioInput({ strategies: ["round-robin", "least-outstanding"] }));
const schedule = recordSchedule(plan);
const replayed = plan.strategies.map((_, strategy) => replayVirtually(plan, strategy));
const runs = replayed.map(({ attempts, requests, ranIn }) => ({
  schedule,
  attempts,
  requests,
  isStreaming: true,
  ranIn: ({ i, o }: { readonly i: number; readonly o: number }) => ranIn.get(`${i}.${o}`),
}));

function result(lateMsP99: number | null) {
  const reports = replayed.map(({ attempts, requests }, strategy) => {
    const counts = { httpRequests: attempts.length, attempts: attempts.length, requestsEnded: requests.length };
    const { name } = plan.strategies[strategy]!;
    return checkRows({ strategy: name, schedule, attempts, requests, counts, clientFaults: [], lateMsP99 });
  });
  const provenance = { scenarioSha256: "00", meridianVersion: "0", traces: [] };
  return measuredResult(plan, { runs, reports, place: "a test", provenance });
}

describe("a measured result", () => {
  it("has the shape of a simulated one, and says that it was measured and where", () => {
    const { kind, strategies, comparisons, notes } = result(null);
    assert.equal(kind, "measured");
    assert.equal(strategies.length, 2);
    assert.ok(comparisons.length > 0);
    assert.ok(notes.some((note) => note.includes("against a test")));
    assert.ok(notes.some((note) => note.includes("were not started anew")));
    assert.ok(!notes.some((note) => note.includes("an empty system")), "endpoints that run are as they are");
    const { notes: emulated } = result(3);
    assert.equal(emulated.filter((note) => note.includes("an empty system")).length, 2);
    assert.ok(!emulated.some((note) => note.includes("were not started anew")));
    for (const { total } of strategies) {
      assert.equal(total.counts.sent, schedule.length);
      assert.equal(total.counts.served + total.counts.refused + total.counts.throttled, schedule.length);
    }
  });

  it("of an invalid run names the reason first and compares nothing", () => {
    const { verdict, comparisons, notes } = result(50);
    assert.match(verdict, /^Invalid run, nothing can be concluded: round-robin: the emulator woke 50\.0 ms late/);
    assert.deepEqual(comparisons, []);
    assert.match(notes[0]!, /^INVALID: /);
  });
});
