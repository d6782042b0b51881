import assert from "node:assert/strict";
import { it } from "node:test";
import { attemptPricer } from "../../../simulator/replay/attempt-price.ts";
import { measuredOutput } from "../../../simulator/replay/measured-output.ts";
import { recordSchedule } from "../../../simulator/replay/record-schedule.ts";
import { billLedger } from "../../../simulator/world/pricing/billing.ts";
import { usdOf } from "../../../simulator/world/pricing/money.ts";
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
