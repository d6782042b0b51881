import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { whyOwnProcess } from "../../../scripts/testing/own-process.ts";

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
