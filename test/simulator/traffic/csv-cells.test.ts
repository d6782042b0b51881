import assert from "node:assert/strict";
import test, { describe, it } from "node:test";
import { csvCells, delimiterOf } from "../../../simulator/traffic/csv-cells.ts";

describe("cells of a line", () => {
  const place = { source: "f.csv", lineNumber: 4 };

  it("plain and quoted cells", () => {
    assert.deepEqual(csvCells("a,b,,d", place), ["a", "b", "", "d"]);
    assert.deepEqual(csvCells('1,"a, b","say ""hi"""', place), ["1", "a, b", 'say "hi"']);
  });

  it("open quotes and endless rows are refused with their line", () => {
    assert.throws(() => csvCells('1,"open', place), /TRACE_BAD_CSV {2}f\.csv:4/);
    assert.throws(() => csvCells(",".repeat(300), place), /TRACE_BAD_CSV.*301 fields/);
  });
});

test("tables of other countries and databases: semicolons and tabs where the header has no comma", () => {
  assert.deepEqual(["a,b;c", "a;b", "a\tb", "a"].map(delimiterOf), [",", ";", "\t", ","]);
  assert.deepEqual(csvCells('1;"a;b";2', { source: "x", lineNumber: 1 }, ";"), ["1", "a;b", "2"]);
});
