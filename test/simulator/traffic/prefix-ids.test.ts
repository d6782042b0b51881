import assert from "node:assert/strict";
import { it } from "node:test";
import { PrefixNames, smallPrefixIds } from "../../../simulator/traffic/prefix-ids.ts";

it("whole numbers stay, names have ids of their own, the same each time, and empty cells none", () => {
  const names = new PrefixNames();
  assert.deepEqual(
    [0, "7", "-1", "", null, undefined].map((value) => names.idOf(value)),
    [0, 7, -1, -1, -1, -1],
  );
  const texts = ["a", "b", "system-prompt-v2", "9f86d081884c7d65", "12345678901234567890", "-5", "1.5", true];
  const ids = texts.map((text) => names.idOf(text));
  assert.equal(new Set(ids).size, texts.length);
  assert.ok(ids.every((id) => Number.isInteger(id) && id >= 0 && id < 2 ** 31));
  assert.deepEqual(
    texts.toReversed().map((text) => names.idOf(text)),
    ids.toReversed(),
  );
  assert.deepEqual(
    texts.map((text) => new PrefixNames().idOf(text)),
    ids,
    "in another recording, too",
  );
});

it("a hundred thousand names have as many ids", () => {
  const names = new PrefixNames();
  assert.equal(new Set(Array.from({ length: 100_000 }, (_, i) => names.idOf(`prompt ${i}`))).size, 100_000);
});

it("large ids are numbered anew, small ones stay", () => {
  assert.deepEqual(smallPrefixIds(Int32Array.of(2_000_000_000, -1, 5, 2_000_000_000)), Int32Array.of(0, -1, 1, 0));
  const small = Int32Array.of(9, -1, 3);
  assert.equal(smallPrefixIds(small), small);
});
