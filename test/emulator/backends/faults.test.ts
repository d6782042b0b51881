import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { beginStruck, type FaultRule, withFaults } from "../../../emulator/backends/faults.ts";
import { createFixedLatencyBackend } from "../../../emulator/backends/queue.ts";
import { callOf, manualClock, recordedObserver } from "../support.ts";

describe("fault injection", () => {
  const setUp = () => {
    const { clock, advanceTo } = manualClock();
    const faults = withFaults(createFixedLatencyBackend(clock, { firstTokenMs: 10, perTokenMs: 10 }), clock);
    const begin = (overrides = {}) => {
      const observer = recordedObserver();
      return { admission: faults.begin(callOf(overrides), clock.nowMs(), observer), observer };
    };
    return { faults, begin, advanceTo };
  };

  it("affects the given number of calls, then none", () => {
    const { faults, begin } = setUp();
    faults.add({ effect: { name: "ThrottlingException" }, times: 2 });
    assert.deepEqual(
      [1, 2, 3].map(() => begin().admission.kind),
      ["refused", "refused", "accepted"],
    );
    assert.deepEqual(faults.rules(), []);
  });

  it("affects only the region and model it names, by model id or profile id", () => {
    const { faults, begin } = setUp();
    faults.add({ region: "eu-west-1", effect: "reset" });
    faults.add({ modelId: "us.x", effect: "silence" });
    assert.equal(begin().admission.kind, "accepted");
    assert.deepEqual(begin({ region: "eu-west-1" }).admission, { kind: "dropped", how: "reset" });
    assert.deepEqual(begin({ profileId: "us.x" }).admission, { kind: "dropped", how: "silence" });
    faults.clear();
    assert.equal(begin({ region: "eu-west-1" }).admission.kind, "accepted");
  });

  it("fails midway, after the given number of tokens", () => {
    const { faults, begin, advanceTo } = setUp();
    faults.add({ effect: { name: "ModelStreamErrorException" }, afterTokens: 3 });
    const { admission, observer } = begin();
    assert.ok(admission.kind === "accepted");
    advanceTo(1000);
    assert.deepEqual(observer.events, ["first@10", "ModelStreamErrorException@30"]);
    assert.equal(admission.handle.tokensWritten(30), 3);
    assert.ok(admission.handle.outputTokens > 3);
  });

  it("strikes the given share of calls, the same ones in each run", () => {
    const struck = () => {
      const { faults, begin } = setUp();
      faults.add({ effect: { name: "ThrottlingException" }, share: 0.25 });
      return Array.from({ length: 400 }, () => begin().admission.kind === "refused");
    };
    const count = struck().filter(Boolean).length;
    assert.ok(count > 70 && count < 130, `${count}`);
    assert.deepEqual(struck(), struck());
  });

  it("begins and ends when it is told, and strikes its class only", () => {
    const { faults, begin, advanceTo } = setUp();
    faults.add({ effect: { name: "ThrottlingException" }, atMs: 100, forMs: 50 });
    faults.add({ effect: "reset", class: "batch" });
    const kinds: string[] = [];
    for (const ms of [0, 99, 100, 149, 150]) {
      advanceTo(ms);
      kinds.push(begin().admission.kind);
    }
    assert.deepEqual(kinds, ["accepted", "accepted", "refused", "refused", "accepted"]);
    assert.equal(begin({ requestMetadata: { class: "batch" } }).admission.kind, "dropped");
  });
});

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
