import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { faultOf, WorldCall } from "../../../emulator/backends/world-call.ts";
import { statusOf } from "../../../emulator/http/errors.ts";
import type { Capacity } from "../../../simulator/service/capacity/capacity.ts";
import { REFUSED_BY } from "../../../simulator/service/quota/token-quota.ts";
import { OUTCOME } from "../../../simulator/service/service.ts";
import { manualClock, recordedObserver } from "../support.ts";

it("each outcome that is not an answer has its error", () => {
  const statuses = (["throttled", "unavailable", "error", "abandoned", "timeout"] as const).map((name) =>
    statusOf(faultOf(OUTCOME[name], 0, Number.NaN).name),
  );
  assert.deepEqual(statuses, [429, 503, 500, 408, 408]);
});

it("a throttle names its limit, whichever quota it was, and has the hint if there is one", () => {
  const refusal = (17 << 2) | REFUSED_BY.requests;
  assert.deepEqual(faultOf(OUTCOME.throttled, refusal, Number.NaN), {
    name: "ThrottlingException",
    message: "Too many requests, please wait before trying again.",
  });
  assert.equal(faultOf(OUTCOME.throttled, refusal, 1500).retryAfterMs, 1500);
});

/** A call in a world that is one hour ahead of the fleet's clock. */
function runOf(outputTokens = 11) {
  const { clock, advanceTo } = manualClock();
  const observer = recordedObserver();
  const run = new WorldCall({ clock, startMs: HOUR, observer, outputTokens, madeTokens: outputTokens, prefixes: [] });
  run.isAdmitted = true;
  return { run, advanceTo, events: observer.events };
}

const HOUR = 3_600_000;

describe("WorldCall", () => {
  it("reports instants of the fleet's clock, later by the return hop", () => {
    const { run, advanceTo, events } = runOf();
    run.returnHopMs = 30;
    run.scheduleTokens(HOUR + 100, HOUR + 200);
    advanceTo(150);
    assert.deepEqual(events, ["first@130"]);
    assert.deepEqual([run.tokensWritten(139), run.tokensWritten(140), run.nextTokenMs(140)], [1, 2, 150]);
    advanceTo(200);
    run.end(HOUR + 200, "answered");
    assert.deepEqual(events, ["first@130"]);
    advanceTo(230);
    assert.deepEqual(events, ["first@130", "end@230"]);
    assert.equal(run.tokensWritten(230), 11);
  });

  it("an answer whose tokens all exist at once has no separate first token", () => {
    const { run, advanceTo, events } = runOf();
    run.scheduleTokens(HOUR + 100, HOUR + 100);
    advanceTo(100);
    run.end(HOUR + 100, "answered");
    assert.deepEqual(events, ["end@100"]);
  });

  it("follows the steps of its batch", () => {
    const { run, events } = runOf();
    let stepMs = 10;
    const capacity = { stepsAt: (ms: number) => (ms - HOUR) / stepMs, stepMs } as unknown as Capacity & {
      stepMs: number;
    };
    // Noise makes each token take one and a half steps.
    run.beginDecoding(HOUR + 100, capacity, 1.5);
    assert.deepEqual(events, ["first@100"]);
    assert.deepEqual(
      [114, 115, 130].map((ms) => run.tokensWritten(ms)),
      [1, 2, 3],
    );
    assert.equal(run.nextTokenMs(130), 145);
    // A slower pace takes no token back.
    stepMs = 13;
    assert.equal(run.tokensWritten(131), 3);
  });

  it("does not notify a caller that has disconnected, and not twice", () => {
    const { run, advanceTo, events } = runOf();
    run.scheduleTokens(HOUR + 100, HOUR + 200);
    run.cancel();
    advanceTo(300);
    run.end(HOUR + 200, { name: "InternalServerException" });
    assert.deepEqual(events, []);
    const other = runOf();
    other.run.scheduleTokens(HOUR + 100, HOUR + 200);
    other.advanceTo(200);
    other.run.end(HOUR + 200, { name: "InternalServerException" });
    assert.deepEqual(other.events, ["first@100", "InternalServerException@200"]);
  });

  it("resets if the endpoint has failed", () => {
    const { run, events } = runOf();
    run.end(HOUR + 50, "broken");
    assert.deepEqual(events, ["break@50"]);
    assert.equal(run.ending, "broken");
  });
});
