// Own process: it changes the process that it guards
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { Worker } from "node:worker_threads";
import { guardSharedProcess, whyOwnProcess } from "../../../scripts/testing/own-process.ts";

const FILE = "test/a/b.test.ts";
const why = (text: string, others: Readonly<Record<string, string>> = {}) =>
  whyOwnProcess(FILE, (path) => (path === FILE ? text : others[path]));

describe("a test file has a process of its own", () => {
  it("when it starts processes or threads", () => {
    assert.equal(why('import { spawn } from "node:child_process";'), "imports node:child_process");
    assert.equal(why('const { Worker } = await import("node:worker_threads");'), "imports node:worker_threads");
    assert.equal(why('import {\n  a,\n  b,\n} from "tinypool";'), "imports tinypool");
  });

  it("when a helper that it imports does, however far away", () => {
    const others = {
      "test/a/helper.ts": 'import { run } from "../run.ts";',
      "test/run.ts": 'import { fork } from "node:child_process";',
    };
    assert.equal(why('import { help } from "./helper.ts";', others), "test/run.ts: imports node:child_process");
  });

  it("when what it tests reaches a module that starts processes; threads count next to it only", () => {
    const others = {
      "scripts/pool.ts": 'import Tinypool from "tinypool";',
      "scripts/uses-pool.ts": 'import { pool } from "./pool.ts";',
      "scripts/child.ts": 'import { spawn } from "node:child_process";',
      "scripts/uses-child.ts": 'import { child } from "./child.ts";',
    };
    const of = (name: string) => why(`import { x } from "../../scripts/${name}.ts";`, others);
    assert.equal(of("uses-child"), "scripts/child.ts: imports node:child_process");
    assert.equal(of("pool"), "scripts/pool.ts starts threads");
    assert.equal(of("uses-pool"), undefined);
  });

  it("when it changes what a process has once", () => {
    for (const text of [
      'process.env.AWS_REGION = "x";',
      "delete process.env[name];",
      "Object.assign(process.env, set);",
    ])
      assert.notEqual(why(text), undefined, text);
    for (const text of ["process.chdir(folder);", 'process.on("SIGINT", end);', 'process.emit("SIGINT");'])
      assert.notEqual(why(text), undefined, text);
  });

  it("when it says so itself", () => {
    assert.equal(why("// Own process: it measures memory\nexport {};"), "it measures memory");
    const others = { "test/a/k6.ts": "// Own process: k6 is one\nexport {};" };
    assert.equal(why('import { k6 } from "./k6.ts";', others), "test/a/k6.ts: k6 is one");
  });

  it("not when it reads the environment, takes types or imports what is not there", () => {
    for (const text of [
      'if (process.env.UPDATE_GOLDEN === "1") write();',
      'import type { ChildProcess } from "node:child_process";',
      'import { gone } from "./gone.ts";',
      'import { readFileSync } from "node:fs";',
    ])
      assert.equal(why(text), undefined, text);
  });
});

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

  it("reports each violation once", () => assert.deepEqual(guard.violations(), []));

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
