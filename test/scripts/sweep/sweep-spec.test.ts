import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { askedQuestion } from "../../../scripts/sweep/sweep-spec.ts";

describe("what is asked of a sweep", () => {
  it("is p95 unless said otherwise, and limits are in the metric's unit", () => {
    assert.deepEqual(askedQuestion({}), { metric: "p95", group: null, objective: null });
    const words = { metric: "failed", class: "chat", objective: "1%" };
    assert.deepEqual(askedQuestion(words), { metric: "failed", group: "chat", objective: 0.01 });
    assert.equal(askedQuestion({ metric: "cost", objective: "2.5" }).objective, 2.5);
    assert.equal(askedQuestion({ objective: "800ms" }).objective, 800);
  });

  it("keeps what was asked before, but no limit of another metric", () => {
    const before = askedQuestion({ class: "chat", objective: "8s" });
    assert.deepEqual(askedQuestion({}, before), before);
    assert.deepEqual(askedQuestion({ metric: "cost" }, before), { metric: "cost", group: "chat", objective: null });
  });

  it("names what there is instead of what there is not", () => {
    assert.throws(() => askedQuestion({ metric: "p96" }), /SWEEP_METRIC.*did you mean "p9/s);
    assert.throws(() => askedQuestion({ objective: "8" }), /SWEEP_OBJECTIVE.*write 8s/s);
  });
});
