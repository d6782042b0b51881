import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Observation } from "../../../simulator/calibrate/calls.ts";
import { fitQuota } from "../../../simulator/calibrate/fit-quota.ts";
import { purposeStream } from "../../../simulator/random/sampler.ts";

/** Calls of a few sizes at 4/s; `decide` says which are throttled. */
function observed(decide: (atMs: number, tokens: number, used: number) => boolean): readonly Observation[] {
  const stream = purposeStream(6, "test/quota");
  let atMs = 0;
  return Array.from({ length: 1200 }, (): Observation => {
    atMs += -Math.log(1 - stream.next()) * 250;
    const inputTokens = 100 + Math.floor(stream.next() * 900);
    const outputTokens = 10 + Math.floor(stream.next() * 90);
    const isGranted = decide(atMs, inputTokens + 300, inputTokens + outputTokens);
    return {
      axis: "a",
      region: "us-east-1",
      model: "m",
      sentMs: atMs,
      // Ends at once: unused tokens are returned before the next call.
      endMs: atMs,
      ttftMs: 0,
      inputTokens,
      cacheReadTokens: 0,
      outputTokens,
      maxTokens: 300,
      outcome: isGranted ? "served" : "throttled",
      roundTripMs: 0,
      axisStartMs: 0,
    };
  });
}

describe("a quota is inferred from the throttled calls", () => {
  it("a bucket of tokens", () => {
    let level = 20_000;
    let lastMs = 0;
    const calls = observed((atMs, reserved, used) => {
      level = Math.min(20_000, level + ((atMs - lastMs) * 100_000) / 60_000);
      lastMs = atMs;
      if (level < reserved) return false;
      level -= used;
      return true;
    });
    const fit = fitQuota(calls, [1, 5])!;
    assert.deepEqual([fit.of, fit.law, fit.burndown], ["tokens", "token-bucket", 1]);
    assert.ok(fit.error < 0.1, `${fit.error}`);
    assert.ok(Math.abs(fit.limit / 100_000 - 1) < 0.08, `${fit.limit} ${fit.burst}`);
  });

  it("requests of each clock minute", () => {
    let minute = -1;
    let count = 0;
    const calls = observed((atMs) => {
      if (Math.floor(atMs / 60_000) !== minute) {
        minute = Math.floor(atMs / 60_000);
        count = 0;
      }
      return ++count <= 200;
    });
    const fit = fitQuota(calls, [1])!;
    assert.deepEqual([fit.of, fit.law], ["requests", "clock-window"]);
    assert.ok(fit.error < 0.02 && Math.abs(fit.limit / 200 - 1) < 0.02, `${fit.error} ${fit.limit}`);
  });

  it("none where no call was throttled, and a large error where throttling was random", () => {
    assert.equal(
      fitQuota(
        observed(() => true),
        [1],
      ),
      undefined,
    );
    const stream = purposeStream(8, "test/chance");
    const fit = fitQuota(
      observed(() => stream.next() > 0.1),
      [1],
    )!;
    assert.ok(fit.error > 0.25, `${fit.error}`);
  });
});
