import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import {
  DIRECT,
  DIRECT_FLOAT,
  DIRECT_FLOATS,
  DIRECT_RETRIES,
  DIRECT_RETRY,
  DIRECT_WORDS,
  DirectRows,
} from "../../../simulator/engine/direct-rows.ts";

it("every place of a row is its own: doubles come first, words behind them", () => {
  assert.equal(DIRECT_WORDS, 2 * DIRECT_FLOATS);
  const doubles = Object.values(DIRECT_FLOAT).flatMap((place) => [2 * place, 2 * place + 1]);
  const places = [...doubles, ...Object.values(DIRECT)];
  assert.equal(new Set(places).size, places.length);
  assert.ok(Math.max(...places) < DIRECT_WORDS);
  const aside = Object.values(DIRECT_RETRY);
  assert.equal(new Set<number>(aside).size, aside.length);
  assert.ok(Math.max(...aside) < DIRECT_RETRIES);
});

it("never hands out a row in use, and keeps what is in the others as it grows", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(99), { maxLength: 300 }), (choices) => {
      const rows = new DirectRows(2);
      const used = new Map<number, number>();
      for (const choice of choices) {
        const [oldest] = used.keys();
        if (choice < 30 && oldest !== undefined) {
          rows.release(oldest);
          used.delete(oldest);
          continue;
        }
        const slot = rows.allocate();
        assert.ok(!used.has(slot));
        used.set(slot, choice);
        rows.floats[slot * DIRECT_FLOATS + DIRECT_FLOAT.arrivalMs] = choice / 3;
        rows.words[slot * DIRECT_WORDS + DIRECT.requestId] = choice;
        rows.retries[slot * DIRECT_RETRIES + DIRECT_RETRY.prefixId] = choice + 1;
      }
      assert.equal(rows.inUse, used.size);
      assert.deepEqual(
        rows.slotsInUse(),
        [...used.keys()].sort((a, b) => a - b),
      );
      for (const [slot, choice] of used) {
        assert.equal(rows.floats[slot * DIRECT_FLOATS + DIRECT_FLOAT.arrivalMs], choice / 3);
        assert.equal(rows.words[slot * DIRECT_WORDS + DIRECT.requestId], choice);
        assert.equal(rows.retries[slot * DIRECT_RETRIES + DIRECT_RETRY.prefixId], choice + 1);
      }
    }),
  );
});
