import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dateOrderOf, instantMsOf } from "../../../simulator/bill/dates.ts";

const SEPTEMBER_3 = Date.UTC(2026, 8, 3);

describe("dates of bills", () => {
  it("are UTC, as ISO has them", () => {
    for (const text of ["2026-09-03", "2026/09/03", "2026-09-03T00:00:00Z", "2026-09-03 00:00:00.000 UTC"])
      assert.equal(instantMsOf(text), SEPTEMBER_3, text);
    assert.equal(instantMsOf("2026-09"), Date.UTC(2026, 8, 1));
    assert.equal(instantMsOf("2026-09-03T01:00:00+02:00"), Date.UTC(2026, 8, 2, 23));
  });

  it("of a spreadsheet need an order of day and month, which the other dates of the file tell", () => {
    assert.equal(dateOrderOf(["9/3/2026", "9/14/2026"]), "month first");
    assert.equal(dateOrderOf(["Total", "03/09/2026", "14/09/2026"]), "day first");
    assert.equal(dateOrderOf(["03.09.2026"]), "day first");
    assert.equal(dateOrderOf(["9/3/2026", "9/4/2026"]), undefined);
    assert.equal(instantMsOf("9/3/2026", "month first"), SEPTEMBER_3);
    assert.equal(instantMsOf("03.09.2026", "day first"), SEPTEMBER_3);
    assert.equal(instantMsOf("03.09.2026 14:00", "day first"), SEPTEMBER_3 + 14 * 3_600_000);
    assert.equal(instantMsOf("9/3/2026"), undefined);
    assert.equal(instantMsOf("9/9/2026"), Date.UTC(2026, 8, 9));
    assert.equal(instantMsOf("9/31/2026", "month first"), undefined);
  });

  it("may name the month", () => {
    for (const text of ["Sep 3, 2026", "3 September 2026", "03-Sep-2026"])
      assert.equal(instantMsOf(text), SEPTEMBER_3, text);
    assert.equal(instantMsOf("Sep 2026"), Date.UTC(2026, 8, 1));
    for (const text of ["September", "search", "", "Total costs", "2026-13-01", "us-east-1"])
      assert.equal(instantMsOf(text), undefined, text);
  });
});
