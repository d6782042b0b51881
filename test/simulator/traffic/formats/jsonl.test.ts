import assert from "node:assert/strict";
import test from "node:test";
import { jsonl } from "../../../../simulator/traffic/formats/jsonl.ts";
import { readTrace } from "../../../../simulator/traffic/trace-format.ts";

const read = (...lines: string[]) => readTrace(jsonl, lines, "mine.jsonl");

test("named fields, some left out in some rows", () => {
  const columns = read(
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
    () => read('{"time_s":0,"input_tokens":1,"output_tokens":1}', "nope"),
    /TRACE_BAD_JSON {2}mine\.jsonl:2/,
  );
  assert.throws(
    () => read('{"time_s":0,"input_tokens":-1,"output_tokens":1}'),
    /TRACE_NEGATIVE_TOKENS {2}mine\.jsonl:1/,
  );
  assert.throws(() => read('{"__proto__":{"time_s":0,"input_tokens":1,"output_tokens":1}}'), /TRACE_MISSING_COLUMN/);
});
