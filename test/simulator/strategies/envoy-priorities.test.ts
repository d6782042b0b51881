import assert from "node:assert/strict";
import { test } from "node:test";
import type { OutcomeKind } from "../../../simulator/client/strategy.ts";
import { envoyPriorities } from "../../../simulator/strategies/envoy-priorities.ts";
import { contextOf, outcomeOf, requestOf, uniforms, viewOf } from "./fixtures.ts";

const context = contextOf("a", "b", "c");
const view = viewOf(context);
const made = (options: object = {}) =>
  envoyPriorities.create({ priorities: { c: 1 }, consecutive: 1, ejection: 1_000, ...options }, context);
type Made = ReturnType<typeof made>;

/** Share of each target over an even grid of draws. */
function shares(strategy: Made, nowMs: number, request = requestOf()): readonly number[] {
  const n = 1_000;
  const counts = [0, 0, 0];
  for (let i = 0; i < n; i++) counts[strategy.choose(request, view, nowMs, uniforms((i + 0.5) / n))]!++;
  return counts.map((count) => count / n);
}

const near = (found: readonly number[], expected: readonly number[]) =>
  found.forEach((share, i) => {
    assert.ok(Math.abs(share - expected[i]!) < 0.005, `${found} is not ${expected}`);
  });

test("weights share the first priority while it is healthy", () => {
  near(shares(made({ weights: { a: 3, b: 1, c: 1 } }), 0), [0.75, 0.25, 0]);
});

test("half of the first priority ejected: it keeps 70 %, the rest spills over", () => {
  const strategy = made();
  strategy.observe!(outcomeOf(1, "unavailable", 100));
  near(shares(strategy, 101), [0.7, 0, 0.3]);
  near(shares(strategy, 1_100), [0.5, 0.5, 0]);
});

test("all of it ejected: everything to the next; everything ejected: all count as healthy", () => {
  const strategy = made();
  strategy.observe!(outcomeOf(0, "error", 0));
  strategy.observe!(outcomeOf(1, "timeout", 0));
  near(shares(strategy, 1), [0, 0, 1]);
  strategy.observe!(outcomeOf(2, "unavailable", 1));
  near(shares(strategy, 2), [0.5, 0.5, 0]);
});

test("a lone sick priority takes what is left: loads below 1 are scaled up", () => {
  const strategy = made({ priorities: {} });
  strategy.observe!(outcomeOf(0, "error", 0));
  strategy.observe!(outcomeOf(1, "error", 0));
  near(shares(strategy, 1), [0, 0, 1]);
});

test("failures in a row eject, a 429 or a success ends the row, and each ejection is longer", () => {
  const strategy = made({ consecutive: 2 });
  const see = (...kinds: readonly OutcomeKind[]) => {
    for (const kind of kinds) strategy.observe!(outcomeOf(0, kind, 0));
  };
  see("error", "throttled", "error", "ok", "error");
  near(shares(strategy, 1), [0.5, 0.5, 0]);
  see("error");
  near(shares(strategy, 999), [0, 0.7, 0.3]);
  near(shares(strategy, 1_000), [0.5, 0.5, 0]);
  strategy.observe!(outcomeOf(0, "error", 1_000));
  strategy.observe!(outcomeOf(0, "error", 1_000));
  near(shares(strategy, 2_999), [0, 0.7, 0.3]);
  near(shares(strategy, 3_000), [0.5, 0.5, 0]);
});

test("a retry goes to later priorities, and after the last anywhere", () => {
  near(shares(made(), 0, requestOf({ attempt: 1, previousTarget: 0 })), [0, 0, 1]);
  near(shares(made(), 0, requestOf({ attempt: 2, previousTarget: 2 })), [0.5, 0.5, 0]);
});
