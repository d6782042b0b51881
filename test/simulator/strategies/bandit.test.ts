import assert from "node:assert/strict";
import { test } from "node:test";
import { KeyedRandom, keyedUniform } from "../../../simulator/random/keyed-random.ts";
import { bandit } from "../../../simulator/strategies/bandit.ts";
import { contextOf, outcomeOf, requestOf, uniforms, viewOf } from "./fixtures.ts";

const context = contextOf("cheap", "dear");

function priced() {
  const view = viewOf(context);
  view.priceInUsdPerMTok.set([10, 11]);
  view.priceOutUsdPerMTok.set([10, 11]);
  return view;
}

/** Share of requests that go to `cheap`, in each half of a run in which it misses 60 % of objectives in the first half. */
function halves(options: Record<string, unknown>): readonly [number, number] {
  const strategy = bandit.create(options, context);
  const view = priced();
  const random = new KeyedRandom(3, "strategy");
  const cheap = [0, 0];
  const n = 6_000;
  for (let i = 0; i < n; i++) {
    random.seek(i, 0);
    const nowMs = i * 200;
    const target = strategy.choose(requestOf({ requestId: i, sloE2eMs: 1_000 }), view, nowMs, random);
    if (target === 0) cheap[i < n / 2 ? 0 : 1]!++;
    const misses = target === 0 && i < n / 2 ? 0.6 : 0.02;
    strategy.observe!(outcomeOf(target, "ok", nowMs, keyedUniform(5, i, 0) < misses ? 2_000 : 500));
  }
  return [cheap[0]! / (n / 2), cheap[1]! / (n / 2)];
}

test("leaves a cheap target that misses its objective, and comes back when that has passed", () => {
  for (const rule of ["thompson", "ucb"]) {
    const [bad, good] = halves({ rule, memory: 60_000 });
    assert.ok(bad < 0.35, `${rule}: ${bad} to a target that misses 60 %`);
    assert.ok(good > 0.75, `${rule}: ${good} after it had recovered`);
  }
});

test("a penalty of 0 is the cheapest, always", () => {
  assert.deepEqual(halves({ penalty: 0 }), [1, 1]);
});

test("ucb by hand: 4 outcomes with 2 missed against 16 with none", () => {
  const strategy = bandit.create({ rule: "ucb", penalty: 1, memory: 1e12 }, context);
  const view = priced();
  strategy.choose(requestOf({ sloE2eMs: 1_000 }), view, 0, uniforms());
  for (let i = 0; i < 4; i++) strategy.observe!(outcomeOf(0, "ok", 0, i < 2 ? 2_000 : 500));
  for (let i = 0; i < 16; i++) strategy.observe!(outcomeOf(1, "ok", 0, 500));
  // cheap: 0 + max(0, 0.5 - sqrt(ln 20 / 8)) = 0; dear: 0.1 + 0.
  assert.equal(strategy.choose(requestOf({ sloE2eMs: 1_000 }), view, 0, uniforms()), 0);
  for (let i = 0; i < 36; i++) strategy.observe!(outcomeOf(0, "ok", 0, i < 18 ? 2_000 : 500));
  // cheap: 0.5 - sqrt(ln 56 / 80) = 0.276; dear: 0.1 + 0.
  assert.equal(strategy.choose(requestOf({ sloE2eMs: 1_000 }), view, 0, uniforms()), 1);
});

test("Thompson's draws are Beta(1/2 + missed, 1/2 + met): it takes each of two equals by the posterior's chance", () => {
  // Equal prices; one target with 3 missed of 4, the other with 1 of 4: P(Beta(1.5, 3.5) < Beta(3.5, 1.5)) = 0.909.
  const strategy = bandit.create({ memory: 1e12 }, context);
  const view = priced();
  view.priceInUsdPerMTok.fill(10);
  view.priceOutUsdPerMTok.fill(10);
  strategy.choose(requestOf({ sloE2eMs: 1_000 }), view, 0, new KeyedRandom(1, "any"));
  for (let i = 0; i < 4; i++) {
    strategy.observe!(outcomeOf(0, "ok", 0, i < 3 ? 2_000 : 500));
    strategy.observe!(outcomeOf(1, "ok", 0, i < 1 ? 2_000 : 500));
  }
  const random = new KeyedRandom(9, "strategy");
  const n = 20_000;
  let second = 0;
  for (let i = 0; i < n; i++) {
    random.seek(i, 0);
    second += strategy.choose(requestOf({ sloE2eMs: 1_000 }), view, 0, random);
  }
  const expected = chanceThatFirstIsLess([1.5, 3.5], [3.5, 1.5]);
  assert.ok(
    Math.abs(second / n - expected) < 4 * Math.sqrt((expected * (1 - expected)) / n),
    `${second / n} ${expected}`,
  );
});

/** P(X < Y) of two beta variables by summing densities on a fine grid. */
function chanceThatFirstIsLess([a, b]: readonly [number, number], [c, d]: readonly [number, number]): number {
  const n = 20_000;
  const grid = Array.from({ length: n }, (_, i) => (i + 0.5) / n);
  const density = (p: number, q: number) => {
    const raw = grid.map((x) => x ** (p - 1) * (1 - x) ** (q - 1));
    const sum = raw.reduce((total, each) => total + each, 0);
    return raw.map((each) => each / sum);
  };
  const [first, second] = [density(a, b), density(c, d)];
  let below = 0;
  let chance = 0;
  second.forEach((mass, i) => {
    chance += mass * (below + first[i]! / 2);
    below += first[i]!;
  });
  return chance;
}
