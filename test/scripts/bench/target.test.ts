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
    const watch = watchLoop();
    await sleep(600);
    watch.stop();
    // The median, for the machine may be busy with something else now and then.
    assert.ok(watch.lateMs(0.5) < 3, `${watch.lateMs(0.5)}`);
  });
});
