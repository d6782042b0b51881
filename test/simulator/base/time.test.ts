import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../../simulator/base/time.ts";

describe("lengths of time", () => {
  it("agree with the calendar", () => {
    assert.equal(Date.UTC(2026, 4, 2) - Date.UTC(2026, 4, 1), DAY_MS);
    assert.equal(Date.UTC(2026, 4, 1, 1) - Date.UTC(2026, 4, 1), HOUR_MS);
    assert.equal(Date.UTC(2026, 4, 1, 0, 1) - Date.UTC(2026, 4, 1), MINUTE_MS);
  });
});
