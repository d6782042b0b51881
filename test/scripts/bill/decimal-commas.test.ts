import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withPoints } from "../../../scripts/bill/decimal-commas.ts";

describe("decimal commas", () => {
  it("become points, and groups go, in every column of numbers", () => {
    const rows = [
      ["2026-09-01", "1.234,50", "0,5", "1.235", "a, b"],
      ["2026-09-02", "-1 234,5", "12", "2", "1.2.3"],
    ];
    assert.deepEqual(withPoints(rows), [
      ["2026-09-01", "1234.50", "0.5", "1235", "a, b"],
      ["2026-09-02", "-1234.5", "12", "2", "1.2.3"],
    ]);
  });

  it("do not turn decimal points of the same file into groups", () => {
    const rows = [
      ["0.123", "1,234"],
      ["0.1234", "12"],
    ];
    assert.equal(withPoints(rows), rows);
    assert.deepEqual(withPoints([["0,5", "1.25", "1,234"]]), [["0.5", "1.25", "1.234"]]);
  });

  it("are left where a column has both for sure, so that it is refused", () => {
    const rows = [["0.123"], ["0,1234"]];
    assert.equal(withPoints(rows), rows);
  });

  it("are what a comma is taken for where nothing tells", () => {
    assert.deepEqual(withPoints([["1,234"], [""], ["2,000"]]), [["1.234"], [""], ["2.000"]]);
  });

  it("leave a file without numbers of either kind alone", () => {
    const rows = [["a", "12"], ["b"]];
    assert.equal(withPoints(rows), rows);
  });
});
