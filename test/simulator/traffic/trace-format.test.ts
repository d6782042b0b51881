import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RowBuffer, readTrace, type TraceFormat, tokenCount } from "../../../simulator/traffic/trace-format.ts";

describe("checked cells", () => {
  const place = { source: "day.csv", lineNumber: 18 };

  it("token counts: whole, not negative, within 32 bits", () => {
    assert.equal(tokenCount("12", "output_tokens", place), 12);
    assert.equal(tokenCount(0, "output_tokens", place), 0);
    assert.throws(
      () => tokenCount("-3", "output_tokens", place),
      /TRACE_NEGATIVE_TOKENS {2}day\.csv:18: output_tokens is -3\n {2}fix: token counts must be 0 or more/,
    );
    for (const wrong of ["1.5", "abc", "", undefined, null, Number.NaN, 2 ** 31, {}]) {
      assert.throws(() => tokenCount(wrong, "x", place), /TRACE_BAD_NUMBER.*day\.csv:18/, String(wrong));
    }
  });

  it("lines are numbered from 1", () => {
    const seen: string[] = [];
    const columns = { arrivalMs: new Float64Array(0), inputTokens: new Int32Array(0), outputTokens: new Int32Array(0) };
    const format: TraceFormat = {
      name: "spy",
      summary: "",
      matches: () => true,
      reader: () => ({ line: (text, n) => seen.push(`${n}${text}`), finish: () => columns }),
    };
    assert.equal(readTrace(format, ["a", "b"], "f"), columns);
    assert.deepEqual(seen, ["1a", "2b"]);
  });
});

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
