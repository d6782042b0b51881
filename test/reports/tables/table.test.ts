import assert from "node:assert/strict";
import { test } from "node:test";
import { csvRows, leftColumn, rightColumn, textCell } from "../../../reports/tables/table.ts";

test("CSV rows are field names and full values", () => {
  const table = {
    id: "t",
    caption: "",
    columns: [leftColumn("Name", "name"), rightColumn("p95 (s)", "p95_ms")],
    rows: [{ cells: [textCell("a"), { text: "4.2", value: 4213.7 }] }],
  };
  assert.deepEqual(csvRows(table), [
    ["name", "p95_ms"],
    ["a", 4213.7],
  ]);
});
