import assert from "node:assert/strict";
import { it } from "node:test";
import { INTERRUPTION } from "../../../simulator/client/request-rules.ts";
import { Appointments, FirstBytes, InterruptedRequests } from "../../../simulator/engine/interruptions.ts";

it("requests that nothing happened to are not kept; once something has, the last failure is", () => {
  const requests = new InterruptedRequests();
  requests.note(3, INTERRUPTION.none);
  assert.equal(requests.get(3), undefined);
  requests.note(3, INTERRUPTION.broken);
  requests.note(3, INTERRUPTION.idle);
  requests.note(3, INTERRUPTION.none);
  assert.deepEqual(requests.get(3)!.attempts, [1, 1, 1, 0]);
  assert.equal(requests.get(3)!.last, INTERRUPTION.none);
  requests.forget(3);
  assert.equal(requests.get(3), undefined);
});

it("what is given up is found by its number, once", () => {
  const giveUps = new Appointments();
  const numbers = [0, 1].map((attempt) => giveUps.add({ attempt, generation: 9, hasBegun: true }));
  assert.deepEqual(
    numbers.map((number) => giveUps.take(number)),
    [0, 1].map((attempt) => ({ attempt, generation: 9, hasBegun: true })),
  );
});

it("first bytes of rows beyond what there was room for", () => {
  const bytes = new FirstBytes();
  for (const row of [0, 5000]) {
    bytes.clear(row);
    assert.equal(bytes.isIn(row, 1e9), false);
    bytes.set(row, 100);
    assert.deepEqual([bytes.isIn(row, 99), bytes.isIn(row, 100)], [false, true]);
  }
});
