import assert from "node:assert/strict";
import test from "node:test";
import { traceSpec } from "../../../simulator/traffic/arrivals/trace.ts";
import type { RecordedColumns } from "../../../simulator/traffic/traffic.ts";
import { replayable, transformed } from "../../../simulator/traffic/transform.ts";

const count = 10_000;
const columns: RecordedColumns = {
  arrivalMs: Float64Array.from({ length: count }, (_, i) => i * 10),
  inputTokens: Int32Array.from({ length: count }, (_, i) => i),
  outputTokens: Int32Array.from({ length: count }, (_, i) => (i % 2) * 1000 + (i % 100)),
  classIndex: Uint16Array.from({ length: count }, (_, i) => i % 2),
  classNames: ["short", "long"],
  startEpochMs: 1e12,
};
const of = (options: object, more: object = {}) =>
  transformed(columns, {
    spec: traceSpec("t", options as never),
    maxTokens: null,
    durationMs: Number.POSITIVE_INFINITY,
    seed: 1,
    ...more,
  });

test("what is left and what was dropped add up to all", () => {
  const { columns: left, dropped } = of(
    { only: "long", slice: { from: 10_000, to: 60_000 }, thin: 0.5 },
    { durationMs: 40_000 },
  );
  assert.deepEqual([dropped.only, dropped.slice, dropped.duration], [5000, 2500, 500]);
  assert.equal(left.arrivalMs.length + Object.values(dropped).reduce((a, b) => a + b, 0), count);
  assert.ok(Math.abs(left.arrivalMs.length - 1000) < 5 * Math.sqrt(500));
  assert.ok(left.inputTokens.every((input, row) => input * 10 - 10_000 === left.arrivalMs[row]));
  assert.equal(left.startEpochMs, 1e12 + 10_000);
});

test("rate and time are scaled, and a recording that is repeated needs an end", () => {
  assert.equal(of({ scale: 3 }).columns.arrivalMs.length, 3 * count);
  assert.equal(of({ timeScale: 0.5 }).columns.arrivalMs.at(-1), (count - 1) * 5);
  assert.equal(of({ tile: true }, { durationMs: 250_000 }).columns.arrivalMs.length, 25_000);
  assert.throws(() => of({ tile: true }), /TRAFFIC_NO_END/);
});

test("max_tokens: a number, a margin, or what a share of each class's answers stays within", () => {
  const limits = (maxTokens: object) => [...of({}, { maxTokens }).columns.maxTokens!.subarray(0, 4)];
  assert.deepEqual(limits({ kind: "constant", value: 9 }), [9, 9, 9, 9]);
  assert.deepEqual(limits({ kind: "outputTimes", factor: 2 }), [0, 2002, 4, 2006]);
  // Even rows end in 0, 2 ... 98, odd ones in 1001 ... 1099, each equally often.
  assert.deepEqual(limits({ kind: "outputQuantile", share: 0.5 }), [48, 1049, 48, 1049]);
  assert.equal(of({}).columns.maxTokens, undefined);
});

const base = { arrivalMs: Float64Array.of(0, 1, 2, 3) };

test("failed calls get the output of an answered call of their model; the others keep theirs", () => {
  const { columns, notes } = replayable({
    ...base,
    inputTokens: Int32Array.of(10, 20, 30, 40),
    outputTokens: Int32Array.of(7, -1, 0, 9),
    outcome: Uint16Array.of(0, 1, 3, 0),
    modelIndex: Uint16Array.of(0, 0, 1, 1),
    modelNames: ["a", "b"],
  });
  assert.deepEqual([...columns.outputTokens], [7, 7, 9, 9]);
  assert.match(notes[0]!, /^2 of 4 calls tell no output/);
  // A gateway logs a call that failed with no tokens at all; no prompt is empty.
  const gateway = { inputTokens: Int32Array.of(10, 0, 30, 40), outputTokens: Int32Array.of(7, 0, 1, 9) };
  const filled = replayable({ ...base, ...gateway, outcome: Uint16Array.of(0, 1, 0, 0) });
  assert.ok([10, 30, 40].includes(filled.columns.inputTokens[1]!));
  assert.match(filled.notes[0]!, /^1 of 4 calls tell no input/);
  const whole = { ...base, inputTokens: Int32Array.of(1, 1, 1, 1), outputTokens: Int32Array.of(0, 1, 1, 1) };
  assert.deepEqual(replayable(whole), { columns: whole, notes: [] });
});

test("cached tokens become a prefix of the tenant and model; without any tokens, classes bring them", () => {
  const { columns } = replayable({
    ...base,
    inputTokens: Int32Array.of(100, 100, 100, 100),
    outputTokens: Int32Array.of(1, 1, 1, 1),
    cacheReadTokens: Int32Array.of(50, 0, 60, 0),
    cacheWriteTokens: Int32Array.of(0, 40, 0, 0),
    tenantIndex: Uint16Array.of(0, 0, 1, 1),
    tenantNames: ["a", "b"],
  });
  assert.deepEqual(
    [[...columns.prefixTokens!], [...columns.prefixId!]],
    [
      [50, 40, 60, 0],
      [0, 0, 1, -1],
    ],
  );
  const written = { ...base, inputTokens: Int32Array.of(100, 100, 100, 100), outputTokens: Int32Array.of(1, 1, 1, 1) };
  const { columns: writes } = replayable({ ...written, cacheWriteTokens: Int32Array.of(0, 40, 0, 0) });
  assert.deepEqual([...writes.prefixTokens!], [0, 40, 0, 0], "writes alone are told");
  const none = Int32Array.of(-1, -1, -1, -1);
  assert.equal(replayable({ ...base, inputTokens: none, outputTokens: none }).columns.isWithoutTokens, true);
});
