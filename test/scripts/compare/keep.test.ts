import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { keepComparison } from "../../../scripts/commands/compare.ts";
import { openRunStore } from "../../../scripts/store/runs.ts";
import { comparisonRows, RUN_COMPARISONS } from "../../../scripts/store/tables/comparisons.ts";
import { compareRuns } from "../../../simulator/compare/compare.ts";
import { fixture } from "../../reports/fixture.ts";

const root = mkdtempSync(join(tmpdir(), "meridian-keep-"));
after(() => rmSync(root, { recursive: true, force: true }));

const RESULT = fixture({ strategies: ["single", "cheapest"], classes: ["chat"], hours: 1 });
const runs = ["a", "b"].map((id) => ({ id, folder: join(root, id), label: `run ${id}` }));
const compared = { ...compareRuns(runs.map(({ label }) => ({ label, result: RESULT }))), gates: [] };
const now = () => new Date("2026-05-04T00:00:00Z");

test("what was compared is kept by the ids of the runs, once however often", async () => {
  for (const { folder } of runs) {
    mkdirSync(folder);
    writeFileSync(join(folder, "result.json"), JSON.stringify(RESULT));
  }
  for (let i = 0; i < 2; i++) assert.equal(await keepComparison(root, runs, compared, now), undefined);
  const store = await openRunStore(root);
  try {
    const kept = await store.query("SELECT run, baseline_run, count(*) FROM run_comparisons GROUP BY ALL");
    assert.deepEqual(kept.rows, [["b", "a", compared.rows.length]]);
    const all = await store.query("SELECT against, count(*) FROM comparisons GROUP BY against ORDER BY against");
    const within = 2 * RESULT.comparisons.length;
    assert.deepEqual(all.rows, [
      ["run", compared.rows.length],
      ["strategy", within],
    ]);
  } finally {
    store.close();
  }
});

test("every column of a row is one of the table's", () => {
  const [row] = comparisonRows(compared, new Map([["run b", "b"]]), now().toISOString());
  const names = RUN_COMPARISONS.columns.map(({ name }) => name);
  assert.deepEqual(Object.keys(row!).sort(), names.toSorted());
  assert.deepEqual([row!.run, row!.baseline_run], ["b", "run a"]);
});

test("nothing is kept of runs that lie elsewhere, or where nothing was compared", async () => {
  const other = join(root, "other");
  assert.equal(await keepComparison(other, runs, compared, now), undefined);
  const own = runs.map((run) => ({ ...run, folder: join(other, run.id) }));
  assert.equal(await keepComparison(other, own, { ...compared, rows: [] }, now), undefined);
  assert.equal(existsSync(other), false);
});
