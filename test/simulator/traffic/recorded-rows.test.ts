import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RowBuffer } from "../../../simulator/traffic/recorded-rows.ts";

describe("collected rows", () => {
  const rowPlace = { source: "f", lineNumber: 1 };

  it("rows come out in time order, equal times in the file's order", () => {
    const rows = new RowBuffer("f");
    for (const [i, timeMs] of [30, 10, 20, 10].entries()) {
      rows.add({ timeMs, inputTokens: i, outputTokens: 0, className: "ab"[i % 2]! }, rowPlace);
    }
    const columns = rows.finish();
    assert.deepEqual([...columns.arrivalMs], [10, 10, 20, 30]);
    assert.deepEqual([...columns.inputTokens], [1, 3, 2, 0]);
    assert.deepEqual(
      [...columns.classIndex!].map((i) => columns.classNames![i]),
      ["b", "b", "a", "a"],
    );
  });

  it("columns without content are absent", () => {
    const rows = new RowBuffer("f");
    rows.add({ timeMs: 0, inputTokens: 1, outputTokens: 1, className: "", originName: "" }, rowPlace);
    assert.deepEqual(Object.keys(rows.finish()), ["arrivalMs", "inputTokens", "outputTokens"]);
  });

  it("rows, and the length of labels, are bounded", () => {
    const rows = new RowBuffer("f", 2);
    const row = { timeMs: 0, inputTokens: 1, outputTokens: 1 };
    rows.add(row, rowPlace);
    rows.add(row, rowPlace);
    assert.throws(() => rows.add(row, { source: "f", lineNumber: 4 }), /TRACE_TOO_LARGE {2}f:4: more than 2 rows/);
    const long = { ...row, className: "x".repeat(201) };
    assert.throws(() => new RowBuffer("f").add(long, rowPlace), /TRACE_LONG_LABEL {2}f:1: a label has 201 characters/);
  });

  it("no rows is an error", () => {
    assert.throws(() => new RowBuffer("empty.csv").finish(), /TRACE_EMPTY {2}empty\.csv/);
  });
});
