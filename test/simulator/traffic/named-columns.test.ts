import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hasNamedColumns } from "../../../simulator/traffic/named-columns.ts";
import { readText } from "./read-trace.ts";

const timesOf = (name: string, values: readonly unknown[]) => {
  const lines = values.map((value) => `${value},1,1`);
  const text = [`${name},input_tokens,output_tokens`, ...lines].join("\n");
  return [...readText(text, "f", { format: "csv" }).columns.arrivalMs];
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
    assert.throws(() => timesOf("timestamp", ["17"]), /TRACE_BAD_TIME.*f:2.*\n.*time_s or time_ms/);
  });

  it("two columns of one name are refused, unless the user says which one is meant", () => {
    const text = "time_s,input_tokens,InputTokens,output_tokens\n1,5,7,1\n";
    assert.throws(
      () => readText(text, "f", { format: "csv" }),
      /TRACE_BAD_CSV {2}f:2: the columns input_tokens and InputTokens have one name\n.*columns: \{ input: "input_tokens" \}/,
    );
    const { columns } = readText(text, "f", { format: "csv", columns: { input: { name: "InputTokens" } } });
    assert.deepEqual([...columns.inputTokens], [7]);
  });

  it("missing columns are listed", () => {
    assert.equal(hasNamedColumns(["time_ms", "input_tokens", "output_tokens"]), true);
    assert.equal(hasNamedColumns(["input_tokens", "output_tokens"]), false);
    assert.throws(
      () => readText("time_ms,tokens\n1,1\n", "f", { format: "csv" }),
      /TRACE_MISSING_COLUMN {2}f:2: the columns are time_ms, tokens\n.*input_tokens, output_tokens; name columns of yours/,
    );
  });
});
