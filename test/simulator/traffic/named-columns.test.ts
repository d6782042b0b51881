import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { csvCells, hasNamedColumns, jsonRow, NamedRows } from "../../../simulator/traffic/named-columns.ts";

const timesOf = (name: string, values: readonly unknown[]) => {
  const rows = new NamedRows("f");
  const names = [name, "input_tokens", "output_tokens"];
  for (const [i, value] of values.entries()) rows.add(names, (column) => (column === name ? value : 1), i + 1);
  return [...rows.finish().arrivalMs];
};

describe("named columns", () => {
  it("times: relative ones are kept, epochs and dates count from the earliest row", () => {
    assert.deepEqual(timesOf("time_ms", [5, 20]), [5, 20]);
    assert.deepEqual(timesOf("time_s", [0.5, 2]), [500, 2000]);
    assert.deepEqual(timesOf("timestamp_ms", [1_700_000_000_500, 1_700_000_000_000]), [0, 500]);
    assert.deepEqual(timesOf("timestamp_s", [1_700_000_000, 1_700_000_001]), [0, 1000]);
    assert.deepEqual(timesOf("time", ["2026-05-04T10:00:01Z", "2026-05-04T10:00:00.750Z"]), [0, 250]);
  });

  it("a plain number in a date column is refused: it has no unit", () => {
    assert.throws(() => timesOf("timestamp", ["17"]), /TRACE_BAD_TIME.*f:1.*\n.*time_s or time_ms/);
  });

  it("missing columns are listed", () => {
    assert.equal(hasNamedColumns(["time_ms", "input_tokens", "output_tokens"]), true);
    assert.equal(hasNamedColumns(["input_tokens", "output_tokens"]), false);
    const rows = new NamedRows("f");
    assert.throws(
      () => rows.add(["time_ms", "tokens"], () => 1, 3),
      /TRACE_MISSING_COLUMN {2}f:3: the columns are time_ms, tokens/,
    );
  });
});

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

  it("objects only, one per line", () => {
    const place = { source: "f.jsonl", lineNumber: 2 };
    assert.deepEqual(jsonRow('{"a":1}', place), { a: 1 });
    for (const wrong of ["{", "[1]", "5", "null", '"text"']) {
      assert.throws(() => jsonRow(wrong, place), /TRACE_BAD_JSON {2}f\.jsonl:2/, wrong);
    }
  });
});
