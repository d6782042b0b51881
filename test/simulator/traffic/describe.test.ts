import assert from "node:assert/strict";
import test from "node:test";
import { loadTrace } from "../../../scripts/io/traces.ts";
import { ranksOf } from "../../../simulator/base/statistics.ts";
import { correlation, describeTraffic, gapsOf, windowRates } from "../../../simulator/traffic/describe.ts";
import type { RecordedColumns } from "../../../simulator/traffic/traffic.ts";
import { fixtureText } from "./fixtures.ts";
import { readText } from "./read-trace.ts";

const columnsOf = async (name: string): Promise<RecordedColumns> => {
  const { recording } = await loadTrace(name, ".");
  assert.ok(recording.kind === "trace");
  return recording.columns;
};

test("the public traces: what is known of them", async () => {
  const code = describeTraffic(await columnsOf("azure-code-2023"));
  assert.equal(code.rows, 8819);
  assert.ok(Math.abs(code.windows[0]!.emptyShare - 0.73) < 0.01);
  assert.ok(code.windows[0]!.requestsMax > 40);
  assert.ok(code.warnings.some((warning) => warning.includes("longest silence, 217 s")));
  assert.ok(code.warnings.some((warning) => warning.includes("7,437 tokens")));
  const conversation = describeTraffic(await columnsOf("azure-conv-2023"));
  assert.equal(conversation.rows, 19_366);
  assert.ok(Math.abs(conversation.interarrival!.cv - 1.09) < 0.005);
  // Sums by an independent program (awk) over the files as published.
  assert.deepEqual([conversation.input.sum, conversation.output.sum], [22_361_870, 4_088_665]);
  assert.deepEqual([code.input.sum, code.output.sum], [18_059_974, 245_896]);
});

test("a log: kinds of tokens, tenants, ends; the day and week in UTC", () => {
  const { columns } = readText(fixtureText("invocation-logs/bedrock-invocation-log.jsonl"), "log");
  const traffic = describeTraffic(columns, ["said before"]);
  assert.deepEqual([traffic.cacheReadTokens, traffic.cacheWriteTokens, traffic.output.known], [158_676, 14_029, 193]);
  assert.deepEqual([traffic.outcomes!.served, traffic.hourOfDay![14], traffic.weekday![3]], [193, 200, 200]);
  assert.equal(traffic.models[0]!.name, "claude-haiku-4-5");
  assert.equal(
    traffic.tenants.reduce((sum, { count }) => sum + count, 0),
    200,
  );
  assert.equal(traffic.warnings.at(-1), "said before");
  assert.ok(traffic.warnings.some((warning) => warning.includes("whole seconds")));
});

test("dispersion, coefficient of variation and rank correlation by hand", () => {
  // Ten windows of 1 s with 2 requests each: no variance. Gaps of 500 ms.
  const even = Float64Array.from({ length: 21 }, (_, i) => i * 500);
  assert.deepEqual([windowRates(even, 1).dispersion, gapsOf(even).cv], [0, 0]);
  // Counts 4, 0, 4, 0: mean 2, sample variance 16/3.
  const bursts = Float64Array.of(0, 1, 2, 3, 2000, 2001, 2002, 2003, 4000);
  assert.ok(Math.abs(windowRates(bursts, 1).dispersion - 16 / 3 / 2) < 1e-12);
  const [x, y] = [Int32Array.of(1, 2, 3), Int32Array.of(2, 4, 6)];
  assert.ok(Math.abs(correlation(x, y) - 1) < 1e-12);
  assert.ok(Number.isNaN(correlation(x, [1, 1, 1])) && Number.isNaN(correlation([1], [1])));
  assert.ok(Math.abs(correlation(ranksOf(x), ranksOf([6, 2, 4])) + 0.5) < 1e-12);
});
