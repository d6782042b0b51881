import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { MeterSpec } from "../../../../simulator/service/quota/meter.ts";
import {
  type QuotaSpec,
  REFUSED_BY,
  Reservation,
  TokenQuota,
} from "../../../../simulator/service/quota/token-quota.ts";

const reserve = (input: number, output: number, law: "token-bucket" | "clock-window" = "token-bucket") =>
  new Reservation({ id: "r/m/regional@reserved", inputTokensPerMinute: input, outputTokensPerMinute: output, law }, 0);

describe("a reserved tier's meters", () => {
  it("take what both have room for, a minute's worth at first, then as fast as they refill", () => {
    const meters = reserve(180_000, 30_000);
    let taken = 0;
    // 3,600 calls in an hour, one a second, of 6,000 and 1,000 tokens: twice what is reserved.
    for (let second = 0; second < 3600; second++) if (meters.take(second * 1000, 6000, 1000)) taken++;
    // 30 at once, and one every other second: 30 + 3,600 / 2.
    assert.ok(Math.abs(taken - 1830) <= 1, `${taken} calls`);
    const { granted, refusedTokensPerMinute, utilisationMax } = meters.use();
    assert.deepEqual([granted, refusedTokensPerMinute, utilisationMax], [taken, 3600 - taken, 1]);
  });

  it("the scarcer one decides, and a refusal takes nothing of the other", () => {
    const meters = reserve(1000, 10, "clock-window");
    assert.equal(meters.take(0, 100, 11), false);
    assert.equal(meters.headroom(0), 1);
    assert.equal(meters.take(0, 100, 10), true);
    assert.equal(meters.headroom(0), 0);
    assert.equal(meters.take(59_999, 100, 1), false);
    assert.equal(meters.take(60_000, 100, 1), true);
    assert.deepEqual([meters.use().firstRefusalMs, meters.use().lastRefusalMs], [0, 59_999]);
  });

  it("never grant more in a clock minute than is reserved", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ gap: fc.nat(20_000), input: fc.nat(500), output: fc.nat(100) }), { maxLength: 200 }),
        (calls) => {
          const meters = reserve(1000, 200, "clock-window");
          const used = new Map<number, [number, number]>();
          let nowMs = 0;
          for (const { gap, input, output } of calls) {
            nowMs += gap;
            if (!meters.take(nowMs, input, output)) continue;
            const minute = Math.floor(nowMs / 60_000);
            const [i, o] = used.get(minute) ?? [0, 0];
            used.set(minute, [i + input, o + output]);
          }
          return [...used.values()].every(([i, o]) => i <= 1000 && o <= 200);
        },
      ),
      { numRuns: 100 },
    );
  });
});

const meter = (limit: number, windowMs = 60_000): MeterSpec => ({ law: "clock-window", limit, windowMs, burst: limit });

const quota = (over: Partial<QuotaSpec> = {}) =>
  new TokenQuota(
    {
      id: "default/us-east-1/m/on-demand",
      region: 0,
      model: 0,
      tokensPerMinute: null,
      tokensPerDay: null,
      requests: null,
      burndown: 5,
      reservesCacheReads: false,
      reservesWeightedOutput: false,
      retryAfterMs: Number.NaN,
      ...over,
    },
    0,
  );

describe("a token quota", () => {
  it("AWS's own example: 3,000 input, 4,000 read and 1,000 written in the cache, 1,000 output of 32,000, rate 5", () => {
    const input = 3000 + 4000 + 1000;
    assert.equal(quota().reservation(input, 4000, 32_000), 36_000);
    assert.equal(quota({ reservesCacheReads: true }).reservation(input, 4000, 32_000), 40_000);
    assert.equal(quota().settlement(input, 4000, 1000), 9_000);
    assert.equal(quota({ reservesCacheReads: true }).settlement(input, 4000, 1000), 9_000);
  });

  it("the same example where the reservation weighs max_tokens by the burndown", () => {
    const weighted = { reservesWeightedOutput: true };
    const input = 3000 + 4000 + 1000;
    assert.equal(quota(weighted).reservation(input, 4000, 32_000), 164_000);
    assert.equal(quota({ ...weighted, reservesCacheReads: true }).reservation(input, 4000, 32_000), 168_000);
    assert.equal(quota(weighted).settlement(input, 4000, 1000), 9_000);
    assert.equal(quota(weighted).reservation(1000, 0, 64_000), 321_000);
  });

  it("gives back at the end what was reserved and not used", () => {
    const one = quota({ tokensPerMinute: meter(40_000) });
    assert.equal(one.reserve(0, 36_000), true);
    assert.ok(Math.abs(one.headroom(0) - 0.1) < 1e-12);
    assert.equal(one.reserve(10, 36_000), false);
    one.settle(20, 0, 36_000, 9_000);
    assert.equal(one.headroom(20), 31_000 / 40_000);
    assert.equal(one.reserve(30, 31_000), true);
    assert.deepEqual(one.use().overshootTokens, 0);
  });

  it("may use more than it reserved: later requests wait for it", () => {
    const one = quota({ tokensPerMinute: meter(10_000) });
    one.reserve(0, 9_000);
    one.settle(5000, 0, 9_000, 14_000);
    assert.equal(one.headroom(5000), 0);
    assert.equal(one.reserve(5000, 1), false);
    assert.equal(one.use().overshootTokens, 5_000);
    assert.equal(one.reserve(60_000, 10_000), true);
  });

  it("says which limit refused, and leaves the others untouched", () => {
    const one = quota({ requests: meter(3), tokensPerMinute: meter(1000), tokensPerDay: meter(1500, 86_400_000) });
    assert.equal(one.reserve(0, 1001), false);
    assert.equal(one.refusedBy, REFUSED_BY.tokensPerMinute);
    assert.equal(one.reserve(1, 1000), true);
    assert.equal(one.reserve(60_000, 501), false);
    assert.equal(one.refusedBy, REFUSED_BY.tokensPerDay);
    assert.equal(one.reserve(60_001, 500), true);
    assert.equal(one.reserve(60_002, 0), true);
    assert.equal(one.reserve(60_003, 0), true);
    assert.equal(one.reserve(60_004, 0), false);
    assert.equal(one.refusedBy, REFUSED_BY.requests);
    assert.deepEqual(one.use(), {
      id: "default/us-east-1/m/on-demand",
      granted: 4,
      refusedTokensPerMinute: 1,
      refusedTokensPerDay: 1,
      refusedRequests: 1,
      utilisationMax: 1,
      overshootTokens: 0,
      firstRefusalMs: 0,
      lastRefusalMs: 60_004,
    });
  });

  it("never refused: no instants; the tightest limit is the headroom", () => {
    const one = quota({ requests: meter(10), tokensPerMinute: meter(1000) });
    assert.deepEqual([one.use().firstRefusalMs, one.use().lastRefusalMs], [null, null]);
    one.reserve(0, 100);
    assert.equal(one.headroom(0), 0.9);
    one.reserve(1, 700);
    assert.ok(Math.abs(one.headroom(1) - 0.2) < 1e-12);
    assert.equal(one.use().utilisationMax, 0.8);
  });

  it("a cut shrinks every limit", () => {
    const one = quota({ requests: meter(10), tokensPerMinute: meter(1000) });
    one.setLimitFactor(0, 0.1);
    assert.equal(one.reserve(0, 101), false);
    assert.equal(one.reserve(0, 100), true);
    assert.equal(one.reserve(0, 0), false);
    assert.equal(one.refusedBy, REFUSED_BY.requests);
  });
});
