import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { questionsOf, type SweepClass } from "../../../simulator/sweep/question.ts";

const chat: SweepClass = { name: "chat", sloE2eMs: 8000, sloTtftMs: 1000, sloShare: 0.95 };
const strict: SweepClass = { name: "strict", sloE2eMs: 2000, sloTtftMs: null, sloShare: 0.99 };
const batch: SweepClass = { name: "batch", sloE2eMs: null, sloTtftMs: null, sloShare: 0.95 };
const asked = { metric: "p95", group: null, objective: null } as const;
const short = (classes: readonly SweepClass[], more: object = {}) =>
  questionsOf(classes, { ...asked, ...more }).map(({ group, objective }) => [group, objective]);

describe("the question of a sweep", () => {
  it("is asked of each class with its own objective, first of the one that has one", () => {
    assert.deepEqual(short([batch, chat]), [
      ["chat", 8000],
      ["batch", null],
      ["all", null],
    ]);
    assert.deepEqual(short([batch]), [["batch", null]]);
    assert.deepEqual(short([batch, { ...batch, name: "other" }])[0], ["all", null]);
  });

  it("takes the class and the limit that are named", () => {
    assert.deepEqual(short([chat, batch], { group: "batch", objective: 3000 })[0], ["batch", 3000]);
    assert.deepEqual(short([chat, batch], { objective: 3000 })[0], ["all", 3000]);
  });

  it("judges a percentile only by an objective that is about it", () => {
    assert.deepEqual(short([strict]), [["strict", null]]);
    assert.deepEqual(short([strict], { metric: "p99" }), [["strict", 2000]]);
    assert.deepEqual(short([chat], { metric: "ttft-p95" }), [["chat", 1000]]);
    assert.deepEqual(short([chat], { metric: "failed" }), [["chat", null]]);
  });

  it("of money, counts only what keeps the latency", () => {
    assert.deepEqual(questionsOf([chat], { ...asked, metric: "saving" }), [
      { metric: "saving", group: "chat", objective: null, p95LimitMs: 8000 },
    ]);
  });
});
