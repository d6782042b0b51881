import assert from "node:assert/strict";
import { test } from "node:test";
import { LitellmFallbacks, modelGroups } from "../../../simulator/client/litellm-fallbacks.ts";
import { uniforms } from "../strategies/fixtures.ts";

const walkOf = (groups: readonly (readonly number[])[], deployments: number, retries: number) =>
  new LitellmFallbacks({ ...modelGroups(groups, deployments), retries, retryAfterMs: 0 });

test("groups of several: retries at once, then the next group, then none", () => {
  const walk = walkOf([[2, 3]], 4, 1);
  const open = Int32Array.of(2, 2, 0, 0);
  const groups: number[] = [];
  for (let attempt = 0; attempt < 5; attempt++) {
    const previousTarget = attempt === 0 ? -1 : attempt <= 2 ? 0 : 2;
    groups.push(walk.groupFor({ requestId: 7, attempt, previousTarget }, 100, open, uniforms()));
    assert.equal(walk.waitUntilMs, 0);
    walk.sent(7);
  }
  assert.deepEqual(groups, [0, 0, 1, 1, -1]);
});

test("a lone deployment waits before each attempt and before the step to the next group", () => {
  const walk = walkOf([[1]], 2, 1);
  const open = Int32Array.of(1, 1);
  const ask = (attempt: number, nowMs: number, previousTarget: number, ...draws: number[]) => {
    const group = walk.groupFor({ requestId: 1, attempt, previousTarget }, nowMs, open, uniforms(...draws));
    return [group, walk.waitUntilMs];
  };
  assert.deepEqual(ask(0, 0, -1), [0, 0]);
  walk.failed(0, Number.NaN);
  assert.deepEqual(ask(1, 100, 0, 0.5), [0, 100 + 500 + 375]);
  assert.deepEqual(ask(1, 975, 0, 0.5), [0, 0]);
  walk.sent(1);
  walk.failed(0, 7_000);
  assert.deepEqual(ask(2, 1_200, 0, 0), [0, 8_200], "its Retry-After");
  assert.deepEqual(ask(2, 8_200, 0, 0), [1, 0]);
});

test("a group that cools down is left at once; other requests begin at the first", () => {
  const walk = walkOf([[1]], 2, 2);
  assert.equal(walk.groupFor({ requestId: 1, attempt: 0, previousTarget: -1 }, 0, Int32Array.of(0, 1), uniforms()), 1);
  assert.equal(walk.groupFor({ requestId: 2, attempt: 0, previousTarget: -1 }, 0, Int32Array.of(1, 1), uniforms()), 0);
});

test("a place is kept while a request is under way, of some thousand at most", () => {
  const walk = walkOf([[1]], 2, 0);
  const closed = Int32Array.of(0, 1);
  for (let requestId = 0; requestId < 20_000; requestId++) {
    walk.groupFor({ requestId, attempt: 0, previousTarget: -1 }, 0, closed, uniforms());
  }
  assert.equal((walk as unknown as { walks: Map<number, unknown> }).walks.size, 4_096);
});

test("a group must be left for the call itself", () => {
  assert.throws(() => modelGroups([[0], [1]], 2), /none is left for the group that is called/);
});
