import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { COMPARISON_CHARTS, mergedResult } from "../../../reports/compare/charts.ts";
import {
  renderComparisonCsv,
  renderComparisonHtml,
  renderComparisonMarkdown,
  renderComparisonTerminal,
} from "../../../reports/compare/index.ts";
import { comparisonTable, letterOf } from "../../../reports/compare/tables.ts";
import { compareRuns } from "../../../simulator/compare/compare.ts";
import type { ComparisonResult } from "../../../simulator/compare/result.ts";
import { runOf, type Values } from "../../simulator/compare/fixtures.ts";
import { fixture, HOSTILE } from "../fixture.ts";

const TEN = [1000, 1100, 900, 1050, 950, 1020, 980, 1080, 920, 1000];
const values = (factor: number): Values => ({
  ttftMsP95: TEN.map((x, i) => x + ((i * 7 + Math.round(factor * 10)) % 5)),
  e2eMsP95: TEN.map((x) => x * factor),
  usdPer1kServed: TEN.map((x, i) => x + (i % 3)),
  failedShare: TEN.map(() => 0),
});
const run = (label: string, factor: number) => runOf({ label, strategies: { single: { total: values(factor) } } });
const RUNS = [run("main", 1), run("new", 1.2), run("third", 0.5)];
const RESULT: ComparisonResult = {
  ...compareRuns(RUNS),
  gates: [{ text: "regression", passed: false, found: "new single: +20 %" }],
};
const PLAIN = { colour: false, width: 80 };

describe("a comparison as text", () => {
  it("names the runs by letters, says what differs, lists changes by metric and counts what is the same", () => {
    const text = renderComparisonTerminal(RESULT, PLAIN);
    assert.match(text, /^A {2}main: simulated/m);
    assert.match(text, /^C differs from A in nothing\.$/m);
    assert.match(text, /single +all +1\.00 s +1\.20 s +\+20\.0\d* % ±0.* worse \(n=10\)/);
    assert.match(text, /2 figures are the same on both sides\./);
    assert.match(text, /^FAILED {2}regression: new single/m);
    assert.ok(
      text.split("\n").every((line) => line.length <= 100),
      "not much wider than a terminal",
    );
    assert.equal(letterOf(RESULT, "third"), "C");
  });

  it("puts the verdict on the first line of Markdown, folds the rest, and fits into a comment", () => {
    const text = renderComparisonMarkdown(RESULT);
    assert.match(text, /^\*\*1 gate failed\. new against main: /);
    assert.match(text, /<details><summary>/);
    const many = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [`strategy-${i}-${"x".repeat(900)}`, { total: values(1 + i / 100) }]),
    );
    const of = (label: string, factor: number) =>
      runOf({
        label,
        strategies: Object.fromEntries(Object.keys(many).map((name) => [name, { total: values(factor) }])),
      });
    const long: ComparisonResult = { ...compareRuns([of("a", 1), of("b", 2)]), gates: [] };
    assert.ok(Buffer.byteLength(renderComparisonMarkdown(long)) < 64_000);
  });

  it("gives every number as CSV", () => {
    const lines = renderComparisonCsv(RESULT).trim().split("\r\n");
    assert.equal(lines.length, RESULT.rows.length + 1);
    assert.ok(lines.every((line) => line.split(",").length === lines[0]!.split(",").length));
  });

  it("keeps hostile names harmless in every format", async () => {
    const hostile = runOf({ label: HOSTILE[0]!, strategies: { [HOSTILE[0]!]: { total: values(1) } } });
    const other = runOf({ label: HOSTILE[1]!, strategies: { [HOSTILE[0]!]: { total: values(2) } } });
    const result: ComparisonResult = { ...compareRuns([hostile, other]), gates: [] };
    const page = await renderComparisonHtml(result, [hostile.result, other.result]);
    assert.ok(!page.includes("<script>alert"));
    assert.ok(!renderComparisonMarkdown(result).includes("<script>"));
    assert.ok(!renderComparisonTerminal(result, PLAIN).includes("\u001b"));
  });
});

describe("the page of a comparison", () => {
  it("has the verdict, the runs, what differs and a table for each run, and loads nothing", async () => {
    const page = await renderComparisonHtml(
      RESULT,
      RUNS.map(({ result }) => result),
    );
    for (const words of ["B against A", "C against A", 'id="table-comparison-b"', "Gates", "Content-Security-Policy"])
      assert.ok(page.includes(words), words);
    assert.ok(!/(src|href)="https?:/.test(page));
    assert.equal(comparisonTable(RESULT, RESULT.pairings[0]!).rows.length, 2);
  });

  it("has whole runs too: many strategies, classes and hours", async () => {
    const a = fixture({ hours: 4 });
    const runs = [
      { label: "a", result: a },
      { label: "b", result: { ...a, seed: a.seed + 1 } },
    ];
    const result: ComparisonResult = { ...compareRuns(runs), gates: [] };
    assert.ok((await renderComparisonHtml(result, [a, a])).length > 10_000);
    const merged = mergedResult({ comparison: result, results: [a, a] });
    assert.deepEqual(
      merged.strategies.slice(0, 2).map(({ name }) => name),
      [`A ${a.strategies[0]!.name}`, `B ${a.strategies[0]!.name}`],
    );
    for (const chart of COMPARISON_CHARTS)
      assert.equal(chart.absence({ comparison: result, results: [a, a] }), undefined);
  });
});
