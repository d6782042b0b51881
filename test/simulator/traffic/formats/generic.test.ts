import assert from "node:assert/strict";
import test, { describe, it } from "node:test";
import { csv, hasNamedColumns, jsonl } from "../../../../simulator/traffic/formats/generic.ts";
import { readText, readTrace } from "../read-trace.ts";

const read = (...lines: string[]) => readTrace(csv, lines, "mine.csv");
const readJson = (...lines: string[]) => readTrace(jsonl, lines, "mine.jsonl");

test("columns in any order, quoted labels, empty optional cells", () => {
  const columns = read(
    "class,output_tokens,input_tokens,time_ms,max_tokens,origin",
    '"chat, eu",20,100,0,,eu-west-1',
    "batch,40,200,15.5,512,",
    "",
  );
  assert.deepEqual([...columns.arrivalMs], [0, 15.5]);
  assert.deepEqual([...columns.inputTokens], [100, 200]);
  assert.deepEqual([...columns.maxTokens!], [0, 512]);
  assert.deepEqual(columns.classNames, ["chat, eu", "batch"]);
  assert.deepEqual(columns.originNames, ["eu-west-1", ""]);
});

test("malformed rows stop with file and line", () => {
  const header = "time_ms,input_tokens,output_tokens";
  assert.throws(() => read(header, "0,1,1", "1,2"), /TRACE_BAD_CSV {2}mine\.csv:3: 2 fields instead of the header's 3/);
  assert.throws(() => read(header, "0,-5,1"), /TRACE_NEGATIVE_TOKENS {2}mine\.csv:2/);
  assert.throws(() => read(header, "soon,5,1"), /TRACE_BAD_TIME {2}mine\.csv:2/);
  assert.throws(() => read("time_ms,in,out", "0,5,1"), /TRACE_MISSING_COLUMN {2}mine\.csv:2/);
  assert.throws(() => read(header), /TRACE_EMPTY/);
});

test("a quoted header is read; a column that is there twice is refused", () => {
  const quoted = '"time_s","input_tokens","output_tokens"';
  assert.equal(readText(`${quoted}\n0,1,1\n`, "mine.csv").reader.format, "csv");
  assert.deepEqual([...read(quoted, '"0.5","1","1"').arrivalMs], [500]);
  assert.throws(
    () => read("time_s,input_tokens,output_tokens,time_s", "0,1,1,5"),
    /TRACE_BAD_CSV {2}mine\.csv:1: the column time_s is there twice/,
  );
  assert.throws(
    () => readText("2026-06-01T08:00:00Z,10,10\n2026-06-01T08:00:01Z,10,10\n", "mine.csv"),
    /mine\.csv:1: the column 10 is there twice\n.*the first line holds values: put one before it/,
  );
});

test("epoch times of a timestamp column are read in their own unit", () => {
  const rows = ["1777888800.233,2,1", "1777888800.216,1,1"];
  const columns = read("timestamp,input_tokens,output_tokens", ...rows);
  assert.deepEqual([...columns.arrivalMs], [0, 17]);
  assert.deepEqual([...columns.inputTokens], [1, 2]);
});

test("named fields, some left out in some rows", () => {
  const columns = readJson(
    '{"time_s": 1, "input_tokens": 10, "output_tokens": 1, "class": "chat"}',
    '{"time_s": 2.5, "input_tokens": 20, "output_tokens": 2, "max_tokens": null, "region": "eu-west-1"}',
  );
  assert.deepEqual([...columns.arrivalMs], [1000, 2500]);
  assert.deepEqual(columns.classNames, ["chat", ""]);
  assert.deepEqual(columns.originNames, ["", "eu-west-1"]);
  assert.deepEqual([...columns.maxTokens!], [0, 0]);
});

test("malformed rows stop with file and line; inherited names are no fields", () => {
  assert.throws(
    () => readJson('{"time_s":0,"input_tokens":1,"output_tokens":1}', "nope"),
    /TRACE_BAD_JSON {2}mine\.jsonl:2/,
  );
  assert.throws(
    () => readJson('{"time_s":0,"input_tokens":-1,"output_tokens":1}'),
    /TRACE_NEGATIVE_TOKENS {2}mine\.jsonl:1/,
  );
  assert.throws(
    () => readJson('{"__proto__":{"time_s":0,"input_tokens":1,"output_tokens":1}}'),
    /TRACE_MISSING_COLUMN/,
  );
});

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

test("prefixes by name are told apart, and a prefix without a name is none of another's", () => {
  const columns = read(
    "time_ms,input_tokens,output_tokens,prefix_tokens,prefix_id",
    "0,3000,10,2000,a",
    "1,3000,10,2000,b",
    "2,3000,10,2000,a",
    "3,3000,10,2000,",
  );
  const [first, second, third, none] = columns.prefixId!;
  assert.ok(first! >= 0 && second! >= 0 && first !== second && first === third && none === -1);
});
