import assert from "node:assert/strict";
import { test } from "node:test";
import { keyedUniform } from "../../../simulator/random/keyed-random.ts";
import { leastLatency } from "../../../simulator/strategies/least-latency.ts";
import { contextOf, outcomeOf, requestOf, uniforms, viewOf } from "./fixtures.ts";

const context = contextOf("a", "b", "c");
const exact = { explore: 0, decay: 10_000 };

test("latency times load plus one; what is not known is tried first while idle", () => {
  const strategy = leastLatency.create(exact, context);
  const view = viewOf(context);
  const choose = () => strategy.choose(requestOf(), view, 0, uniforms(0.9));
  assert.equal(choose(), 0);
  strategy.observe!(outcomeOf(0, "ok", 0, 400));
  assert.equal(choose(), 1);
  strategy.observe!(outcomeOf(1, "ok", 0, 900));
  strategy.observe!(outcomeOf(2, "ok", 0, 500));
  assert.equal(choose(), 0);
  // 400 × (1 + 1) = 800 > 500 × 1.
  view.inFlight[0] = 1;
  assert.equal(choose(), 2);
});

test("the round trip of this request's origin counts", () => {
  const strategy = leastLatency.create(exact, context);
  const view = viewOf(context);
  for (const target of [0, 1, 2]) strategy.observe!(outcomeOf(target, "ok", 0, 400 + target));
  view.rttMs.set([200, 100, 10]);
  assert.equal(strategy.choose(requestOf(), view, 0, uniforms(0.9)), 2);
});

/** Finagle's PeakEwma.Metric, written down from its source: cost, stamp, observe and get. */
class Metric {
  private stampMs = 0;
  private cost = Number.NaN;
  observe(rttMs: number, nowMs: number): void {
    const w = Math.exp(-Math.max(nowMs - this.stampMs, 0) / exact.decay);
    if (Number.isNaN(this.cost) || rttMs > this.cost * w) this.cost = rttMs;
    else this.cost = this.cost * w + rttMs * (1 - w);
    this.stampMs = nowMs;
  }
  get(pending: number, nowMs: number): number {
    if (Number.isNaN(this.cost)) return pending === 0 ? 0 : 1e9 * pending;
    this.observe(0, nowMs);
    return this.cost * (pending + 1);
  }
}

test("decides as Finagle's balancer over 2,000 requests with random latencies", () => {
  const strategy = leastLatency.create(exact, context);
  const view = viewOf(context);
  const metrics = context.targetIds.map(() => new Metric());
  for (let i = 0; i < 2_000; i++) {
    const nowMs = i * 50;
    const costs = metrics.map((metric, target) => metric.get(view.inFlight[target]!, nowMs));
    const expected = costs.indexOf(Math.min(...costs));
    const chosen = strategy.choose(requestOf({ requestId: i }), view, nowMs, uniforms(0.9));
    assert.equal(chosen, expected, `request ${i}: ${costs.join(", ")}`);
    view.onSent(chosen);
    const tookMs = 100 + 900 * keyedUniform(1, i, 0) * (chosen + 1);
    if (i % 3 === 0) continue;
    view.onOutcome(outcomeOf(chosen, "ok", nowMs, tookMs));
    strategy.observe!(outcomeOf(chosen, "ok", nowMs, tookMs));
    metrics[chosen]!.observe(tookMs, nowMs);
  }
});

test("a fast refusal is no fast answer", () => {
  const strategy = leastLatency.create(exact, context);
  const view = viewOf(context, [0, 1]);
  strategy.observe!(outcomeOf(0, "ok", 0, 400));
  strategy.observe!(outcomeOf(1, "ok", 0, 500));
  strategy.observe!({ ...outcomeOf(0, "throttled", 5), sentMs: 0 });
  assert.equal(strategy.choose(requestOf(), view, 5, uniforms(0.9)), 1);
});

test("a share of requests explores, evenly, with the same single draw", () => {
  const strategy = leastLatency.create({ explore: 0.3 }, context);
  const view = viewOf(context);
  const at = (u: number) => strategy.choose(requestOf(), view, 0, uniforms(u));
  assert.deepEqual([at(0.05), at(0.15), at(0.25)], [0, 1, 2]);
});

test("of the first token, or for each token of the answer", () => {
  const view = viewOf(context, [0, 1]);
  const choose = (of: string) => {
    const strategy = leastLatency.create({ ...exact, of }, context);
    strategy.observe!({ ...outcomeOf(0, "ok", 0, 1_000), ttftMs: 300, outputTokens: 100 });
    strategy.observe!({ ...outcomeOf(1, "ok", 0, 1_200), ttftMs: 200, outputTokens: 400 });
    return strategy.choose(requestOf(), view, 0, uniforms(0.9));
  };
  assert.deepEqual(["e2e", "ttft", "token"].map(choose), [0, 1, 1]);
});

test("with d it compares as many targets, drawn without repetition", () => {
  const strategy = leastLatency.create({ ...exact, d: 2 }, context);
  const view = viewOf(context);
  for (const target of [0, 1, 2]) strategy.observe!(outcomeOf(target, "ok", 0, 300 - 100 * target));
  // Position 0 of a, b, c, then position 0 of b, c: a (300) against b (200).
  assert.equal(strategy.choose(requestOf(), view, 0, uniforms(0.9, 0, 0)), 1);
});
