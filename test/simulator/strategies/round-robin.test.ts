import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { roundRobin } from "../../../simulator/strategies/round-robin.ts";
import { contextOf, requestOf, setEligible, uniforms, viewOf } from "./fixtures.ts";

const context = contextOf("a", "b", "c");

function sequence(options: Record<string, unknown>, eligible: readonly (readonly number[])[]): string {
  const strategy = roundRobin.create(options, context);
  const view = viewOf(context);
  return eligible
    .map((mask) => {
      setEligible(view, mask);
      return "abc"[strategy.choose(requestOf(), view, 0, uniforms())];
    })
    .join("");
}

const all = (count: number) => Array.from({ length: count }, () => [0, 1, 2]);

test("equal weights: plain rotation in target order", () => {
  assert.equal(sequence({}, all(7)), "abcabca");
});

test("rounding never breaks a tie: 300,000 turns are plain rotation", () => {
  const strategy = roundRobin.create({}, context);
  const view = viewOf(context);
  for (let i = 0; i < 300_000; i++) assert.equal(strategy.choose(requestOf(), view, 0, uniforms()), i % 3);
});

test("weights 5:1:1 are spread as nginx spreads them: aabacaa", () => {
  assert.equal(sequence({ weights: { a: 5, b: 1, c: 1 } }, all(14)), "aabacaaaabacaa");
});

test("a weight of 0 gets nothing, unless it is all there is", () => {
  assert.equal(sequence({ weights: { a: 1, b: 1 } }, all(4)), "abab");
  assert.equal(sequence({ weights: { a: 1 } }, [[2], [2]]), "cc");
});

test("a target that was out does not come back with a burst", () => {
  const out = Array.from({ length: 30 }, () => [1, 2]);
  const after = sequence({}, [...out, ...all(6)]).slice(30);
  assert.equal([...after].sort().join(""), "aabbcc");
});

test("with changing eligible sets each target's count stays near its fair share (carpool bound)", () => {
  fc.assert(
    fc.property(fc.array(fc.subarray([0, 1, 2], { minLength: 1 }), { maxLength: 200 }), (masks) => {
      const got = sequence({}, masks);
      for (let target = 0; target < 3; target++) {
        const fair = masks.reduce((sum, mask) => sum + (mask.includes(target) ? 1 / mask.length : 0), 0);
        const taken = [...got].filter((letter) => letter === "abc"[target]).length;
        assert.ok(Math.abs(taken - fair) < 1, `${taken} of a fair ${fair}`);
      }
    }),
  );
});
