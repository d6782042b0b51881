import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createFixedLatencyBackend } from "../../../emulator/backends/queue.ts";
import { beginStruck, type FaultRule } from "../../../emulator/backends/struck-call.ts";
import { callOf, manualClock, recordedObserver } from "../support.ts";

/** What an observer is told of a call of six tokens, at 10, 20, ... 60 ms, under a fault. */
function told(rule: FaultRule, wantedOutputTokens = 6) {
  const { clock, advanceTo } = manualClock();
  const backend = createFixedLatencyBackend(clock, { firstTokenMs: 10, perTokenMs: 10 });
  const observer = recordedObserver();
  const admission = beginStruck(rule, { backend, clock, call: callOf({ wantedOutputTokens }), nowMs: 0, observer });
  assert.ok(admission.kind === "accepted");
  const { handle } = admission;
  const tokens: number[] = [];
  for (let ms = 0; ms <= 200; ms += 10) {
    advanceTo(ms);
    tokens.push(Math.min(handle.tokensWritten(ms), handle.outputTokens));
  }
  advanceTo(10_000);
  return { events: observer.events, tokens: tokens.slice(0, 13).join(" "), handle };
}

describe("streams that stall or break", () => {
  it("are cut after n tokens", () => {
    const { events, tokens } = told({ effect: "reset", afterTokens: 3 });
    assert.deepEqual(events, ["first@10", "break@30"]);
    assert.match(tokens, /^0 1 2 3 3 3/);
  });
  it("fall silent after n tokens for good", () => {
    const { events, tokens } = told({ effect: "silence", afterTokens: 3 });
    assert.deepEqual(events, ["first@10"]);
    assert.equal(tokens, "0 1 2 3 3 3 3 3 3 3 3 3 3");
  });
  it("fall silent for a time and go on at their pace", () => {
    const { events, tokens, handle } = told({ effect: "silence", afterTokens: 3, lastsMs: 50 });
    assert.deepEqual(events, ["first@10", "end@110"]);
    assert.equal(tokens, "0 1 2 3 3 3 3 3 3 4 5 6 6");
    assert.equal(handle.outputTokens, 6);
  });
  it("begin late", () => {
    const { events, tokens } = told({ effect: "silence", lastsMs: 40 });
    assert.deepEqual(events, ["first@50", "end@100"]);
    assert.equal(tokens, "0 0 0 0 0 1 2 3 4 5 6 6 6");
  });
  it("drip, from the first token or from a later one", () => {
    const slow = told({ effect: "drip", gapMs: 20 });
    assert.deepEqual(told({ effect: "drip", gapMs: 20, afterTokens: 0 }).events, slow.events, "what drips has begun");
    assert.deepEqual(slow.events, ["first@10", "end@110"]);
    assert.equal(slow.tokens, "0 1 1 2 2 3 3 4 4 5 5 6 6");
    const later = told({ effect: "drip", gapMs: 30, afterTokens: 4 });
    assert.deepEqual(later.events, ["first@10", "end@100"]);
    assert.equal(later.tokens, "0 1 2 3 4 4 4 5 5 5 6 6 6");
    assert.deepEqual(told({ effect: "drip", gapMs: 1 }).events, ["first@10", "end@60"], "never faster than the model");
  });
  it("are empty", () => {
    const { events, handle } = told({ effect: "empty" });
    assert.deepEqual(events, ["end@10"]);
    assert.equal(handle.outputTokens, 0);
  });
  it("are whole if they have no more tokens than come before the fault", () => {
    for (const effect of ["reset", "silence", { name: "ModelStreamErrorException" }] as const) {
      assert.deepEqual(told({ effect, afterTokens: 6 }).events, ["first@10", "end@60"]);
    }
  });
  it("strike an answer that arrives whole, too", () => {
    const { clock, advanceTo } = manualClock();
    const backend = createFixedLatencyBackend(clock, { firstTokenMs: 10, perTokenMs: 0 });
    const observer = recordedObserver();
    const call = callOf({ wantedOutputTokens: 6 });
    beginStruck({ effect: "reset", afterTokens: 2 }, { backend, clock, call, nowMs: 0, observer });
    advanceTo(100);
    assert.deepEqual(observer.events, ["first@10", "break@10"]);
  });
});
