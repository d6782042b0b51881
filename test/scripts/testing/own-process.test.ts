// Own process: it changes the process that it guards
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { guardSharedProcess, whyOwnProcess } from "../../../scripts/testing/own-process.ts";

const FILE = "test/a/b.test.ts";
const why = (text: string, others: Readonly<Record<string, string>> = {}) =>
  whyOwnProcess(FILE, (path) => (path === FILE ? text : others[path]));

describe("a test file has a process of its own", () => {
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

  it("when it says so itself, or a helper that it imports does, however far away", () => {
    assert.equal(why("// Own process: it measures memory\nexport {};"), "it measures memory");
    const others = {
      "test/a/helper.ts": 'import { clock } from "../clock.ts";',
      "test/clock.ts": "// Own process: it stops the clock\nexport {};",
    };
    assert.equal(why('import { help } from "./helper.ts";', others), "test/clock.ts: it stops the clock");
  });

  it("not when what changes the process says that it puts everything back", () => {
    const others = { "test/a/env.ts": "// Shared process: the environment is put back\ndelete process.env.A;" };
    assert.equal(why('import { withEnv } from "./env.ts";', others), undefined);
  });

  it("not when it reads the environment, starts processes, takes types or imports what is not there", () => {
    for (const text of [
      'if (process.env.UPDATE_GOLDEN === "1") write();',
      'import type { ChildProcess } from "node:child_process";',
      'import { gone } from "./gone.ts";',
      'import { spawn } from "node:child_process";',
    ])
      assert.equal(why(text), undefined, text);
  });
});

describe("the guard of a process that test files share", () => {
  const guard = guardSharedProcess();

  it("refuses another working folder, and remembers that it was tried", () => {
    assert.throws(() => process.chdir(".."), /changes the working folder; say why in the test file/);
    const violations = guard.violations();
    assert.equal(violations.length, 1, violations.join("\n"));
    assert.match(violations[0]!, /changes the working folder/);
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
