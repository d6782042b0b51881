import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isAlive, watchInterrupts } from "../../../scripts/io/process.ts";

it("knows whether a process is running", () => {
  const { pid } = spawnSync(process.execPath, ["--version"]);
  assert.deepEqual([isAlive(process.pid), isAlive(pid)], [true, false]);
});

it("sets an option that this V8 knows, and prints nothing", () => {
  const script = `
    import { tuneCompiler } from ${JSON.stringify(new URL("../../../scripts/io/process.ts", import.meta.url).href)};
    tuneCompiler();
  `;
  const args = ["--input-type=module", "-e", script];
  assert.equal(execFileSync(process.execPath, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }), "");
  const options = execFileSync(process.execPath, ["--v8-options"], { encoding: "utf8" });
  const known =
    /--max-inlined-bytecode-size-cumulative \([^\n]*\n\s*type: int\s+default: --max-inlined-bytecode-size-cumulative=(\d+)/;
  assert.ok(Number(known.exec(options)?.[1]) < 3_000, "its default is what the engine is too large for");
});

const MODULE_URL = new URL("../../../scripts/io/process.ts", import.meta.url).href;

it("keeps the middle compiler out of running loops", () => {
  const script = `
    import { avoidMiscompiledLoops } from ${JSON.stringify(MODULE_URL)};
    if (process.argv[1] === "avoid") avoidMiscompiledLoops();
    function sum(n) {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += i % 7;
      return { sum };
    }
    sum(3e7);
  `;
  const compiledIn = (how: string) =>
    execFileSync(process.execPath, ["--trace-opt", "--input-type=module", "-e", script, how], { encoding: "utf8" })
      .split("\n")
      .filter((line) => /^\[compiling method .*JSFunction sum .* OSR/.test(line))
      .map((line) => /target (\w+)/.exec(line)?.[1]);
  assert.ok(compiledIn("").includes("MAGLEV"), "it is what V8 does otherwise");
  const avoiding = compiledIn("avoid");
  assert.ok(avoiding.includes("TURBOFAN_JS") && !avoiding.includes("MAGLEV"), avoiding.join());
});

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
