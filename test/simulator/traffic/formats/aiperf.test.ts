import assert from "node:assert/strict";
import test from "node:test";
import { aiperf } from "../../../../simulator/traffic/formats/aiperf.ts";
import { readText } from "../read-trace.ts";

test("records with units of any kind; the warm-up is left out; failed and cut calls", () => {
  const record = (id: string, more: object, metrics: object = {}, error: unknown = null) =>
    JSON.stringify({
      metadata: {
        x_request_id: id,
        x_correlation_id: "c",
        request_start_ns: 1_777_888_800_000_000_000,
        benchmark_phase: "profiling",
        ...more,
      },
      metrics: {
        input_sequence_length: { value: 50, unit: "tokens" },
        output_sequence_length: { value: 9, unit: "tokens" },
        ...metrics,
      },
      error,
    });
  const text = [
    record("a", {}, { request_latency: { value: 900, unit: "ms" }, time_to_first_token: { value: 0.0455, unit: "s" } }),
    record("w", { benchmark_phase: "warmup" }),
    record("b", {}, {}, { code: 500 }),
    record("c", { was_cancelled: true }),
  ].join("\n");
  const { columns, reader } = readText(text, "profile_export.jsonl");
  assert.equal(reader.format, aiperf.name);
  assert.deepEqual([...columns.outcome!], [0, 3, 4]);
  assert.deepEqual([columns.e2eMs![0], columns.ttftMs![0], columns.sessionId![0]], [900, 45.5, 0]);
  assert.deepEqual(reader.notes, ["1 requests of the warm-up were left out"]);
});
