import assert from "node:assert/strict";
import { test } from "node:test";
import { compareRuns } from "../../../simulator/compare/compare.ts";
import { changeText, verdictText } from "../../../simulator/compare/verdict-text.ts";
import { runOf } from "./fixtures.ts";

const TEN = [1000, 1100, 900, 1050, 950, 1020, 980, 1080, 920, 1000];

test("a change shows no more digits than its interval carries", () => {
  const relative = (value: number, low: number, high: number) => ({ value, low, high, n: 10 });
  const none = { value: null, low: null, high: null, n: 0 };
  assert.equal(
    changeText({ metric: "e2eMsP95", relative: relative(-0.172, -0.183, -0.161), difference: none }),
    "−17.2 % ±1.1",
  );
  assert.equal(
    changeText({ metric: "failedShare", relative: none, difference: relative(0.004, 0.003, 0.005) }),
    "+0.40 points ±0.10",
  );
  assert.equal(changeText({ metric: "usdPer1kServed", relative: none, difference: relative(2, 2, 2) }), "+2.00 ±0.00");
  assert.equal(changeText({ metric: "e2eMsP95", relative: none, difference: none }), "n/a");
  const nothing = { metric: "e2eMsP95", relative: relative(-0.003, -0.113, 0.107), difference: none } as const;
  assert.equal(changeText(nothing), "0 % ±11", "a nought has no sign");
});

test("the sentence says whether it serves first, then cost, then latency, with the condition", () => {
  const of = (label: string, factor: number) =>
    runOf({
      label,
      strategies: {
        single: {
          total: {
            e2eMsP95: TEN,
            usdPer1kServed: TEN.map((x) => x * factor),
            failedShare: TEN.map((x) => ((factor - 1) * x) / 2e5),
          },
        },
      },
    });
  const { verdict } = compareRuns([of("main", 1), of("new", 1.5)]);
  assert.match(
    verdict,
    /^new against main: worse: failed \+0\.25\d* points ±.*, USD per 1k served \+50.* % ±.* \(10 paired replications\)\.$/,
  );
  assert.match(compareRuns([of("main", 1), of("new", 1)]).verdict, /no difference at all/);
});

test("one replication, and runs without a strategy in common, are said to be that", () => {
  const of = (label: string, name: string, values: readonly number[]) =>
    runOf({ label, strategies: { [name]: { total: { e2eMsP95: values } } } });
  assert.match(compareRuns([of("a", "x", [1]), of("b", "x", [2])]).verdict, /too few replications/);
  const result = compareRuns([of("a", "x", [1]), of("b", "x", [2])]);
  assert.match(verdictText({ ...result, rows: [] }, of("a", "x", [1]).result), /no strategy in common/);
});

test("of the reasons why nothing can be compared two are told, and how many more there are", () => {
  const of = (label: string) =>
    runOf({
      label,
      strategies: { x: { total: { e2eMsP95: TEN, ttftMsP95: TEN, failedShare: TEN, usdPer1kServed: TEN } } },
    });
  const result = compareRuns([of("a"), of("b")]);
  const because = (reasons: readonly string[]) => {
    const rows = reasons.map((note) => ({ ...result.rows[0]!, verdict: "not comparable" as const, note }));
    return verdictText({ ...result, rows }, of("a").result);
  };
  assert.match(because(["p", "q"]), /\); p; q\.$/);
  assert.match(because(["p", "q", "p", "r"]), /\); p; q; and 1 more reason\.$/);
  assert.match(because(["p", "q", "r", "s"]), /\); p; q; and 2 more reasons\.$/);
});
