import assert from "node:assert/strict";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { watchLoop } from "../../../../scripts/io/k6/loop-watch.ts";

it("a pause of the process counts for every moment that it swallowed", async () => {
  const watch = watchLoop();
  await sleep(100);
  const untilMs = performance.now() + 200;
  while (performance.now() < untilMs);
  await sleep(50);
  watch.stop();
  // 20 of some 35 ticks fell into the pause; the first of them waited all of it.
  assert.ok(watch.p99Ms() > 150, `${watch.p99Ms()}`);
});

it("a process that is not held up is not late", async () => {
  let nowMs = 0;
  const watch = watchLoop(() => (nowMs += 10));
  await sleep(120);
  watch.stop();
  assert.ok(watch.p99Ms() <= 1, `${watch.p99Ms()}`);
});
