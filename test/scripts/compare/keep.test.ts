import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { keepComparison } from "../../../scripts/compare/keep.ts";
import { compareRuns } from "../../../simulator/compare/compare.ts";
import { runOf } from "../../simulator/compare/fixtures.ts";

// That rows of a store's own runs can be asked for stands in the test of the command.
const root = mkdtempSync(join(tmpdir(), "meridian-keep-"));
after(() => rmSync(root, { recursive: true, force: true }));

test("nothing is written where no run is of this store, or nothing was compared", async () => {
  const run = (label: string) => runOf({ label, strategies: { single: { total: { e2eMsP95: [1, 2] } } } });
  const comparison = { ...compareRuns([run("a"), run("b")]), gates: [] };
  const elsewhere = ["a", "b"].map((label) => ({ id: label, label, folder: join(root, "elsewhere", label) }));
  assert.equal(await keepComparison(join(root, "runs"), elsewhere, comparison), undefined);
  const here = elsewhere.map((each) => ({ ...each, folder: join(root, "runs", each.id) }));
  assert.equal(await keepComparison(join(root, "runs"), here, { ...comparison, rows: [] }), undefined);
  assert.ok(!existsSync(join(root, "runs")));
  assert.deepEqual(readdirSync(root), []);
});
