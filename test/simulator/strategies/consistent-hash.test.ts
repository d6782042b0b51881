import assert from "node:assert/strict";
import { test } from "node:test";
import { consistentHash } from "../../../simulator/strategies/consistent-hash.ts";
import { contextOf, requestOf, setEligible, uniforms, viewOf } from "./fixtures.ts";

const context = contextOf("a", "b", "c", "d");
const none = uniforms();
const KEYS = 20_000;

function placesOf(options: Record<string, unknown>, eligible = [0, 1, 2, 3]): readonly number[] {
  const strategy = consistentHash.create(options, context);
  const view = viewOf(context, eligible);
  return Array.from({ length: KEYS }, (_, prefixId) => strategy.choose(requestOf({ prefixId }), view, 0, none));
}

const sharesOf = (places: readonly number[]) =>
  [0, 1, 2, 3].map((target) => places.filter((place) => place === target).length / KEYS);

test("keys spread by weight: within 4 standard errors", () => {
  const expected = [0.4, 0.3, 0.2, 0.1];
  const shares = sharesOf(placesOf({ weights: { a: 4, b: 3, c: 2, d: 1 } }));
  shares.forEach((share, target) => {
    const p = expected[target]!;
    assert.ok(Math.abs(share - p) < 4 * Math.sqrt((p * (1 - p)) / KEYS), `${context.targetIds[target]}: ${share}`);
  });
});

test("only the keys of a target that goes away move, and they spread over the rest", () => {
  const before = placesOf({});
  const after = placesOf({}, [0, 1, 3]);
  const moved = before.filter((place, key) => place !== after[key]);
  assert.ok(moved.every((place) => place === 2));
  const shares = [0, 1, 3].map((target) => after.filter((place, key) => place === target && before[key] === 2).length);
  for (const count of shares) assert.ok(Math.abs(count / moved.length - 1 / 3) < 0.03, shares.join());
});

test("two routers agree, whatever they have seen", () => {
  const [one, other] = [consistentHash.create({}, context), consistentHash.create({}, context)];
  const view = viewOf(context);
  for (let i = 0; i < 50; i++) one.choose(requestOf({ prefixId: i }), view, 0, none);
  const at = (strategy: typeof one) => strategy.choose(requestOf({ prefixId: 7, requestId: 99 }), view, 0, none);
  assert.equal(at(one), at(other));
});

test("a retry goes to the key's next-best target and comes back to the best", () => {
  const strategy = consistentHash.create({}, context);
  const view = viewOf(context);
  const home = strategy.choose(requestOf({ prefixId: 3 }), view, 0, none);
  const next = strategy.choose(requestOf({ prefixId: 3, attempt: 1, previousTarget: home }), view, 0, none);
  setEligible(
    view,
    [0, 1, 2, 3].filter((target) => target !== home),
  );
  assert.equal(strategy.choose(requestOf({ prefixId: 3 }), view, 0, none), next);
});

test("bounded loads: no target has more than the factor times the mean in flight, and 1", () => {
  const strategy = consistentHash.create({ key: "class", loadFactor: 1.25 }, context);
  const view = viewOf(context);
  for (let i = 0; i < 1_000; i++) {
    view.onSent(strategy.choose(requestOf({ requestId: i }), view, 0, none));
    const ceiling = Math.ceil((1.25 * (i + 1)) / 4);
    assert.ok(Math.max(...view.inFlight) <= ceiling, `request ${i}: ${view.inFlight.join()}`);
  }
});

test("what stays together: a class, an origin; requests without a prefix spread", () => {
  const view = viewOf(context);
  const targets = (key: string, vary: "requestId" | "originIndex") => {
    const strategy = consistentHash.create({ key }, context);
    return new Set(Array.from({ length: 64 }, (_, i) => strategy.choose(requestOf({ [vary]: i }), view, 0, none))).size;
  };
  assert.deepEqual([targets("class", "requestId"), targets("origin", "requestId")], [1, 1]);
  assert.deepEqual([targets("prefix", "requestId"), targets("origin", "originIndex")], [4, 4]);
});

test("a session goes before the prompt that it shares, and key: session leaves that out", () => {
  const view = viewOf(context);
  const targets = (key: string, change: (i: number) => object) => {
    const strategy = consistentHash.create({ key }, context);
    const of = (i: number) => strategy.choose(requestOf({ requestId: i, ...change(i) }), view, 0, none);
    return new Set(Array.from({ length: 64 }, (_, i) => of(i))).size;
  };
  for (const key of ["prefix", "session"]) {
    assert.equal(
      targets(key, (i) => ({ sessionId: 7, prefixId: i })),
      1,
    );
    assert.equal(
      targets(key, (i) => ({ sessionId: i, prefixId: 7 })),
      4,
    );
  }
  assert.deepEqual([targets("prefix", () => ({ prefixId: 7 })), targets("session", () => ({ prefixId: 7 }))], [1, 4]);
});
