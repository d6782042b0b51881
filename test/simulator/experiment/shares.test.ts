import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { strategyTable } from "../../../reports/tables/strategies.ts";
import { renderMarkdown } from "../../../reports/text/markdown.ts";
import { renderTerminal } from "../../../reports/text/terminal.ts";
import {
  hundredthsText,
  plainShare,
  shareRangeText,
  shareText,
  targetText,
} from "../../../simulator/experiment/shares.ts";
import { answerOf } from "../../../simulator/experiment/verdict.ts";
import { fixture } from "../../reports/fixture.ts";

const share = (value: number, half: number) => ({ value, low: value - half, high: value + half, n: 5 });

test("a share is rounded to the digits of its interval, never cut", () => {
  assert.equal(hundredthsText(share(0.06665, 0.004)), "6.7");
  assert.equal(hundredthsText(share(0.8962, 0.04)), "90");
  assert.equal(hundredthsText(share(0.8962, 0.004)), "89.6");
  assert.equal(hundredthsText(plainShare(0.8166)), "81.7");
  assert.equal(hundredthsText({ value: null, low: null, high: null, n: 0 }), "n/a");
});

test("none looks as if it kept what it misses, missed what it keeps, or were all or nothing when it is not", () => {
  assert.equal(hundredthsText(share(0.9499, 0.01), { target: 0.95 }), "94.99");
  assert.equal(hundredthsText(share(0.946, 0.03), { target: 0.95 }), "94.6");
  assert.equal(hundredthsText(share(0.946, 0.03)), "95");
  assert.equal(hundredthsText(share(0.9952, 0.02), { target: 0.9951 }), "99.52");
  assert.equal(hundredthsText(share(0.99996, 0.001)), "99.996");
  assert.equal(hundredthsText(share(0.00036, 0.02)), "0.04");
  assert.equal(hundredthsText(share(1, 0)), "100");
  assert.equal(hundredthsText(share(0, 0)), "0");
});

test("a share that is just what is asked for is not told as less, nor one below it as the same", () => {
  assert.equal(hundredthsText(share(0.9993, 1e-35), { target: 0.9993 }), "99.93");
  assert.equal(hundredthsText(share(0.2339, 1e-143), { target: 0.234 }), "23.39");
});

test("a narrow column cuts only what would cross the target", () => {
  assert.equal(hundredthsText(share(0.9499, 0.001), { target: 0.95, decimalsMax: 1 }), "94.9");
  assert.equal(hundredthsText(share(0.9496, 0.001), { target: 0.9, decimalsMax: 1 }), "95.0");
  assert.equal(hundredthsText(share(0.99999, 0.001), { decimalsMax: 1 }), "99.9");
});

test("whatever the share, its interval and the target, the text is on the share's side of it", () => {
  const unit = fc.integer({ min: 0, max: 10_000 }).map((each) => each / 10_000);
  fc.assert(
    fc.property(unit, unit, fc.double({ min: 0, max: 0.2, noNaN: true }), (value, target, half) => {
      const told = Number(hundredthsText(share(value, half), { target }));
      assert.equal(
        told < Number((target * 100).toFixed(6)),
        value < target,
        `${value} of ${target} is told as ${told}`,
      );
      assert.ok(Math.abs(told - value * 100) <= 0.5 + 1e-9);
    }),
  );
});

test("a sentence leaves out zeros that end a number, and a range of one number is that number", () => {
  assert.equal(shareText(share(0.96, 0.001)), "96 %");
  assert.equal(shareText(share(1, 0)), "100 %");
  assert.equal(shareText(share(0.9, 0.05)), "90 %");
  assert.equal(shareRangeText(share(0.9592, 0.004), share(0.9596, 0.004)), "95.9–96 %");
  assert.equal(shareRangeText(share(0.9592, 0.004), share(0.9594, 0.004)), "95.9 %");
});

test("a share that was set is told with all its digits", () => {
  assert.equal(targetText(0.95), "95 %");
  assert.equal(targetText(0.9995), "99.95 %");
  assert.equal(targetText(0.29), "29 %");
});

test("a part has as many digits as the whole that it is of", () => {
  assert.equal(shareText(plainShare(0.41234, share(0.5, 0.02))), "41 %");
  assert.equal(shareText(plainShare(0.41234)), "41.2 %");
});

test("verdict, page, Markdown and terminal read a share alike", () => {
  const result = fixture({ classes: ["all"] });
  const classes = result.classes.map((each) => ({ ...each, sloE2eMs: 6000, sloTtftMs: null }));
  const within = share(0.8967, 0.004);
  const strategies = result.strategies.map((each) => ({
    ...each,
    total: { ...each.total, goodputShare: within },
    byClass: each.byClass.map((group) => ({ ...group, goodputShare: within })),
  }));
  const { sentences } = answerOf({
    ...{ strategies, classes, comparisons: [], billing: result.billing, requestsPerReplication: 1000 },
    ...{ replications: 10, classesWithoutArrivals: [], hasWarmup: false, assumptions: [] },
  });
  const shown = { ...result, classes, strategies, verdict: sentences.join(" "), verdictSentences: sentences };
  assert.match(shown.verdict, /: 89\.7 % of all within 6 s/);
  const table = strategyTable(shown);
  const column = table.columns.findIndex(({ key }) => key === "goodput_share");
  assert.equal(table.rows[0]!.cells[column]!.text, "89.7");
  assert.match(
    renderTerminal(shown, { colour: false, width: 80 }),
    new RegExp(`^${strategies[0]!.name} +89\\.7 `, "m"),
  );
  assert.match(renderMarkdown(shown), new RegExp(`\\| ${strategies[0]!.name} .*?\\| +89\\.7 \\(`));
});
