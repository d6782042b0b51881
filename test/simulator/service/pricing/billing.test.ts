import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { HOUR_MS } from "../../../../simulator/base/time.ts";
import {
  addToLedger,
  type BillingTerms,
  billLedger,
  cheapestKey,
  createLedger,
  ledgerCell,
  type Placement,
  requestCostFUsd,
} from "../../../../simulator/service/pricing/billing.ts";
import { epochAt } from "../../../../simulator/service/pricing/price-schedule.ts";
import { BILLING_RULES, formatUsd, type PriceSchedule, usdOf } from "../../../../simulator/service/pricing/prices.ts";
import { region, scheduleOf, standardKey } from "./fixtures.ts";

const ORACLES = new URL("../../../../studies/oracles/reference.json", import.meta.url);

/** The recorded value of an oracle row, which must be that of its closed form. */
function oracle(id: string, closedForm: number): number {
  const rows = JSON.parse(readFileSync(ORACLES, "utf8")).engine_rows as readonly { id: string; value: number }[];
  const recorded = rows.find((row) => row.id === id)?.value ?? Number.NaN;
  closeTo(recorded, closedForm);
  return recorded;
}

function closeTo(actual: number, expected: number) {
  assert.ok(Math.abs(actual / expected - 1) < 1e-9, `${actual} is not ${expected}`);
}

const OPPOSITE = {
  overrides: [{ model: "m", input: 3, output: 3 }],
  hourly: { sine: { amplitude: 0.155, peakAt: "06:00 UTC" } },
  hourlyFor: [{ region: "B", curve: { sine: { amplitude: 0.155, peakAt: "18:00 UTC" } } }],
};
const AB = scheduleOf(OPPOSITE, [standardKey("m", "A"), standardKey("m", "B")], { custom: [region("A"), region("B")] });

function terms(
  schedule: PriceSchedule,
  placements: readonly Placement[],
  more: Partial<BillingTerms> = {},
): BillingTerms {
  return { rule: "source", schedule, placements, candidateKeys: [[0]], routingFeeUsdPer1kDecisions: 0, ...more };
}

/** One call a second for a day, the first after one second, 1,500 tokens each; `keyAt` chooses the region. */
function dayOfCalls(keyAt: (ms: number) => number) {
  const ledger = createLedger({ epochs: AB.epochStartMs.length, placements: 2, classes: 1 });
  for (let second = 1; second <= 86_400; second++) {
    const epoch = epochAt(AB, second * 1000);
    const cell = ledgerCell(ledger, epoch, keyAt(second * 1000), 0);
    ledger.tokens[cell * 4]! += 1000;
    ledger.tokens[cell * 4 + 1]! += 500;
    ledger.decisions[cell]! += 1;
  }
  return ledger;
}

const TWO: readonly Placement[] = [
  { sourceKey: 0, destinationKey: 0 },
  { sourceKey: 1, destinationKey: 1 },
];

test("oracle cost-a: a day in region A at hourly prices costs 388.80 USD", () => {
  const bill = billLedger(
    dayOfCalls(() => 0),
    terms(AB, TWO),
  );
  closeTo(usdOf(bill.all.total), oracle("cost-a", 388.8));
});

test("always the cheaper of two regions with opposite phases", () => {
  // Closed form: 129.6 MTok at 3 (1 - a mean |sin|), hour by hour.
  let expected = 0;
  for (let h = 0; h < 24; h++)
    expected += 3600 * 1500e-6 * 3 * (1 - 0.155 * Math.abs(Math.sin((2 * Math.PI * h) / 24)));
  const cheaper = (ms: number) => cheapestKey(AB, epochAt(AB, ms), [0, 1]);
  closeTo(usdOf(billLedger(dayOfCalls(cheaper), terms(AB, TWO)).all.total), expected);
  // The lowest-cost rule charges the same wherever the calls went.
  const lowest = terms(AB, TWO, { rule: "lowest-cost", candidateKeys: [[0, 1]] });
  closeTo(
    usdOf(
      billLedger(
        dayOfCalls(() => 0),
        lowest,
      ).all.total,
    ),
    expected,
  );
});

test("oracle cost-c: the fee for 50 M decisions is 25 USD exactly", () => {
  const ledger = createLedger({ epochs: AB.epochStartMs.length, placements: 2, classes: 1 });
  ledger.decisions[3] = 30_000_000;
  ledger.decisions[4] = 20_000_000;
  const more = { candidateKeys: [[0, 1]], routingFeeUsdPer1kDecisions: 0.0005 };
  const bill = billLedger(ledger, terms(AB, TWO, { rule: "lowest-cost", ...more }));
  assert.equal(formatUsd(bill.routingFee.total), "25");
  assert.equal(bill.all.total, bill.routingFee.total);
  closeTo(usdOf(bill.routingFee.total), oracle("cost-c", 25));
  for (const rule of ["source", "destination"] as const) {
    assert.equal(billLedger(ledger, terms(AB, TWO, { rule, ...more })).all.total, 0n);
  }
});

test("one re-routed call: each rule charges its own region", () => {
  const schedule = scheduleOf(
    {
      overrides: [
        { model: "m", region: "r1", input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 },
        { model: "m", region: "r2", input: 2, output: 20 },
        { model: "m", region: "r3", input: 1, output: 25 },
      ],
    },
    ["r1", "r2", "r3"].map((name) => standardKey("m", name)),
    { custom: [region("r1"), region("r2"), region("r3")] },
  );
  const ledger = createLedger({ epochs: schedule.epochStartMs.length, placements: 1, classes: 1 });
  ledger.tokens.set([1_000_000, 100_000, 2_000_000, 40_000]);
  const placements = [{ sourceKey: 0, destinationKey: 1 }];
  const usd = (rule: BillingTerms["rule"]) =>
    formatUsd(billLedger(ledger, terms(schedule, placements, { rule, candidateKeys: [[0, 1, 2]] })).all.total);
  assert.equal(usd("source"), "5.25"); // 3 + 1.5 + 0.6 + 0.15
  assert.equal(usd("destination"), "8.08"); // 2 + 2 + 4 + 0.08: no cache prices, so cached is input
  assert.equal(usd("lowest-cost"), "5.25"); // blends 6, 6.5 and 7: r1 is the cheapest
});

test("ties go to the first key; a class without candidates cannot be billed at the lowest cost", () => {
  assert.equal(cheapestKey(AB, 0, [1, 0]), 1);
  const ledger = createLedger({ epochs: AB.epochStartMs.length, placements: 2, classes: 1 });
  const none = terms(AB, TWO, { rule: "lowest-cost", candidateKeys: [[]] });
  assert.equal(billLedger(ledger, none).all.total, 0n);
  ledger.tokens[0] = 1;
  assert.throws(() => billLedger(ledger, none), /candidate key/);
});

test("the sum of request costs is the bill to the femto-dollar, and every breakdown sums to it", () => {
  const placements: readonly Placement[] = [...TWO, { sourceKey: 0, destinationKey: 1 }];
  const count = fc.integer({ min: 0, max: 200_000 });
  const attempt = fc.record({
    ms: fc.integer({ min: 0, max: 30 * HOUR_MS }),
    placement: fc.integer({ min: 0, max: 2 }),
    classIndex: fc.integer({ min: 0, max: 1 }),
    tokens: fc.tuple(count, count, count, count),
    decisions: fc.integer({ min: 0, max: 2 }),
  });
  fc.assert(
    fc.property(fc.array(attempt, { maxLength: 60 }), fc.constantFrom(...BILLING_RULES), (attempts, rule) => {
      const more = { rule, candidateKeys: [[0, 1], [1]], routingFeeUsdPer1kDecisions: 0.000_123_456_789 };
      const billing = terms(AB, placements, more);
      const ledger = createLedger({ epochs: AB.epochStartMs.length, placements: 3, classes: 2 });
      let sum = 0n;
      for (const { ms, ...rest } of attempts) {
        const epoch = epochAt(AB, ms);
        const cell = ledgerCell(ledger, epoch, rest.placement, rest.classIndex);
        rest.tokens.forEach((tokens, kind) => {
          ledger.tokens[cell * 4 + kind]! += tokens;
        });
        ledger.decisions[cell]! += rest.decisions;
        sum += requestCostFUsd({ epoch, ...rest }, billing);
      }
      const bill = billLedger(ledger, billing);
      assert.equal(bill.all.total, sum);
      for (const part of [bill.all, bill.routingFee]) {
        for (const list of [part.byClass, part.byPlacement, part.byEpoch]) {
          assert.equal(
            list.reduce((total, fUsd) => total + fUsd, 0n),
            part.total,
          );
        }
      }
    }),
    { numRuns: 200 },
  );
});

const SHAPE = { epochs: 3, placements: 4, classes: 5 };

test("every (epoch, placement, class) has its own cell, all within the ledger", () => {
  const ledger = createLedger(SHAPE);
  const cells = new Set<number>();
  for (let e = 0; e < 3; e++) {
    for (let p = 0; p < 4; p++) {
      for (let c = 0; c < 5; c++) cells.add(ledgerCell(SHAPE, e, p, c));
    }
  }
  assert.equal(cells.size, 60);
  assert.equal(Math.max(...cells), 59);
  assert.equal(ledger.decisions.length, 60);
  assert.equal(ledger.tokens.length, 240);
});

test("ledgers of one shape add up, others are refused", () => {
  const a = createLedger(SHAPE);
  const b = createLedger(SHAPE);
  a.tokens[7] = 2;
  b.tokens[7] = 3;
  b.decisions[59] = 1;
  addToLedger(a, b);
  assert.equal(a.tokens[7], 5);
  assert.equal(a.decisions[59], 1);
  assert.throws(() => addToLedger(a, createLedger({ ...SHAPE, classes: 4 })), /INVARIANT/);
});
