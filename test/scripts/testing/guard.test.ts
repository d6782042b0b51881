// Own process: it changes the process that it guards
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { Worker } from "node:worker_threads";
import { guardSharedProcess } from "../../../scripts/testing/guard.ts";

describe("the guard of a process that test files share", () => {
  const guard = guardSharedProcess();

  it("refuses processes, threads and another working folder, and remembers that they were tried", () => {
    const started = [
      () => spawn(process.execPath, ["--version"]),
      () => spawnSync(process.execPath, ["--version"]),
      () => execFileSync(process.execPath, ["--version"]),
    ];
    for (const start of started) assert.throws(start, /starts a process; say why in the test file/);
    assert.throws(() => new Worker("0", { eval: true }), /starts a thread/);
    assert.throws(() => process.chdir(".."), /changes the working folder/);
    const violations = guard.violations();
    assert.equal(violations.length, 3, violations.join("\n"));
    for (const what of ["a process", "a thread", "the working folder"])
      assert.ok(
        violations.some((text) => text.includes(what)),
        what,
      );
  });

  it("tells of each file's own", () => assert.deepEqual(guard.violations(), []));

  it("notices what is left changed: environment, signal handlers, clocks", () => {
    const { setTimeout: original } = globalThis;
    const handler = () => {};
    process.env.MERIDIAN_LEFT_BEHIND = "1";
    process.on("SIGHUP", handler);
    globalThis.setTimeout = ((...args: Parameters<typeof original>) => original(...args)) as typeof original;
    const [text] = guard.violations();
    for (const what of ["environment variable MERIDIAN_LEFT_BEHIND", "handlers of SIGHUP", "global setTimeout"])
      assert.ok(text!.includes(what), text);
    delete process.env.MERIDIAN_LEFT_BEHIND;
    process.off("SIGHUP", handler);
    globalThis.setTimeout = original;
    assert.equal(guard.violations().length, 1);
    assert.deepEqual(guard.violations(), []);
  });
});
