import assert from "node:assert/strict";
import { test } from "node:test";
import { residencyCountTable, residencyRuleTable, residencyWords } from "../../../reports/tables/residency-tables.ts";
import type { RunResult } from "../../../simulator/experiment/result.ts";
import { fixture } from "../fixture.ts";

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

test("the certificate in words", () => {
  assert.match(residencyWords(broken(0, 0)), /^None of the [\d,]+ served requests of code \(eu\) ran outside its rule/);
  assert.match(residencyWords(broken(3, 1)), /^3 of the [\d,]+ served .*; 1 request was refused/);
  const free = { ...bound(), classes: bound().classes.map((one) => ({ ...one, residency: null })) };
  assert.equal(residencyWords(free), "No class has a residency rule.");
});
