import assert from "node:assert/strict";
import { test } from "node:test";
import {
  hasQuotas,
  quotaTable,
  quotaText,
  residencyCountTable,
  residencyRuleTable,
  residencyText,
} from "../../../reports/tables/limits.ts";
import type { QuotaSummary, RunResult } from "../../../simulator/experiment/result.ts";
import { fixture } from "../fixture.ts";

function quota(id: string, over: Partial<QuotaSummary> = {}): QuotaSummary {
  return {
    id,
    granted: 900,
    refusedTokensPerMinute: 0,
    refusedTokensPerDay: 0,
    refusedRequests: 0,
    overshootTokens: 0,
    utilisationMax: 0.5,
    firstRefusalMs: null,
    lastRefusalMs: null,
    ...over,
  };
}

function withQuotas(...quotas: readonly (readonly QuotaSummary[])[]): RunResult {
  const result = fixture({ strategies: ["a", "b", "c"] });
  return { ...result, strategies: result.strategies.map((one, at) => ({ ...one, quotas: quotas[at] ?? [] })) };
}

const BUSY = withQuotas(
  [quota("q1", { utilisationMax: 1.125, overshootTokens: 7000 }), quota("q2", { granted: 0 })],
  [
    quota("q1", {
      refusedTokensPerMinute: 60,
      refusedRequests: 40,
      utilisationMax: 1,
      firstRefusalMs: 3_723_000,
      lastRefusalMs: 82_800_000,
    }),
  ],
  [quota("q1")],
);

test("without quotas there is nothing to show", () => {
  assert.equal(hasQuotas(withQuotas()), false);
  assert.equal(quotaText(withQuotas()), "No quota was in force.");
});

test("one row per strategy and quota in use, with its share, its limit and its instants", () => {
  const table = quotaTable(BUSY);
  assert.equal(table.rows.length, 3, "a quota without a request is left out");
  const texts = table.rows.map((row) => row.cells.map((cell) => cell.text));
  assert.deepEqual(texts[0], ["a", "q1", "900", "0", "0", "0", "0", "0", "113", "7,000", "never", "never"]);
  assert.deepEqual(texts[1], ["b", "q1", "900", "100", "10.0", "60", "0", "40", "100", "0", "01:02:03", "23:00:00"]);
  assert.equal(table.rows[1]!.cells[10]!.value, "2026-05-04T01:02:03.000Z");
  for (const row of table.rows) assert.equal(row.cells.length, table.columns.length);
});

test("in sentences: which strategy came closest, which was refused most, which never", () => {
  assert.equal(
    quotaText(BUSY),
    "a came closest to a limit: it had 113 % of q1 in use and was never refused. Refused most: b, 100 of 1,000 calls (10.0 %) by q1, first at 01:02:03, last at 23:00:00. Never refused: a, c.",
  );
  assert.equal(
    quotaText(withQuotas([quota("q1")])),
    "a came closest to a limit: it had 50.0 % of q1 in use and was never refused.",
  );
});

test("a use that one window law makes small is said beside the busiest minute of the others", () => {
  const law = (name: string, busiestReserved: number, busiestSettled: number) => ({
    ...{ law: name, busiestReserved, busiestSettled, busiestFromMs: 0, smallestLimit: 1 },
  });
  const need = {
    ...{ id: "q1", limitTokensPerMinute: 1_200_000, law: "token-bucket", calls: 900, callsLeftOut: 0, byClass: [] },
    laws: [law("token-bucket", 1_150_000, 1_150_000), law("clock-window", 1_022_037, 1_136_400)],
    explicitMaxTokens: { byClass: [], busiestReserved: 0 },
  };
  const hardly = withQuotas([quota("q1", { utilisationMax: 0.066 })], [quota("q1", { utilisationMax: 0.07 })]);
  const [first, ...others] = hardly.strategies;
  const result = { ...hardly, strategies: [{ ...first!, quotaNeeds: [need] }, ...others] };
  assert.equal(
    quotaText(result),
    "a came closest to a limit: it had 6.60 % of q1 in use and was never refused under the run's window law; by a clock window its busiest minute takes 94.7 % (1,136,400 of 1,200,000 tokens).",
  );
});

test("a run longer than a day says which day", () => {
  assert.match(quotaText({ ...BUSY, durationMs: 7 * 86_400_000 }), /first at 2026-05-04 01:02:03/);
});

const RULE = {
  regions: ["eu-west-1"],
  targets: [
    { target: "eu-west-1", legal: true, reason: null },
    { target: "us-east-1", legal: false, reason: "eu: is called in us-east-1 (US)" },
  ],
};

function bound(result: RunResult = fixture({ strategies: ["a", "b"] })): RunResult {
  return {
    ...result,
    classes: result.classes.map((one) => (one.residency === null ? one : { ...one, residencyRule: RULE })),
  };
}

/** The same run with `violations` of a's bound class and `refused` of b's. */
function broken(violations: number, refused: number): RunResult {
  const result = bound();
  const strategies = result.strategies.map((strategy) => ({
    ...strategy,
    byClass: strategy.byClass.map((group) =>
      group.name !== "code"
        ? group
        : {
            ...group,
            counts: {
              ...group.counts,
              residencyViolations: strategy.name === "a" ? violations : 0,
              residencyRefused: strategy.name === "b" ? refused : 0,
            },
          },
    ),
  }));
  return { ...result, strategies };
}

test("a rule with its regions, its legal targets and why the others are not", () => {
  assert.deepEqual(
    residencyRuleTable(bound()).rows.map((row) => row.cells.map((cell) => cell.text)),
    [["code", "eu", "eu-west-1", "eu-west-1", "us-east-1 (eu: is called in us-east-1 (US))"]],
  );
  const unrecorded = residencyRuleTable(fixture()).rows[0]!.cells.map((cell) => cell.text);
  assert.deepEqual(unrecorded.slice(2), ["not recorded", "not recorded", "not recorded"]);
});

test("counts by strategy and class: inside, outside, refused", () => {
  const result = broken(3, 5);
  const rows = residencyCountTable(result).rows.map((row) => row.cells.map((cell) => cell.value));
  const counts = result.strategies.map((one) => one.byClass.find((group) => group.name === "code")!.counts);
  assert.deepEqual(rows, [
    ["a", "code", "eu", counts[0]!.sent, counts[0]!.served - 3, 3, 0],
    ["b", "code", "eu", counts[1]!.sent, counts[1]!.served, 0, 5],
  ]);
  assert.equal(residencyCountTable(result).rows[0]!.cells[5]!.change!.text, "rule broken");
});

test("compliance in a sentence", () => {
  assert.match(residencyText(broken(0, 0)), /^None of the [\d,]+ served requests of code \(eu\) ran outside its rule/);
  assert.match(residencyText(broken(3, 1)), /^3 of the [\d,]+ served .*; 1 request was refused/);
  const free = { ...bound(), classes: bound().classes.map((one) => ({ ...one, residency: null })) };
  assert.equal(residencyText(free), "No class has a residency rule.");
});
