import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Earliest, EventHeap, NextEvent } from "../../../simulator/base/event-queue.ts";

interface Entry {
  readonly ms: number;
  readonly payload: number;
  readonly order: number;
}

const before = (a: Entry, b: Entry) => a.ms - b.ms || a.order - b.order;

describe("the event queue", () => {
  it("agrees with a sorted list over any pushes, pops, replacements and drains; ties keep their order", () => {
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

  it("sorts many, growing as it goes, and takes infinite times", () => {
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

  it("keeps the order of equal times when insertion numbers start anew, after four million", () => {
    const heap = new EventHeap();
    for (let payload = 0; payload < 20; payload++) heap.push(1, 2 ** 31 - 1 - payload);
    heap.push(0, 5);
    for (let i = 0; i < 2 ** 22 + 10; i++) heap.replaceTop(0, 5);
    heap.push(1, 7);
    assert.deepEqual(heap.drain(), [5, ...Array.from({ length: 20 }, (_, payload) => 2 ** 31 - 1 - payload), 7]);
  });
});

describe("the earliest of fixed clocks", () => {
  it("the earliest of a set of clocks; equal instants: the lower index", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 13 }),
        fc.array(fc.tuple(fc.nat(12), fc.oneof(fc.nat(6), fc.constant(Number.POSITIVE_INFINITY))), { maxLength: 120 }),
        (count, updates) => {
          const clocks = new NextEvent(count);
          const instants = new Array<number>(count).fill(Number.POSITIVE_INFINITY);
          assert.equal(clocks.ms, Number.POSITIVE_INFINITY);
          for (const [index, ms] of updates) {
            instants[index % count] = ms;
            clocks.update(index % count, ms);
            assert.equal(clocks.ms, Math.min(...instants));
            if (clocks.ms < Number.POSITIVE_INFINITY) assert.equal(clocks.index, instants.indexOf(clocks.ms));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it("without clocks nothing is ever due", () => {
    assert.equal(new NextEvent(0).ms, Number.POSITIVE_INFINITY);
  });
});

describe("the earliest of ascending streams", () => {
  it("merges ascending streams like a sort by time, then stream", () => {
    const streams = fc.array(fc.array(fc.nat(30), { maxLength: 12 }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(streams, (lists) => {
        const sorted = lists.map((list) => list.toSorted((a, b) => a - b));
        const expected = sorted
          .flatMap((list, stream) => list.map((key, i) => ({ key, stream, i })))
          .sort((a, b) => a.key - b.key || a.stream - b.stream || a.i - b.i);
        const earliest = new Earliest(lists.length);
        const position = lists.map(() => 0);
        for (const [stream, list] of sorted.entries()) if (list.length > 0) earliest.add(stream, list[0]!);
        for (const { key, stream } of expected) {
          assert.deepEqual([earliest.topKey, earliest.top], [key, stream]);
          const next = ++position[stream]!;
          if (next < sorted[stream]!.length) earliest.replaceTop(sorted[stream]![next]!);
          else earliest.removeTop();
        }
        assert.ok(earliest.isEmpty);
      }),
      { seed: 5, numRuns: 300 },
    );
  });
});
