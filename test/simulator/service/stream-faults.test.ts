import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FaultState } from "../../../simulator/service/fault-state.ts";
import type { FaultSpec, StreamFault } from "../../../simulator/service/service-plan.ts";
import { heldBackMs, StreamFaults, type StruckKey } from "../../../simulator/service/stream-faults.ts";
import { servicePlan } from "./plan.ts";

const RESET: StreamFault = {
  effect: "reset",
  error: null,
  message: "",
  afterTokens: 5,
  lastsMs: Number.POSITIVE_INFINITY,
  gapMs: Number.NaN,
  share: 1,
  times: Number.POSITIVE_INFINITY,
  classIndex: -1,
};
const CALL: StruckKey = { region: 0, model: 0, classIndex: 0, requestId: 1, ordinal: 0 };

function faultsOf(
  ...streams: readonly (Partial<StreamFault> & Partial<Pick<FaultSpec, "region" | "model" | "atMs">>)[]
) {
  const specs = streams.map(
    ({ region = -1, model = -1, atMs = 0, ...stream }): FaultSpec => ({
      kind: "stream",
      region,
      model,
      atMs,
      forMs: Number.POSITIVE_INFINITY,
      mtbfMs: Number.NaN,
      mttrMs: Number.NaN,
      amount: 0,
      stream: { ...RESET, ...stream },
    }),
  );
  const plan = servicePlan({ faults: specs });
  const state = new FaultState(plan, 7);
  while (state.nextMs <= 0) state.advance();
  return new StreamFaults(plan, state, 7);
}

describe("faults that strike single calls", () => {
  it("strike what they name, from when they begin, the first in order", () => {
    const faults = faultsOf(
      { atMs: 10 },
      { region: 1 },
      { model: 1 },
      { classIndex: 1 },
      { region: 0, afterTokens: 9 },
    );
    const struck = (over: Partial<StruckKey>) => faults.strike({ ...CALL, ...over })?.afterTokens;
    assert.equal(struck({}), 9);
    assert.equal(struck({ region: 1 }), 5);
    assert.equal(struck({ model: 1 }), 5);
    assert.equal(struck({ classIndex: 1 }), 5);
    assert.equal(struck({ region: 2 }), undefined);
  });

  it("strike so many calls, and a share of them keyed by request and attempt", () => {
    const thrice = faultsOf({ times: 3 });
    assert.deepEqual(
      [1, 2, 3, 4].map((requestId) => thrice.strike({ ...CALL, requestId }) !== null),
      [true, true, true, false],
    );
    const some = (share: number) => {
      const faults = faultsOf({ share });
      return Array.from({ length: 4000 }, (_, requestId) => faults.strike({ ...CALL, requestId }) !== null);
    };
    const [tenth, fifth] = [some(0.1), some(0.2)];
    const struck = tenth.filter(Boolean).length;
    assert.ok(Math.abs(struck - 400) < 4 * Math.sqrt(360), `${struck} of 4000`);
    assert.ok(
      tenth.every((is, i) => !is || fifth[i]),
      "a larger share strikes those too",
    );
    assert.deepEqual(some(0.1), tenth);
  });

  it("hold an answer back by the pause, by what drips beyond its own pace, or for good", () => {
    assert.equal(heldBackMs({ ...RESET, effect: "silence", lastsMs: 700 }, 10, Number.NaN, 2000), 700);
    assert.equal(heldBackMs({ ...RESET, effect: "silence" }, 10, Number.NaN, 2000), Number.POSITIVE_INFINITY);
    assert.equal(heldBackMs({ ...RESET, effect: "drip", afterTokens: 1, gapMs: 500 }, 5, 1000, 2500), 500);
    assert.equal(heldBackMs({ ...RESET, effect: "drip", afterTokens: 1, gapMs: 100 }, 5, 1000, 2500), 0);
    assert.equal(heldBackMs(RESET, 10, 1000, 2000), 0);
  });
});
