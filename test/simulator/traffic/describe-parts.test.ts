import assert from "node:assert/strict";
import test from "node:test";
import { sharesOf, warningsOf } from "../../../simulator/traffic/describe-parts.ts";

test("shares of labels, largest first; equal names count together", () => {
  assert.deepEqual(sharesOf(Uint16Array.of(0, 1, 2, 2), ["a", "b", "a"]), [
    { name: "a", count: 3, share: 0.75 },
    { name: "b", count: 1, share: 0.25 },
  ]);
  assert.deepEqual(sharesOf(undefined, undefined), []);
});

test("batched times, silences and lengths at a limit are said; steady traffic has no warning", () => {
  const tokens = Int32Array.from({ length: 200 }, (_, i) => 10 + i);
  const even = {
    arrivalMs: Float64Array.from({ length: 200 }, (_, i) => i * 130.5),
    inputTokens: tokens,
    outputTokens: tokens,
  };
  assert.deepEqual(warningsOf(even), []);
  const batched = { ...even, arrivalMs: even.arrivalMs.map((ms) => Math.floor(ms / 1000) * 1000 + 0.5) };
  assert.match(warningsOf(batched)[0]!, /same instant/);
  const paused = { ...even, arrivalMs: even.arrivalMs.map((ms, i) => ms + (i > 99 ? 60_000 : 0)) };
  assert.match(warningsOf(paused)[0]!, /longest silence, 60 s/);
  const cut = { ...even, inputTokens: tokens.map((count) => Math.min(150, count)) };
  assert.match(warningsOf(cut)[0]!, /60 requests have the largest input, 150 tokens/);
});
