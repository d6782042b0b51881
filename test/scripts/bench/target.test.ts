import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { watchLoop } from "../../../scripts/bench/target.ts";

describe("the lateness of an emulator in this process", () => {
  it("a pause of the process counts for every moment that it swallowed", async () => {
    const watch = watchLoop();
    await sleep(100);
    const untilMs = performance.now() + 200;
    while (performance.now() < untilMs);
    await sleep(50);
    watch.stop();
    // 20 of some 35 ticks fell into the pause; the first of them waited all of it.
    assert.ok(watch.lateMs(0.99) > 150, `${watch.lateMs(0.99)}`);
    assert.ok(watch.lateMs(0.9) < watch.lateMs(0.99), "the later of them waited less");
  });

  it("an idle process wakes within about a millisecond, and its lateness does not add up", async () => {
    // The machine may be busy with something else for seconds; what adds up here is late in every window.
    const medians: number[] = [];
    while (medians.length < 20 && !medians.some((lateMs) => lateMs < 3)) {
      const watch = watchLoop();
      await sleep(400);
      watch.stop();
      medians.push(watch.lateMs(0.5));
    }
    assert.ok(
      medians.some((lateMs) => lateMs < 3),
      `${medians}`,
    );
  });
});
