import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { deferUntil } from "../../../simulator/client/strategy.ts";

test("an instant to ask again at is never mistaken for a target and can be read back", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e12, noNaN: true }), (ms) => {
      const choice = deferUntil(ms);
      assert.ok(choice < 0);
      assert.ok(Math.abs(-1 - choice - ms) <= 1e-3);
    }),
  );
});
