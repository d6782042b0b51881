import assert from "node:assert/strict";
import { it } from "node:test";
import { createTimers } from "../../../../scripts/validation/foreign/timers.ts";

it("timers run by instant, ties in order, and not when undone", () => {
  const timers = createTimers();
  const ran: string[] = [];
  const add = (ms: number, name: string) => timers.add(ms, () => ran.push(name));
  add(5, "b");
  add(1, "a");
  add(5, "c");
  const undo = add(0, "never");
  add(Number.POSITIVE_INFINITY, "not at all");
  undo();
  assert.equal(timers.nextMs(), 1);
  while (Number.isFinite(timers.nextMs())) timers.run();
  assert.deepEqual(ran, ["a", "b", "c"]);
});
