import assert from "node:assert/strict";
import test from "node:test";
import { RowBuffer } from "../../../simulator/traffic/row-buffer.ts";

const place = { source: "f", lineNumber: 1 };

test("rows come out in time order, equal times in the file's order", () => {
  const rows = new RowBuffer("f");
  for (const [i, timeMs] of [30, 10, 20, 10].entries()) {
    rows.add({ timeMs, inputTokens: i, outputTokens: 0, className: "ab"[i % 2]! }, place);
  }
  const columns = rows.finish();
  assert.deepEqual([...columns.arrivalMs], [10, 10, 20, 30]);
  assert.deepEqual([...columns.inputTokens], [1, 3, 2, 0]);
  assert.deepEqual(
    [...columns.classIndex!].map((i) => columns.classNames![i]),
    ["b", "b", "a", "a"],
  );
});

test("columns without content are absent", () => {
  const rows = new RowBuffer("f");
  rows.add({ timeMs: 0, inputTokens: 1, outputTokens: 1, className: "", originName: "" }, place);
  assert.deepEqual(Object.keys(rows.finish()), ["arrivalMs", "inputTokens", "outputTokens"]);
});

test("no rows is an error", () => {
  assert.throws(() => new RowBuffer("empty.csv").finish(), /TRACE_EMPTY {2}empty\.csv/);
});
