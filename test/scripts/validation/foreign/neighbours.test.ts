import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createLuck } from "../../../../scripts/validation/foreign/luck.ts";
import { createNeighbours } from "../../../../scripts/validation/foreign/neighbours.ts";
import type { ForeignCall, ForeignServer } from "../../../../scripts/validation/foreign/server.ts";
import { watchedCall } from "./support.ts";

function counting(): ForeignServer & { readonly seen: { call: ForeignCall; atMs: number }[] } {
  const seen: { call: ForeignCall; atMs: number }[] = [];
  return {
    seen,
    nextMs: () => Number.POSITIVE_INFINITY,
    step: () => {},
    admit: (call, atMs) => void seen.push({ call, atMs }),
    cancel: () => {},
  };
}

describe("neighbours", () => {
  it("call in bursts, at their rate and size", () => {
    const behind = counting();
    const others = { busyMs: 1000, quietMs: 3000, callsPerS: 20, inputTokens: 300, outputTokens: 50 };
    const server = createNeighbours({ ...others, behind, luck: createLuck(9) });
    const lengthMs = 4_000_000;
    while (server.nextMs() <= lengthMs) server.step();
    const expected = (20 * (lengthMs / 1000)) / 4;
    assert.ok(Math.abs(behind.seen.length / expected - 1) < 0.1, `${behind.seen.length}, ${expected}`);
    const mean = behind.seen.reduce((sum, { call }) => sum + call.inputTokens, 0) / behind.seen.length;
    assert.ok(Math.abs(mean / 300 - 1) < 0.05, `${mean}`);
    // Bursts: counts by second vary far more than Poisson's.
    const counts = new Float64Array(lengthMs / 1000);
    for (const { atMs } of behind.seen) counts[Math.floor(atMs / 1000)]!++;
    const average = counts.reduce((sum, n) => sum + n, 0) / counts.length;
    const variance = counts.reduce((sum, n) => sum + (n - average) ** 2, 0) / counts.length;
    assert.ok(variance > 5 * average, `${variance}, ${average}`);
  });

  it("pass on what is asked of the server itself", () => {
    const behind = counting();
    const others = { busyMs: 1, quietMs: 1e9, callsPerS: 1, inputTokens: 1, outputTokens: 1 };
    const server = createNeighbours({ ...others, behind, luck: createLuck(9) });
    const { call } = watchedCall(5, 10, 10);
    server.admit(call, 5);
    assert.deepEqual(behind.seen, [{ call, atMs: 5 }]);
  });
});
