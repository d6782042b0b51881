import assert from "node:assert/strict";
import test from "node:test";
import { mooncake, SharedRuns } from "../../../../simulator/traffic/formats/mooncake.ts";
import { readText, readTrace } from "../read-trace.ts";

const row = (timestamp: number, input: number, ids: readonly number[]) =>
  JSON.stringify({ timestamp, input_length: input, output_length: 5, hash_ids: ids });
const read = (...lines: string[]) => readTrace(mooncake, lines, "moon.jsonl");

test("the prefix is the longest leading run of blocks that another row has, named by its end", () => {
  const columns = read(
    row(0, 2000, [0, 1, 2, 3]),
    row(40, 2000, [0, 1, 2, 9]),
    row(50, 1200, [0, 1, 7]),
    row(60, 600, [20, 21]),
    row(70, 1300, [0, 1, 2]),
  );
  assert.deepEqual([...columns.arrivalMs], [0, 40, 50, 60, 70]);
  // Rows 0, 1 and 4 share the run to block 2; row 2 shares only the run to block 1; row 3 shares nothing.
  const [a, b, c, d, e] = columns.prefixId!;
  assert.ok(a === b && b === e && a !== c && d === -1);
  // Capped by the prompt's own length.
  assert.deepEqual([...columns.prefixTokens!], [1536, 1536, 1024, 0, 1300]);
});

test("malformed rows stop with file and line", () => {
  assert.throws(() => read(row(0, 1, []), "{"), /TRACE_BAD_JSON {2}moon\.jsonl:2/);
  assert.throws(() => read(row(-1, 1, [])), /TRACE_BAD_TIME {2}moon\.jsonl:1/);
  assert.throws(
    () => read('{"timestamp":0,"input_length":1}'),
    /TRACE_BAD_NUMBER {2}moon\.jsonl:1: output_length is missing/,
  );
  assert.throws(
    () => read('{"timestamp":0,"input_length":1,"output_length":1,"hash_ids":"x"}'),
    /moon\.jsonl:1: hash_ids/,
  );
});

test("epoch milliseconds keep their gap, in any order", () => {
  const columns = read(row(1_700_000_002_500, 20, []), row(1_700_000_000_000, 10, []));
  assert.deepEqual([...columns.arrivalMs], [0, 2500]);
  assert.deepEqual([...columns.inputTokens], [10, 20]);
});

test("seconds with fractions are refused as milliseconds, and read where the scenario says seconds", () => {
  const lines = [
    '{"timestamp": 0, "input_length": 256, "output_length": 128}',
    '{"timestamp": 0.5, "input_length": 25, "output_length": 12}',
  ];
  assert.throws(() => read(...lines), /TRACE_BAD_TIME {2}moon\.jsonl:2: timestamp is 0\.5.*whole ms\n.*unit: s/);
  assert.deepEqual([...readTrace(mooncake, lines, "moon.jsonl", "s").arrivalMs], [0, 500]);
});

test("the ids that are held in memory are bounded", () => {
  const runs = new SharedRuns(512, () => {});
  const ids = Array.from({ length: 100_000 }, (_, i) => i);
  const request = { timeMs: 0, inputTokens: 1, outputTokens: 1 };
  assert.throws(() => {
    for (let line = 1; line <= 101; line++) runs.add(request, ids, { source: "moon.jsonl", lineNumber: line });
  }, /TRACE_TOO_LARGE {2}moon\.jsonl:101: more than 10,000,000 hash_ids/);
});

test("sessions of AIPerf: later turns are put behind the conversation, and follow by their delay", () => {
  const lines = [
    { session_id: "a", timestamp: 1000.5, input_length: 300, output_length: 40 },
    { session_id: "b", timestamp: 1200, input_length: 10, output_length: 5, hash_ids: [1] },
    { session_id: "a", delay: 2000, input_length: 60, output_length: 7 },
    { session_id: "a", delay: 500, input_length: 1, output_length: 2 },
  ];
  const { columns, reader } = readText(lines.map((line) => JSON.stringify(line)).join("\n"), "a.jsonl");
  assert.equal(reader.format, "mooncake");
  assert.deepEqual([...columns.arrivalMs], [1000.5, 1200, 3000.5, 3500.5]);
  assert.deepEqual([...columns.inputTokens], [300, 10, 400, 408]);
  assert.deepEqual([...columns.sessionId!], [0, 1, 0, 0]);
  assert.match(reader.notes.join(), /^2 later turns have no time of their own/);
});
