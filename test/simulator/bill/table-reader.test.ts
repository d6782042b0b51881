import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { instantMsOf, nextDayMs, plainTags, readRows } from "../../../simulator/bill/table-reader.ts";

describe("rows of a bill", () => {
  it("are refused where a column is there twice", () => {
    const table = { columns: ["cost", "day", "cost"], rows: [["1", "", "999"]], lineOf: () => 2 };
    const read = () =>
      readRows(
        table,
        "a.csv",
        (column) => column,
        (row) => row.amount("cost"),
      );
    assert.throws(read, /BILL_COLUMN_TWICE {2}a\.csv: the column cost is there twice/);
  });

  it("are read by the first column that is there", () => {
    const table = { columns: ["B", "C"], rows: [[" x ", ""]], lineOf: () => 2 };
    const [texts] = readRows(
      table,
      "a.csv",
      (column) => column.toLowerCase(),
      (row) => [row.text("a", "b"), row.text("c"), row.quantity("c")],
    );
    assert.deepEqual(texts, ["x", undefined, undefined]);
  });

  it("name a map that is none", () => {
    const table = { columns: ["tags"], rows: [["{team"]], lineOf: () => 7 };
    assert.throws(
      () =>
        readRows(
          table,
          "a.csv",
          (column) => column,
          (row) => row.map("tags"),
        ),
      /a\.csv:7: tags is no JSON object/,
    );
  });

  it("days and instants are UTC", () => {
    assert.equal(instantMsOf("2026-09-03"), Date.UTC(2026, 8, 3));
    assert.equal(instantMsOf("2026-09-03T01:00:00+02:00"), Date.UTC(2026, 8, 2, 23));
    assert.equal(instantMsOf("03/09/2026"), undefined);
    assert.equal(nextDayMs(0), 86_400_000);
  });

  it("tags lose the prefix that exports put before them", () => {
    assert.deepEqual(plainTags({ "user:team": "a", user_env: "b", cost: "c" }), { team: "a", env: "b", cost: "c" });
  });
});
