/** Own process: starts a worker thread. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { prepareExperiment } from "../../../scripts/io/experiment.ts";
import { createTerminal } from "../../../scripts/io/terminal.ts";
import { EvidenceRuns } from "../../../scripts/plan/run-evidence.ts";
import { isPrecise, precisionTargets } from "../../../simulator/experiment/precision.ts";
import { TINY } from "../run-meridian.ts";

const folder = mkdtempSync(join(tmpdir(), "meridian-"));
after(() => rmSync(folder, { recursive: true }));
const at = (path: string, value: unknown) => ({ path: [path], value, origin: "test" });
const prepare = (replications = 3) =>
  prepareExperiment(TINY, {
    overrides: [at("requests", 150), at("replications", replications)],
    strategies: ["single"],
  });

async function ran(precision: number) {
  const runs = new EvidenceRuns({
    out: folder,
    workers: 1,
    terminal: createTerminal({ quiet: true }),
    signal: new AbortController().signal,
    precision: { precision, budgetMs: Number.POSITIVE_INFINITY },
  });
  const result = await runs.run({ label: "as it is", about: "a test", isSizing: false, prepare });
  const open = precisionTargets(result, []).filter((target) => !isPrecise(target, precision));
  return { result, open, saved: runs.saved };
}

test("plan --precision adds replications until each interval is within it, and no more", async () => {
  const rough = await ran(0.4);
  assert.deepEqual([rough.result.replications.done, rough.open], [10, []]);
  const fine = await ran(0.07);
  assert.ok(fine.result.replications.done > 10, String(fine.result.replications.done));
  assert.deepEqual(fine.open, []);
  assert.ok(fine.saved[0]!.run.startsWith("tiny-"));
});
