import assert from "node:assert/strict";
import test from "node:test";
import { guidellm } from "../../../../simulator/traffic/formats/guidellm.ts";
import { readText } from "../read-trace.ts";

const rows = (times: readonly number[]) =>
  times.map((timestamp) => JSON.stringify({ timestamp, input_length: 256, output_length: 128 })).join("\n");

test("a fraction anywhere means seconds; whole numbers are ms, and it is said", () => {
  const seconds = readText(rows([0, 0.5, 2]), "g.jsonl");
  assert.deepEqual([seconds.reader.format, [...seconds.columns.arrivalMs]], [guidellm.name, [0, 500, 2000]]);
  const whole = readText(rows([0, 500, 2000]), "g.jsonl");
  assert.deepEqual([...whole.columns.arrivalMs], [0, 500, 2000]);
  assert.match(whole.reader.notes[0]!, /read as ms; say unit: s/);
  const asked = readText(rows([0, 1, 2]), "g.jsonl", { unit: "s" });
  assert.deepEqual([[...asked.columns.arrivalMs], asked.reader.notes], [[0, 1000, 2000], []]);
});

test("requests of a benchmark's report, without their texts", () => {
  const request = {
    request_id: "a",
    prompt: "never kept",
    prompt_tokens: 100,
    output_tokens: 20,
    request_start_time: 1_777_888_800.25,
    request_end_time: 1_777_888_801.5,
    request_latency: 1.25,
    time_to_first_token_ms: 90,
  };
  const failed = { ...request, request_id: "b", output_tokens: null, error: "timeout", request_latency: null };
  const report = {
    metadata: {},
    benchmarks: [{ config: { a: [{ b: 1 }] }, requests: { successful: [request], errored: [failed], incomplete: [] } }],
  };
  for (const text of [JSON.stringify(report), JSON.stringify(report, null, 2)]) {
    const { columns, reader } = readText(text, "benchmarks.json");
    assert.equal(reader.format, guidellm.name);
    assert.deepEqual(
      [[...columns.inputTokens], [...columns.outcome!]],
      [
        [100, 100],
        [0, 3],
      ],
    );
    assert.deepEqual([columns.e2eMs![0], columns.ttftMs![0], columns.e2eMs![1]], [1250, 90, 1250]);
  }
});

test("newer reports tell failures and cancellations beside the times", () => {
  const request = (info: object, tokens: number | null) => ({
    request_id: JSON.stringify(info),
    info,
    prompt_tokens: 100,
    output_tokens: tokens,
    request_start_time: 1_777_888_800,
    request_latency: null,
  });
  const errored = [request({ status: "errored", error: "refused" }, null)];
  const requests = {
    successful: [request({ status: "completed", error: null }, 20)],
    errored,
    incomplete: [request({ status: "cancelled" }, 3)],
  };
  const { columns } = readText(JSON.stringify({ benchmarks: [{ requests }] }), "benchmarks.json");
  assert.deepEqual([...columns.outcome!], [0, 3, 4]);
  assert.deepEqual([...columns.outputTokens], [20, -1, 3]);
});
