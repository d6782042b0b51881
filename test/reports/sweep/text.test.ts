import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { metricText, renderSweepText } from "../../../reports/sweep/text.ts";
import type { SweepAnalysis } from "../../../simulator/sweep/analysis.ts";
import { parseRange } from "../../../simulator/sweep/factor.ts";

const sweep = {
  schemaVersion: 1,
  meridianVersion: "0",
  name: "a",
  scenarioYaml: "",
  scenarioFile: "a.yaml",
  design: "grid",
  seed: 1,
  factors: [parseRange("load", "1..2x2")!],
  jobs: [
    { key: "x", values: [1] },
    { key: "y", values: [2] },
  ],
} as const;
const NONE: SweepAnalysis = { curves: [], tornado: [], sensitivity: [], map: [] };
const shown = (analysis: Partial<SweepAnalysis>, more: object = {}) =>
  renderSweepText(
    {
      sweep: { ...sweep, ...more },
      question: { metric: "p95", group: "chat", objective: 8000 },
      analysis: { ...NONE, ...analysis },
      done: 1,
    },
    { colour: false, width: 200 },
  );
const estimate = (value: number | null) => ({
  value,
  low: value === null ? null : value - 100,
  high: value === null ? null : value + 100,
  n: 3,
});

describe("a sweep in the terminal", () => {
  it("says first where the objective is crossed, between which loads, and what is missing", () => {
    const text = shown({
      curves: [
        {
          strategy: "s",
          points: [
            { load: 1, estimate: estimate(5000), isUnstable: false },
            { load: 2, estimate: estimate(null), isUnstable: false },
            { load: 3, estimate: estimate(9e6), isUnstable: true },
          ],
          crossing: { load: 1.5, low: 1.25, high: null, side: "crosses" },
          knee: null,
        },
      ],
    });
    assert.match(text, /1 of its jobs have no result yet/);
    assert.match(
      text,
      /s: p95 latency of chat exceeds 8\.00 s from load = 1\.500 on \(95 % above 1\.250, beyond the range, too\)/,
    );
    assert.match(text, /1\.000 +5\.00 ±0\.100/);
    assert.match(text, /2\.000 +n\/a/);
    assert.match(text, /3\.000 +unstable/);
  });

  it("draws a map with a letter for each best strategy and a question mark where it is not clear", () => {
    const two = { factors: [parseRange("load", "1..2x2")!, parseRange("swing", "0..1x2")!] };
    const cell = (values: number[], best: string | null, isClear: boolean) => ({ values, best, value: null, isClear });
    const text = shown({ map: [cell([1, 0], "x", true), cell([1, 1], "y", false), cell([2, 0], null, false)] }, two);
    assert.match(text, /1 +A +B\?/);
    assert.match(text, /2 +-\?/);
    assert.match(text, /A = x\nB = y/);
  });

  it("shows bars and indices as tables", () => {
    assert.match(
      shown({ tornado: [{ strategy: "s", path: "load", base: 1000, low: 500, high: null }] }),
      /s +load +1\.00 +0\.500 +n\/a/,
    );
    const index = { value: 0.5, low: 0.4, high: 0.6 };
    assert.match(
      shown({ sensitivity: [{ strategy: "s", indices: [{ first: index, total: index }] }] }),
      /s +load +0\.50 \(0\.40 to 0\.60\)/,
    );
    assert.equal(metricText("cost").unit.symbol, "USD");
  });
});
