import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { EventHeap } from "../../../simulator/engine/event-heap.ts";

interface Entry {
  readonly ms: number;
  readonly payload: number;
  readonly order: number;
}

const before = (a: Entry, b: Entry) => a.ms - b.ms || a.order - b.order;

describe("the event queue", () => {
  it("agrees with a sorted list over any pushes, pops, replacements and drains; ties leave as they came", () => {
    // Few distinct times, so that ties are common.
    const time = fc.nat(12).map((n) => n / 4);
    const action = fc.oneof(
      { weight: 6, arbitrary: fc.record({ push: time }) },
      { weight: 4, arbitrary: fc.constant("pop" as const) },
      { weight: 3, arbitrary: fc.record({ replace: time }) },
      { weight: 1, arbitrary: fc.constant("drain" as const) },
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 300 }), (actions) => {
        const heap = new EventHeap(8);
        let list: Entry[] = [];
        let order = 0;
        for (const each of actions) {
          if (each === "pop") {
            const first = list.shift();
            if (first === undefined) continue;
            assert.equal(heap.peek(), first.payload);
            assert.equal(heap.pop(), first.payload);
          } else if (each === "drain") {
            assert.deepEqual(
              heap.drain(),
              list.map((entry) => entry.payload),
            );
            list = [];
          } else {
            if ("replace" in each) {
              if (list.length === 0) continue;
              list.shift();
              heap.replaceTop(each.replace, order);
            } else heap.push(each.push, order);
            list.push({ ms: "replace" in each ? each.replace : each.push, payload: order, order });
            order++;
            list.sort(before);
          }
          assert.equal(heap.size, list.length);
          assert.equal(heap.topMs, list[0]?.ms ?? Number.POSITIVE_INFINITY);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("sorts many, growing as it goes, and takes times without end", () => {
    const heap = new EventHeap(0);
    const times = Array.from({ length: 5000 }, (_, i) => (i * 7919) % 5003);
    for (const [i, ms] of times.entries()) heap.push(ms, i);
    heap.push(Number.POSITIVE_INFINITY, 5000);
    const drained = heap.drain();
    assert.deepEqual(
      drained.slice(0, 5000).map((i) => times[i]),
      [...times].sort((a, b) => a - b),
    );
    assert.equal(drained[5000], 5000);
  });
});
