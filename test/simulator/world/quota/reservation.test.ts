import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Reservation } from "../../../../simulator/world/quota/reservation.ts";

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
