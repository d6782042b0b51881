import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { renderSweepText } from "../../../reports/sweep/text.ts";
import { sweepVerdict } from "../../../reports/sweep/words.ts";
import { parseRange } from "../../../simulator/sweep/job.ts";
import { curveReport, type Given, reportOf, row } from "./sweep-fixture.ts";

const shown = (given: Given) => renderSweepText(reportOf(given), { colour: false, width: 200 });
const LOAD = parseRange("traffic[0].arrivals.scale", "1..4x4")!;
const SWING = parseRange("swing", "0..1x2")!;

describe("a sweep in the terminal", () => {
  it("says first where the objective is crossed, between which loads, and what is missing", () => {
    const report = curveReport();
    const text = renderSweepText({ ...report, done: 3 }, { colour: false, width: 200 });
    assert.match(text, /1 of its jobs have no result yet/);
    // Linear between 7 s at 2 and 9 s at 3; a backlog that grows and a percentile that is not there are no latencies.
    assert.match(text, /p95 latency of chat is within 8 s over .*: up to 2\.5 .* with steady; .* with home\./);
    assert.match(text, /home: p95 latency of chat exceeds 8 s from .* = 1\.5 on \(95 % between 1 and 2\)/);
    assert.match(text, /2 +n\/a +7\.00 ±0\.100/);
    assert.match(text, /4 +unstable +10\.0/);
  });

  it("says of a metric that falls from where on it is within, and of one that is never within, that", () => {
    const rows = [9, 8.5, 7, 6].map((s, i) => row(i, [i + 1], "home", { p95: s * 1000 }));
    const verdict = sweepVerdict(reportOf({ factors: [parseRange("quota", "1..4x4")!], rows }));
    assert.match(verdict, /from 2\.333 on \(95 % between .*\) with home/);
    const never = [9, 9, 9, 9].map((s, i) => row(i, [i + 1], "home", { p95: s * 1000 }));
    assert.match(sweepVerdict(reportOf({ factors: [LOAD], rows: never })), /at no value tried with home/);
    const none = [1, 1].map((_, i) => row(i, [i + 1], "home", { p95: null, failed: 0.5 }));
    const text = sweepVerdict(reportOf({ factors: [LOAD], rows: none, objective: null, slo: null }));
    assert.match(text, /home does not exist at any value tried/);
  });

  it("a class of too few requests for a percentile neither keeps nor misses its objective", () => {
    const few = [1, 1].map((_, i) => row(i, [i + 1], "home", { p95: null }));
    const text = shown({ factors: [LOAD], rows: few });
    assert.match(text, /p95 latency of chat does not exist at any traffic\[0\]\.arrivals\.scale tried/);
    assert.doesNotMatch(text, /exceeds|stays within|no value tried/);
  });

  it("draws a map with a letter for each best strategy and a question mark where it is not clear", () => {
    const rows = [
      ...[row(0, [1, 0], "home", { cost: 5 }), row(0, [1, 0], "away", { cost: 9 })],
      ...[row(1, [1, 1], "home", { cost: 5 }), row(1, [1, 1], "away", { cost: 4.95 })],
      ...[row(2, [2, 0], "home", { cost: 5 }), row(2, [2, 0], "away", { cost: 1, p95: 9000 })],
      ...[row(3, [2, 1], "home", { cost: 5, p95: 9000 }), row(3, [2, 1], "away", { cost: 1, p95: 9000 })],
    ];
    const text = shown({ factors: [LOAD, SWING], rows, metric: "cost", objective: null });
    // At (2, 0) the cheap one is too slow; at (2, 1) both are.
    assert.match(text, /1 +A +B\?/);
    assert.match(text, /2 +A +-\n/);
    assert.match(text, /A = home\nB = away/);
    assert.match(text, /Least USD per 1,000 served in chat with p95 within 8 s, by 4 points: home at 2 \(5\.00 USD\)/);
    assert.match(text, /at 1 the best two are not told apart; at 1 no strategy keeps p95 within 8 s/);
  });

  it("shows bars and indices as tables, and names the factor that matters most", () => {
    const bars = [1, 0.5, 2, 1, 1].map((s, i) => row(i, [], "home", { p95: s * 1000 }));
    const tornado = shown({ factors: [LOAD, SWING], rows: bars, design: "tornado" });
    assert.match(tornado, /arrivals\.scale moves p95 latency of chat most: of home from 0\.500 s .* to 2\.00 s/);
    assert.match(tornado, /home +traffic\[0\]\.arrivals\.scale +1\.00 +0\.500 +2\.00/);
    // f = 3 x + y on corners: shares 9/10 and 1/10.
    const corners = [0, 1].flatMap((x) => [0, 1].flatMap((y) => [[x, y]]));
    const pairs = corners.flatMap((a) => corners.map((b) => [a, b] as const));
    const values = pairs.flatMap(([a, b]) => [a, b, [b[0], a[1]], [a[0], b[1]]]);
    const rows = values.map(([x, y], i) => row(i, [x, y], "home", { p95: 1000 * (3 * x! + y!) }));
    const text = shown({ factors: [LOAD, SWING], rows, design: "sensitivity" });
    assert.match(text, /arrivals\.scale makes most of the variance of p95 latency of chat with home: 90 % with others/);
    assert.match(text, /home +swing +0\.10 \(/);
  });

  it("says of designs that only cover the space how far the metric ranges", () => {
    const rows = [3, 5].map((s, i) => row(i, [i, i], "home", { p95: s * 1000 }));
    const text = sweepVerdict(reportOf({ factors: [LOAD, SWING], rows, design: "sobol" }));
    assert.equal(text, "p95 latency of chat with home lies between 3.00 and 5.00 s over 2 points.");
  });
});
