import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isAlive, watchInterrupts } from "../../../scripts/io/process.ts";

it("knows whether a process is running", () => {
  const { pid } = spawnSync(process.execPath, ["--version"]);
  assert.deepEqual([isAlive(process.pid), isAlive(pid)], [true, false]);
});

const MODULE_URL = new URL("../../../scripts/io/process.ts", import.meta.url).href;

describe("interrupts", () => {
  it("aborts on a signal and lets go of the process when stopped", () => {
    const before = process.listenerCount("SIGINT");
    const interrupts = watchInterrupts();
    process.emit("SIGINT");
    assert.equal(interrupts.signal.aborted, true);
    interrupts.stop();
    assert.equal(process.listenerCount("SIGINT"), before);
  });

  it("aborts on a closed terminal and on quit as on a kill", () => {
    for (const name of ["SIGHUP", "SIGQUIT", "SIGTERM"] as const) {
      const interrupts = watchInterrupts();
      process.emit(name);
      assert.equal(interrupts.signal.aborted, true, name);
      interrupts.stop();
    }
  });

  it("outlives its terminal where that was asked for", () => {
    process.env.MERIDIAN_NOHUP = "1";
    try {
      const interrupts = watchInterrupts();
      process.emit("SIGHUP");
      assert.equal(interrupts.signal.aborted, false);
      interrupts.stop();
    } finally {
      delete process.env.MERIDIAN_NOHUP;
    }
  });

  it("takes two signals of one keystroke for one, and ends on a real second", async () => {
    const script = `import { watchInterrupts } from ${JSON.stringify(MODULE_URL)};
      watchInterrupts().signal.addEventListener("abort", () => console.log("aborted"));
      console.log("ready"); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
    await once(child.stdout, "data");
    child.kill("SIGINT");
    await once(child.stdout, "data");
    child.kill("SIGINT");
    await sleep(100);
    assert.equal(child.exitCode, null, "the same keystroke");
    await sleep(400);
    child.kill("SIGINT");
    const [code] = (await once(child, "exit")) as [number];
    assert.equal(code, 130);
  });
});
