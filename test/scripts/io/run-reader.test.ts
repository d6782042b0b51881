import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { readRun } from "../../../scripts/io/run-reader.ts";
import { saveRun } from "../../../scripts/io/run-store.ts";
import { MeridianError } from "../../../simulator/errors.ts";

const RESULT = {
  schemaVersion: 1,
  scenario: { name: "a" },
  strategies: [{ name: "s", total: {} }],
  comparisons: [],
  verdict: "v",
};
let root = "";
before(async () => {
  root = await mkdtemp(join(tmpdir(), "meridian-"));
  await saveRun(root, "cut", { "result.json": '{"schemaVersion": 1, "scen' });
  await saveRun(root, "odd", { "result.json": '{"schemaVersion": 1}' });
  await saveRun(root, "new", { "result.json": JSON.stringify({ ...RESULT, schemaVersion: 99 }) });
  await saveRun(root, "bare", { "summary.md": "" });
  await saveRun(root, "good", { "result.json": JSON.stringify(RESULT) });
});
after(() => rm(root, { recursive: true }));

async function codeOf(name: string): Promise<string> {
  const error: unknown = await readRun(name, root).then(
    () => undefined,
    (thrown) => thrown,
  );
  assert.ok(error instanceof MeridianError, name);
  assert.ok(error.problems[0]?.fix, `${name}: a fix is given`);
  return `${error.problems[0]?.code} ${error.exitCode}`;
}

describe("readRun", () => {
  it("finds a run by id, by folder, by its result file and by latest", async () => {
    for (const name of ["good", join(root, "good"), join(root, "good", "result.json"), "latest"]) {
      const run = await readRun(name, root);
      assert.equal(run.id, "good");
      assert.deepEqual(run.result, RESULT);
    }
  });

  it("says what is wrong with a run, as input data", async () => {
    assert.equal(await codeOf("cut"), "RUN_DAMAGED 3");
    assert.equal(await codeOf("odd"), "RUN_DAMAGED 3");
    assert.equal(await codeOf("new"), "RUN_VERSION 3");
    assert.equal(await codeOf("bare"), "RUN_NOT_FOUND 3");
    assert.equal(await codeOf("absent"), "RUN_NOT_FOUND 3");
    assert.equal(await codeOf("nowhere/x"), "RUN_NOT_FOUND 3");
  });

  it("refuses ids that lead out of the store", async () => {
    assert.equal(await codeOf("..\\..\\x"), "RUN_ID 2");
    assert.equal(await codeOf("A B"), "RUN_ID 2");
  });
});
