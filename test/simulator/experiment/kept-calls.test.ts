import assert from "node:assert/strict";
import { it } from "node:test";
import { KeptCalls } from "../../../simulator/experiment/kept-calls.ts";

const CALLS = 2000;
const QUOTAS = 3;
const TOOK_MS = 37;

/** A call each 10 ms; of ten calls eight are served, after up to a second, one by a later attempt, one never. */
function written(kept: KeptCalls) {
  const late: number[] = [];
  for (let call = 0; call < CALLS; call++) {
    kept.atMs[call] = 10 * call;
    kept.quota[call] = (call * 7) % QUOTAS;
    kept.settledAtMs[call] = call % 10 === 9 ? Number.NaN : 10 * call + ((call * 7919) % 1000);
    if (call % 10 === 8) late.push(call);
  }
  kept.length = CALLS;
  const served = [...Array(CALLS).keys()].filter((call) => call % 10 < 8);
  served.sort((a, b) => kept.settledAtMs[a]! - kept.settledAtMs[b]!);
  kept.served.set(served);
  kept.servedLength = served.length;
  return late;
}

it("has the calls of each quota in the order of their beginning, and in that of their ends", () => {
  const kept = KeptCalls.take();
  const callsOf = kept.sortByQuota(QUOTAS, written(kept), () => TOOK_MS);
  let seen = 0;
  for (let quota = 0; quota < QUOTAS; quota++) {
    const { calls, ends } = callsOf(quota);
    const expected = [...Array(CALLS).keys()].filter((call) => (call * 7) % QUOTAS === quota);
    assert.deepEqual([...calls], expected);
    assert.deepEqual(
      [...ends].sort((a, b) => a - b),
      expected,
    );
    for (let i = 1; i < ends.length; i++) {
      assert.ok(kept.settledAtMs[ends[i - 1]!]! <= kept.settledAtMs[ends[i]!]!, `${i} of quota ${quota}`);
    }
    seen += ends.length;
  }
  assert.equal(seen, CALLS);
  // What was never settled takes as long as it is told.
  assert.equal(kept.settledAtMs[19], 190 + TOOK_MS);
});

it("keeps whole tokens, and any, in the same memory", () => {
  const kept = KeptCalls.take();
  const [whole, any] = [kept.tokens(true), kept.tokens(false)];
  assert.deepEqual([whole.reserve.buffer, whole.reserve.byteOffset], [any.reserve.buffer, any.reserve.byteOffset]);
  any.settle[0] = 1.5;
  whole.reserve[0] = 7;
  assert.deepEqual([any.settle[0], whole.reserve[0]], [1.5, 7]);
});

it("is used again once it was given back, and by nothing else before", () => {
  const [one, other] = [KeptCalls.take(), KeptCalls.take()];
  assert.notEqual(one.atMs.buffer, other.atMs.buffer);
  written(one);
  one.giveBack();
  const next = KeptCalls.take();
  assert.deepEqual([next.atMs.buffer === one.atMs.buffer, next.length, next.servedLength], [true, 0, 0]);
});
