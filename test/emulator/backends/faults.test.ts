import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withFaults } from "../../../emulator/backends/faults.ts";
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
