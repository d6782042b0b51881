import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { compilePackage, PACKAGE_VARIABLE } from "../../../scripts/testing/package.ts";
import { BIN, ROOT } from "../run-meridian.ts";

it("the command that tests start is the compiled one, in a run of the test command", () => {
  const folder = process.env[PACKAGE_VARIABLE];
  assert.equal(BIN.startsWith(folder ?? ROOT), true);
  if (folder === undefined) return;
  assert.ok(existsSync(join(folder, "dist", "scripts", "cli.js")));
  const { status, stdout } = spawnSync(process.execPath, [BIN, "--version"], { encoding: "utf8" });
  assert.deepEqual([status, /^\d+\.\d+\.\d+/.test(stdout)], [0, true]);
});

it("a build that fails is an error with what it said, and leaves nothing behind", async () => {
  const root = mkdtempSync(join(tmpdir(), "meridian-"));
  mkdirSync(join(root, "scripts"));
  for (const name of ["package.json", "scripts/meridian.mjs", "scripts/compiler-options.mjs"])
    writeFileSync(join(root, name), "{}");
  writeFileSync(join(root, "scripts", "build.ts"), "throw new Error('no build into ' + process.argv[3]);");
  const error: Error = await compilePackage(root).then(
    () => assert.fail("it was built"),
    (cause) => cause as Error,
  );
  rmSync(root, { recursive: true });
  const into = /^Error: no build into (.+)$/m.exec(error.message)?.[1];
  assert.ok(into !== undefined, error.message);
  assert.equal(existsSync(join(into, "..")), false);
});
