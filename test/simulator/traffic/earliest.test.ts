import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { Earliest } from "../../../simulator/traffic/earliest.ts";

test("merges ascending streams like a sort by time, then stream", () => {
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
