import assert from "node:assert/strict";
import { test } from "node:test";
import {
  BILL_USD,
  conditionText,
  formatDuration,
  formatEstimate,
  formatInterval,
  formatLimitMs,
  formatList,
  formatMs,
  formatNumber,
  formatShare,
  latencyUnit,
  MILLISECONDS,
  PERCENT,
  pairingText,
  SECONDS,
  SHARE,
  shownDifferences,
  shownText,
  USD,
} from "../../../reports/base/text.ts";
import { printable } from "../../../simulator/base/errors.ts";
import type { Estimate } from "../../../simulator/experiment/result.ts";
import { fixture } from "../fixture.ts";

const shown = (better: number, worse: number, notShown: number) => ({
  better: Array.from({ length: better }, (_, at) => `b${at}`),
  worse: Array.from({ length: worse }, (_, at) => `w${at}`),
  notShown: Array.from({ length: notShown }, (_, at) => `n${at}`),
  notComparable: [],
  total: better + worse + notShown,
});

test("differences are counted by what is shown", () => {
  assert.equal(
    shownText(shown(3, 1, 3)),
    "shown lower for 3 of 7 other strategies, higher for 1, not shown to differ for 3",
  );
  assert.equal(shownText(shown(0, 0, 7)), "not shown to differ for all 7 other strategies");
  assert.equal(shownText(shown(0, 1, 0)), "shown higher for the other strategy");
  assert.equal(shownText(shown(0, 1, 1)), "shown higher for 1 of 2 other strategies, not shown to differ for 1");
});

test("every comparison of a metric is counted once", () => {
  const { better, worse, notShown, notComparable, total } = shownDifferences(fixture(), "e2eMsP95");
  assert.equal(better.length + worse.length + notShown.length + notComparable.length, total);
  assert.equal(total, 7);
});

test("conditions name scenario, length, start and replications", () => {
  assert.equal(conditionText(fixture()), "five-regions, 24 h from 2026-05-04 00:00 UTC, n = 10 replications");
});

test("a measurement does not claim common random numbers", () => {
  assert.match(pairingText(fixture()), /common random numbers/);
  assert.doesNotMatch(pairingText({ ...fixture(), kind: "measured" }), /random/);
});

const estimate = (value: number | null, low: number | null, high: number | null): Estimate => ({
  value,
  low,
  high,
  n: 10,
});

test("without an interval three significant digits are shown", () => {
  assert.equal(formatMs(812.345), "812 ms");
  assert.equal(formatMs(4213), "4.21 s");
  assert.equal(formatMs(12.345), "12.3 ms");
  assert.equal(formatShare(0.12345), "12.3 %");
  assert.equal(formatShare(estimate(0.12345, 0.1194, 0.1274)), "12.3 %");
  assert.equal(formatShare(estimate(0.12345, 0.09, 0.16)), "12 %");
});

test("an estimate shows value, unit and interval; a point interval and a missing one are left out", () => {
  assert.equal(formatEstimate(estimate(4213, 4080, 4346), SECONDS), "4.21 s (4.08–4.35)");
  assert.equal(formatEstimate(estimate(-0.11, -0.13, -0.09), PERCENT), "−11 % (−13 to −9)");
  assert.equal(formatEstimate(estimate(4213, null, null), SECONDS), "4.21 s");
  assert.equal(formatEstimate(estimate(null, null, null), SECONDS), "n/a");
  assert.equal(formatInterval(estimate(0, 0, 0), PERCENT), undefined);
});

test("an interval of a share ends at 0 and at 100, with the digits of the whole interval; one of a saving does not", () => {
  const least = estimate(0.0000005, -0.0000004, 0.0000014);
  assert.equal(formatInterval(least, PERCENT), "−0.00004 to 0.00014");
  assert.equal(formatInterval(least, SHARE), "0–0.00014");
  assert.equal(formatInterval(estimate(0.9962, 0.9911, 1.0013), SHARE), "99.1–100");
  assert.equal(formatInterval(estimate(0.5, -0.2, 1.2), SHARE), "0–100");
  // A mean over few, unlike replications: no latency and no bill is below 0, but a difference may be.
  assert.equal(formatInterval(estimate(24_000, -18_000, 67_000), SECONDS), "0–67");
  assert.equal(formatInterval(estimate(240, -18, 670), MILLISECONDS), "0–670");
  assert.equal(formatInterval(estimate(2, -1, 5), BILL_USD), "0–5");
  assert.equal(formatInterval(estimate(2, -1, 5), USD), "−1 to 5");
});

test("a column is in seconds as soon as its largest latency reaches one", () => {
  assert.equal(latencyUnit([12, 999, null]), MILLISECONDS);
  assert.equal(latencyUnit([12, 1000]), SECONDS);
});

test("a limit is printed as it was set", () => {
  assert.equal(formatLimitMs(8000), "8 s");
  assert.equal(formatLimitMs(2500), "2.5 s");
  assert.equal(formatLimitMs(800), "800 ms");
});

test("numbers are grouped, signed with a true minus, and never a negative zero", () => {
  assert.equal(formatNumber(1234567.891, 1), "1,234,567.9");
  assert.equal(formatNumber(-0.001, 1), "0.0");
  assert.equal(formatNumber(-1234, 0), "−1,234");
});

test("durations and lists read as text", () => {
  assert.equal(formatDuration(86_400_000), "24 h");
  assert.equal(formatDuration(5_400_000), "1 h 30 min");
  assert.equal(formatDuration(45_000), "45 s");
  assert.equal(formatList(["a", "b", "c"]), "a, b and c");
});

test("control and direction characters cannot pass", () => {
  assert.equal(printable("a\u001b[31mb\nc\u202ed"), "a·[31mb·c·d");
});
