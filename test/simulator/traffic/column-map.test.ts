import assert from "node:assert/strict";
import test from "node:test";
import { columnMapSchema, findColumns } from "../../../simulator/traffic/column-map.ts";
import { readText } from "./read-trace.ts";

test("known names in any spelling; units at their ends", () => {
  const found = findColumns(["Start Time", "promptTokens", "COMPLETION_TOKENS", "ttftMs", "request_latency_s"], null);
  assert.deepEqual(found.time, { name: "Start Time", unit: null });
  assert.deepEqual([found.input?.name, found.output?.name], ["promptTokens", "COMPLETION_TOKENS"]);
  assert.deepEqual([found.ttft?.unit, found.latency?.unit], ["ms", "s"]);
  assert.equal(findColumns(["sometimes", "input"], null).time, undefined);
});

test("columns as the user names them, with units; one that is not there is refused with near names", () => {
  const columns = columnMapSchema.parse({
    time: { name: "when", unit: "s" },
    input: "in",
    output: "out",
    latency: { name: "took", unit: "s" },
  });
  const text = "when,in,out,took\n0.5,10,2,1.5\n2,20,4,0.25\n";
  const read = readText(text, "f.csv", { columns }).columns;
  assert.deepEqual(
    [[...read.arrivalMs], [...read.inputTokens], [...read.e2eMs!]],
    [
      [500, 2000],
      [10, 20],
      [1500, 250],
    ],
  );
  const wrong = columnMapSchema.parse({ time: "when", input: "inn", output: "out" });
  assert.throws(() => readText(text, "f.csv", { columns: wrong }), /TRACE_MISSING_COLUMN {2}f\.csv:2: .*"inn".*input/);
  assert.throws(() => columnMapSchema.parse({ inputs: "in" }), /inputs/);
});
