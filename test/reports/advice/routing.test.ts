import assert from "node:assert/strict";
import { it } from "node:test";
import { capacityText, routeTable, sharedLoadText } from "../../../reports/advice/routing.ts";
import type { Advice } from "../../../simulator/advice/advice.ts";
import { between, advice as planned, outcome as routed } from "./fixture.ts";

const outcome = (strategy: string, ms: number) => ({ strategy, p95Ms: { value: ms, low: null, high: null } });
const advice = (aloneMs: number, fastestMs: number) =>
  ({
    watchedClass: "chat",
    pool: { worthIt: 1, steps: [{ regions: 1, outcome: outcome("1 region", aloneMs) }] },
    frontier: [{ outcome: outcome("least-outstanding", fastestMs), savedUsd: null, slowerMs: null }],
  }) as unknown as Advice;

it("a region that refuses nothing may still be slow: what sharing the load gains is said beside it", () => {
  const [text] = sharedLoadText(advice(24_000, 9890));
  assert.match(text!, /^Sharing the load gains more than fallbacks do: with least-outstanding p95 of chat is 9\.89 s/);
  assert.deepEqual(sharedLoadText(advice(10_000, 9950)), []);
  assert.deepEqual(sharedLoadText({ ...advice(24_000, 9890), frontier: [] }), []);
});

it("capacity is worth what its dual values say, nothing, or is not known", () => {
  assert.deepEqual(capacityText(planned()), [
    "A tenth more capacity would save at most, a month under home: us-east-1/m USD 13.",
  ]);
  assert.match(capacityText(planned({ capacity: [] }))[0]!, /would save nothing under home/);
  assert.match(capacityText(planned({ capacity: null }))[0]!, /no bound with capacity/);
});

it("a saving of other requests is marked, and explained below", () => {
  const saved = { savingShare: between(0.3, 0.2, 0.4) };
  const alike = routeTable("r", "Ways.", [routed("a", saved)], "chat");
  assert.ok(alike.rows[0]!.cells[2]!.change === undefined && !alike.caption.includes("other requests"));
  const other = routeTable("r", "Ways.", [routed("a", { ...saved, isLikeBaseline: false })], "chat");
  assert.equal(other.rows[0]!.cells[2]!.change!.text, "of other requests");
  assert.match(other.caption, /saved: of what 1,000 served requests cost, of other requests where others fail/);
});
