import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { renderPriceCheck } from "../../../reports/bill/imports-text.ts";

describe("the check of prices as text", () => {
  it("shows the oldest with their age, what is missing with its fix, and how many more there are", () => {
    const row = {
      model: "m",
      region: "r",
      tier: "standard",
      routing: "in-region-or-geo",
      input: 1,
      output: 2,
      cacheRead: null,
      cacheWrite: null,
      source: "S\u001b[1m",
      asOf: "2026-01-01",
      confidence: "high",
    } as const;
    const missing = [{ code: "PRICE_NOT_LISTED", what: "no price", fix: "state it" }];
    const check = { entries: 30, maxDays: 90, stale: Array.from({ length: 22 }, () => row), missing };
    const text = renderPriceCheck(check, Date.UTC(2026, 5, 1), { colour: false, width: 80 });
    assert.match(text, /^30 prices checked: 22 older than 90 days, 1 missing/);
    assert.match(text, / {2}m r standard: as of 2026-01-01 \(151 days\), S·\[1m/);
    assert.match(text, /and 2 more/);
    assert.match(text, /PRICE_NOT_LISTED {2}no price\n {2}fix: state it/);
  });
});
