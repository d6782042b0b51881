import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { findRuns, idsByAge } from "../../../scripts/store/find-runs.ts";
import { changeTags, nameBaseline } from "../../../scripts/store/labels.ts";
import { fixture } from "../../reports/fixture.ts";

const root = mkdtempSync(join(tmpdir(), "meridian-find-"));
after(() => rmSync(root, { recursive: true, force: true }));
const TEXT = JSON.stringify(fixture({ strategies: ["single"], hours: 1 }));
["b-old", "a-new", "a-newest"].forEach((id, i) => {
  mkdirSync(join(root, id));
  writeFileSync(join(root, id, "result.json"), TEXT);
  utimesSync(join(root, id, "result.json"), 1000 + i, 1000 + i);
});
mkdirSync(join(root, "no-run"));
symlinkSync("a-newest", join(root, "latest"));
writeFileSync(join(root, "kept.json"), TEXT);

const labels = async (...names: readonly string[]) => (await findRuns(names, root)).map(({ label }) => label);
const ids = async (...names: readonly string[]) => (await findRuns(names, root)).map(({ id }) => id);

test("runs are found by id, folder, result file, latest, pattern, baseline and tag, each once", async () => {
  await changeTags(join(root, "b-old"), { add: ["keep"], remove: [] });
  await nameBaseline(root, "main", "a-new");
  await assert.rejects(nameBaseline(root, "latest", "a-new"), /always is the last run/);
  assert.deepEqual(await ids("b-old", "latest", "latest~1"), ["b-old", "a-newest", "a-new"]);
  assert.deepEqual(await ids(join(root, "a-new")), ["a-new"]);
  assert.deepEqual(await ids(join(root, "a-new", "result.json")), ["a-new"]);
  assert.deepEqual(await ids(join(root, "kept.json")), ["kept.json"]);
  assert.deepEqual(await ids("a-*"), ["a-new", "a-newest"]);
  assert.deepEqual(await ids(join(root, "?-new*")), ["a-new", "a-newest"]);
  assert.deepEqual(await ids(join(root, "*.json")), ["kept.json"]);
  assert.deepEqual(await ids("main", "tag:keep", "a-new"), ["a-new", "b-old"]);
  assert.deepEqual(await labels("main", "latest~2", "latest"), ["main", "latest~2", "latest"]);
  assert.deepEqual(await idsByAge(root), ["b-old", "a-new", "a-newest"]);
});

test("what is not there is said with what is", async () => {
  await assert.rejects(findRuns(["maim"], root), /did you mean "?main/);
  await assert.rejects(findRuns(["latest~7"], root), /there are 3 runs/);
  await assert.rejects(findRuns(["tag:none"], root), /RUN_NOT_FOUND/);
  await assert.rejects(findRuns(["z-*"], root), /RUN_NOT_FOUND/);
});
