import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { criticalT } from "../../../simulator/base/statistics.ts";
import { type Answer, answerLine, answerTable } from "../../../studies/oracles/ask.ts";
import { further, type Oracle, toleranceOf } from "../../../studies/oracles/oracle.ts";

const SCENARIO = { world: {}, traffic: [], strategies: [] } as unknown as Oracle["scenario"];
const ROW = { id: "a-row", model: "M/M/1", quantity: "mean_wait_s", formula: "f", value: 2, scenario: SCENARIO };
const ORACLE = further({ ...ROW, sd: 0.01 });

describe("tolerances", () => {
  it("are 4 standard errors, never under the floor", () => {
    const full = toleranceOf(ORACLE, { replications: 20, requests: 500_000 });
    assert.ok(Math.abs(full - (4 * 0.01) / Math.sqrt(20)) < 1e-12);
    assert.equal(toleranceOf(ORACLE, { replications: 1, requests: 125_000 }), 0.08);
    assert.equal(toleranceOf(ORACLE, { replications: 1000, requests: 500_000 }), 0.005);
  });

  it("are exact where nothing is random", () => {
    assert.equal(toleranceOf(further({ ...ROW, sd: 0 }), { replications: 1, requests: 10 }), 1e-9);
  });
});

describe("the table of answers", () => {
  const answer: Answer = { oracle: ORACLE, value: 2.02, low: 1.9, high: 2.14, tolerance: 0.02, isMet: true };

  it("has the answer, its error, the tolerance and a verdict", () => {
    const row = answerTable([answer]).split("\n").at(-1)!;
    const cells = row.split("|").map((cell) => cell.trim());
    assert.deepEqual(cells.slice(1, -1), ["a-row", "M/M/1", "mean_wait_s", "2", "2.02", "1.000 %", "2.000 %", "met"]);
  });

  it("shows a bound as a bound", () => {
    const bound = { ...answer, oracle: { ...ORACLE, compare: "at-most" as const }, isMet: false };
    assert.match(answerTable([bound]), /at most 2 \| 2\.02 \(to 2\.14\) \| - .*NOT MET/);
  });

  it("gives the noise of 500,000 requests on the line", () => {
    // Half width .12 = t s/sqrt(20): s over 2.02, at the very budget that it is stated for.
    const sd = ((0.12 / criticalT(20)) * Math.sqrt(20)) / 2.02;
    const line = answerLine(answer, { replications: 20, requests: 500_000 });
    assert.ok(line.endsWith(`sd ${sd.toPrecision(3)}`), line);
  });
});
