import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { describe, it } from "node:test";
import { drainOnSignal } from "../../emulator/shutdown.ts";

class FakeProcess extends EventEmitter {
  readonly exits: number[] = [];
  exit(code: number): void {
    this.exits.push(code);
  }
}

describe("drainOnSignal", () => {
  it("drains on the first signal and gives its listeners back", async () => {
    const source = new FakeProcess();
    let closed = 0;
    const done = drainOnSignal({ close: async () => void closed++ }, source);
    source.emit("SIGTERM");
    await done;
    assert.equal(closed, 1);
    assert.deepEqual(source.exits, []);
    assert.equal(source.listenerCount("SIGTERM") + source.listenerCount("SIGINT"), 0);
  });
  it("stops at once on the second", () => {
    const source = new FakeProcess();
    void drainOnSignal({ close: () => new Promise(() => {}) }, source);
    source.emit("SIGINT");
    source.emit("SIGTERM");
    assert.deepEqual(source.exits, [130]);
  });
});
