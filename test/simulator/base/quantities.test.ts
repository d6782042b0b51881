import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  correctedCount,
  correctedDuration,
  correctedRate,
  correctedShare,
  shortCount,
} from "../../../simulator/base/quantities.ts";

type Row = readonly [found: unknown, literal: string | undefined];
const check = (corrected: (found: unknown) => string | undefined, rows: readonly Row[]) => {
  for (const [found, literal] of rows) assert.equal(corrected(found), literal, JSON.stringify(found));
};

describe("the literal that was probably meant", () => {
  it("of a duration", () => {
    check(correctedDuration, [
      [6, "6s"],
      [-6, "6s"],
      ["6", "6s"],
      ["24 hours", "24h"],
      ["5 Sec", "5s"],
      ["90 seconds", "90s"],
      ["10M", "10m"],
      ["1,5h", "1.5h"],
      ["1h 30", "1h30m"],
      ["2 hours and 5 mins", "2h5m"],
      ["500 millis", "500ms"],
      ["1 week", "7d"],
      ["PT1H30M", "1h30m"],
      ["P1DT2H", "1d2h"],
      ["01:30:00", "01h30m00s".replaceAll(/0(\d)/g, "$1")],
      ["-3s", "3s"],
      ["1,000 ms", "1000ms"],
      ["soon", undefined],
      ["3 fortnights", undefined],
      ["6 s of silence", undefined],
      [{}, undefined],
      [null, undefined],
      [Number.NaN, undefined],
    ]);
  });

  it("of a rate", () => {
    check(correctedRate, [
      [3, "3/s"],
      ["3rps", "3/s"],
      ["3 rps", "3/s"],
      ["3 RPS", "3/s"],
      ["-3/s", "3/s"],
      ["100 rpm", "100/min"],
      ["20 qps", "20/s"],
      ["2k requests per minute", "2k/min"],
      ["5 per second", "5/s"],
      ["5 calls/hour", "5/h"],
      ["1,000/s", "1000/s"],
      ["3 Hz", "3/s"],
      ["2/ms", "2000/s"],
      ["10 a day", undefined],
      ["fast", undefined],
    ]);
  });

  it("of a count", () => {
    check(correctedCount, [
      ["500000 TPM", "500k"],
      ["500000TPM", "500k"],
      ["60k tokens", "60k"],
      ["1,000,000", "1M"],
      ["1_500_000", "1.5M"],
      ["200 K", "200k"],
      ["1.5 million", "1.5M"],
      ["2m", "2M"],
      ["100k/min", "100k"],
      ["600000 tokens per minute", "600k"],
      ["1234 tokens", "1234"],
      ["-5", "5"],
      ["many", undefined],
    ]);
    assert.deepEqual([1, 999, 1000, 1234, 1500, 2e6, 2.25e6].map(shortCount), [
      "1",
      "999",
      "1k",
      "1234",
      "1.5k",
      "2M",
      "2250k",
    ]);
  });

  it("of a share", () => {
    check(correctedShare, [
      [31, "31%"],
      ["31 percent", "31%"],
      ["31 per cent", "31%"],
      ["31pct", "31%"],
      ["0,31", "0.31"],
      ["-5%", "5%"],
      ["half", undefined],
      ["3100", "3100"],
    ]);
  });
});
