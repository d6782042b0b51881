import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createFixedLatencyBackend } from "../../../emulator/backends/fixed-latency.ts";
import { callOf, manualClock, recordedObserver } from "../support.ts";

describe("fixed latency", () => {
  it("puts token k at first + (k - 1) x gap", () => {
    const { clock, advanceTo } = manualClock();
    const backend = createFixedLatencyBackend(clock, { firstTokenMs: 100, perTokenMs: 10 });
    const observer = recordedObserver();
    advanceTo(50);
    const admission = backend.begin(callOf({ wantedOutputTokens: 4 }), 50, observer);
    assert.ok(admission.kind === "accepted");
    const { handle } = admission;
    const written = [149, 150, 159, 160, 179, 180, 999].map((ms) => handle.tokensWritten(ms));
    assert.deepEqual(written, [0, 1, 1, 2, 3, 4, 4]);
    assert.equal(handle.nextTokenMs(155), 160);
    advanceTo(1000);
    assert.deepEqual(observer.events, ["first@150", "end@180"]);
  });
  it("falls silent when the caller goes away", () => {
    const { clock, advanceTo } = manualClock();
    const observer = recordedObserver();
    const admission = createFixedLatencyBackend(clock).begin(callOf(), 0, observer);
    if (admission.kind === "accepted") admission.handle.cancel(1);
    advanceTo(10_000);
    assert.deepEqual(observer.events, []);
  });
});
