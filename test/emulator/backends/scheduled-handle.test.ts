import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { scheduledHandle } from "../../../emulator/backends/scheduled-handle.ts";
import { manualClock, recordedObserver } from "../support.ts";

describe("scheduled handle", () => {
  it("names as next the instant at which one more token is written, however the gaps round", () => {
    const time = fc.integer({ min: 1000, max: 1e8 }).map((us) => us / 1000);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), time, time, (outputTokens, firstTokenAtMs, spanMs) => {
        const endAtMs = firstTokenAtMs + spanMs;
        const { clock } = manualClock();
        const common = {
          clock,
          observer: recordedObserver(),
          destinationRegion: "r",
          cacheReadTokens: 0,
          cacheWriteTokens: 0,
        };
        const handle = scheduledHandle({ ...common, outputTokens, firstTokenAtMs, endAtMs });
        assert.equal(handle.tokensWritten(endAtMs), outputTokens);
        let nowMs = firstTokenAtMs;
        for (let steps = 0; handle.tokensWritten(nowMs) < outputTokens; steps++) {
          const before = handle.tokensWritten(nowMs);
          nowMs = handle.nextTokenMs(nowMs);
          assert.ok(handle.tokensWritten(nowMs) > before, `stuck at ${nowMs}`);
          assert.ok(steps <= outputTokens);
        }
        assert.ok(nowMs <= endAtMs + 1e-6 * (1 + endAtMs));
      }),
    );
  });
});
