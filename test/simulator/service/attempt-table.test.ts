import assert from "node:assert/strict";
import { it } from "node:test";
import { ATTEMPT, ATTEMPT_FLOAT, ATTEMPT_FLOATS, ATTEMPT_INTS } from "../../../simulator/service/attempt-table.ts";
import { addAttempt, newAttempts, readAttempt } from "./attempts.ts";

it("every place of a row is its own", () => {
  for (const [places, width] of [
    [Object.values(ATTEMPT), ATTEMPT_INTS],
    [Object.values(ATTEMPT_FLOAT), ATTEMPT_FLOATS],
  ] as const) {
    assert.equal(new Set<number>(places).size, places.length);
    assert.ok(Math.max(...places) < width);
  }
  assert.equal(ATTEMPT.generation, 0, "the place that the table itself counts in");
});

it("rows do not touch each other", () => {
  const attempts = newAttempts();
  const slots = Array.from({ length: 3000 }, (_, i) => addAttempt(attempts, { requestId: i, queueLevel: i % 4 }));
  slots.forEach((slot, i) => {
    assert.equal(readAttempt(attempts, slot, "requestId"), i);
    assert.equal(readAttempt(attempts, slot, "queueLevel"), i % 4);
    assert.equal(readAttempt(attempts, slot, "outputTokens"), 1);
  });
});
