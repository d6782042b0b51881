import assert from "node:assert/strict";
import test, { describe, it } from "node:test";
import { epochUnitOf, parseDateTime, parseInstantMs, TIME_UNITS, toMs } from "../../../simulator/base/instants.ts";

describe("dates with a time", () => {
  it("keep 100 ns, and zones are subtracted", () => {
    const noon = Date.UTC(2023, 10, 16, 12, 0, 0) / 1000;
    assert.deepEqual(parseDateTime("2023-11-16 12:00:00.6805900"), { epochS: noon, fractionMs: 680.59 });
    const same = ["2023-11-16T12:00:00Z", "2023-11-16T12:00Z", "2023-11-16T14:30:00+02:30", "2023-11-16T04:00:00-0800"];
    for (const text of same) assert.deepEqual(parseDateTime(text), { epochS: noon, fractionMs: 0 }, text);
  });

  it("that do not exist are named, leap years are known", () => {
    const wrong = {
      "2023-02-30 00:00:00": /day/,
      "2023-02-29T00:00:00Z": /day/,
      "2100-02-29T00:00:00Z": /day/,
      "2023-04-31T10:00:00Z": /day/,
      "2023-01-00T10:00:00Z": /day/,
      "2023-13-01 00:00:00": /month/,
      "2023-00-01 00:00:00": /month/,
      "2023-11-16 25:00:00": /time of day/,
      "2023-11-16 24:00:00": /time of day/,
      "2023-11-16 10:60:00": /time of day/,
      "2023-11-16 10:00:60": /time of day/,
      "2023-11-16T10:00:00+99:00": /zone/,
      "1970-01-21T13:51:28Z": /outside the years 2000 to 2099/,
      "0023-11-16T10:00:00Z": /outside the years/,
      "16.11.2023": /not a date/,
      "": /not a date/,
    };
    for (const [text, problem] of Object.entries(wrong)) assert.match(String(parseDateTime(text)), problem, text);
    for (const text of ["2024-02-29T00:00:00Z", "2000-02-29T00:00:00Z", "2099-12-31T23:59:59.9Z"]) {
      assert.equal(typeof parseDateTime(text), "object", text);
    }
  });
});

describe("epoch times", () => {
  it("of every unit are told apart over the whole century", () => {
    for (const iso of ["2000-01-01T00:00:00Z", "2026-05-04T10:00:00.216Z", "2099-12-31T23:59:59.999Z"]) {
      const ms = Date.parse(iso);
      for (const unit of TIME_UNITS) {
        const value = ms / toMs(1, unit);
        assert.equal(epochUnitOf(value), unit, `${iso} in ${unit}`);
        assert.equal(parseInstantMs(String(value)), ms, `${iso} in ${unit}`);
      }
    }
  });

  it("that are none in any unit are refused", () => {
    for (const text of ["0", "17", "-1777888800", "1e308", "Infinity", "5e9", "20260504"]) {
      assert.match(String(parseInstantMs(text)), /is not an instant of the years/, text);
    }
    assert.equal(parseInstantMs("2026-05-04T10:00:00.216Z"), 1_777_888_800_216);
  });
});

test("zones as databases write them, and dates that machines write, as the general form reads them", () => {
  const at = Date.UTC(2026, 8, 3, 14, 0, 9) / 1000;
  for (const [text, hours] of [
    ["2026-09-03 14:00:09.25+00", 0],
    ["2026-09-03 14:00:09.25 UTC", 0],
    ["2026-09-03 14:00:09.25+02", -2],
    ["2026-09-03 14:00:09.25 -0530", 5.5],
    ["2026-09-03T14:00:09.25Z", 0],
  ] as const) {
    assert.deepEqual(parseDateTime(text), { epochS: at + hours * 3600, fractionMs: 250 }, text);
  }
  // A blank in place of the T takes the general way.
  for (const text of ["2024-02-29T23:59:59Z", "2026-01-31T00:00:00.123456789Z", "2026-09-03T14:00:09.000Z"]) {
    assert.deepEqual(parseDateTime(text), parseDateTime(text.replace("T", " ")), text);
  }
  for (const text of [
    "2026-02-29T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-01-01T24:00:00Z",
    "2026-01-01T00:00:00.Z",
  ]) {
    assert.equal(typeof parseDateTime(text), "string", text);
  }
});
