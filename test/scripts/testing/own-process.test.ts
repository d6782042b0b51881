import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { describe, it } from "node:test";
import { guardSharedProcess, whyOwnProcess } from "../../../scripts/testing/own-process.ts";

const FILE = "test/a/b.test.ts";
const why = (text: string, others: Readonly<Record<string, string>> = {}) =>
  whyOwnProcess(FILE, (path) => (path === FILE ? text : others[path]));

describe("a test file has a process of its own", () => {
  it("when it says so itself, or a helper that it imports does, however far away", () => {
    assert.equal(why("// Own process: it measures memory\nexport {};"), "it measures memory");
    const others = {
      "test/a/helper.ts": 'import { clock } from "../clock.ts";',
      "test/clock.ts": "// Own process: it stops the clock\nexport {};",
    };
    assert.equal(why('import { help } from "./helper.ts";', others), "test/clock.ts: it stops the clock");
  });

  it("not when it changes what it can put back, takes types or imports what is not there", () => {
    for (const text of [
      'process.env.AWS_REGION = "x"; process.chdir(folder); process.on("SIGINT", end);',
      'import type { ChildProcess } from "node:child_process";',
      'import { gone } from "./gone.ts";',
      'import { spawn } from "node:child_process";',
    ])
      assert.equal(why(text), undefined, text);
  });
});

describe("the guard of a process that test files share", () => {
  const guard = guardSharedProcess();

  it("says nothing of what is put back", () => {
    const folder = process.cwd();
    process.chdir(tmpdir());
    process.chdir(folder);
    assert.deepEqual(guard.violations(), []);
  });

  it("notices what is left changed, once, and puts it back: folder, environment, signal handlers, clocks", () => {
    const [folder, { setTimeout: original }, { PATH }] = [process.cwd(), globalThis, process.env];
    process.chdir(tmpdir());
    process.env.MERIDIAN_LEFT_BEHIND = "1";
    delete process.env.PATH;
    process.on("SIGHUP", () => {});
    globalThis.setTimeout = ((...args: Parameters<typeof original>) => original(...args)) as typeof original;
    const [text] = guard.violations();
    const names = ["the working folder", "variable MERIDIAN_LEFT_BEHIND", "variable PATH", "handlers of SIGHUP"];
    for (const what of [...names, "global setTimeout"]) assert.ok(text!.includes(what), text);
    assert.deepEqual(
      [process.cwd(), process.env.MERIDIAN_LEFT_BEHIND, process.env.PATH, process.listenerCount("SIGHUP")],
      [folder, undefined, PATH, 0],
    );
    assert.equal(globalThis.setTimeout, original);
    assert.deepEqual(guard.violations(), []);
  });
});
