import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { findRuns } from "../../../scripts/store/find-runs.ts";
import { openRunStore, SWEEPS_FOLDER, syncSweeps } from "../../../scripts/store/runs.ts";
import { sweepRows } from "../../../scripts/store/tables/sweeps.ts";
import { openStoreWriter } from "../../../scripts/store/writer.ts";
import { createFolderStore } from "../../../scripts/sweep/job-store.ts";
import { readPoint, writeFolder } from "../../../scripts/sweep/sweep-report.ts";
import { fixture } from "../../reports/fixture.ts";
import { curveReport } from "../../reports/sweep/sweep-fixture.ts";
import { TINY } from "../run-meridian.ts";

const root = mkdtempSync(join(tmpdir(), "meridian-sweeps-"));
const folder = join(root, SWEEPS_FOLDER, "Load-0011223344");
const asked = { metric: "p95", group: "chat", objective: 8000 } as const;
const RESULT = fixture({ strategies: ["home", "steady"], hours: 1 });
after(() => rmSync(root, { recursive: true, force: true }));

/** The four points of a sweep, as its command leaves them. */
function written() {
  const { sweep, ...report } = curveReport();
  const jobs = [1, 2, 3, 4].map((scale, i) => ({ key: `aa${i}`, values: [`${scale}/s`] }));
  const factors = sweep.factors.map((factor) => ({ ...factor, path: "traffic[0].arrivals.poisson" }));
  return {
    ...report,
    sweep: { ...sweep, factors, jobs, scenarioYaml: readFileSync(TINY, "utf8"), scenarioFile: TINY },
  };
}

before(async () => {
  mkdirSync(folder, { recursive: true });
  await writeFolder(folder, written(), asked, null);
});

async function ask(sql: string) {
  const store = await openRunStore(root);
  try {
    return { rows: (await store.query(sql)).rows, problems: store.problems };
  } finally {
    store.close();
  }
}

test("every point is a row for each strategy, with the values of its factors to join by", async () => {
  const { rows } = await ask(
    "SELECT number, strategy, e2e_p95_ms, e2e_p95_low_ms IS NULL, unstable FROM sweep_points JOIN sweep_values USING (sweep, point) ORDER BY 1, 2".replace(
      "e2e_p95_low_ms",
      "e2e_p95_ms_low",
    ),
  );
  assert.deepEqual(rows.slice(0, 3), [
    [1, "home", 6000, false, false],
    [1, "steady", 5000, false, false],
    [2, "home", null, true, false],
  ]);
  assert.deepEqual(rows[6], [4, "home", 3_000_000, false, true]);
  const [first] = (await ask("SELECT sweep, factors->>'$.\"traffic[0].arrivals.poisson\"' FROM sweep_points")).rows;
  assert.deepEqual(first, ["load-0011223344", "1"]);
});

test("a sweep that has run again replaces its rows; one that is gone leaves none; one that is damaged is named", async () => {
  const shorter = written();
  await writeFolder(folder, { ...shorter, rows: shorter.rows.filter(({ point }) => point === 0) }, asked, null);
  const soon = new Date(Date.now() + 5_000);
  utimesSync(join(folder, "points.json"), soon, soon);
  assert.equal(Number((await ask("SELECT count(*) FROM sweep_points")).rows[0]![0]), 2);
  writeFileSync(join(folder, "points.json"), "no JSON");
  utimesSync(join(folder, "points.json"), new Date(Date.now() + 10_000), new Date(Date.now() + 10_000));
  const damaged = await ask("SELECT count(*) FROM sweep_points");
  assert.equal(Number(damaged.rows[0]![0]), 0);
  assert.deepEqual(
    damaged.problems.map(({ code }) => code),
    ["SWEEP_UNREADABLE"],
  );
  rmSync(join(folder, "points.json"));
  assert.deepEqual(await ask("SELECT * FROM sweep_values"), { rows: [], problems: [] });
  await writeFolder(folder, written(), asked, null);
  const writer = openStoreWriter(join(root, "none"));
  assert.deepEqual(await syncSweeps(writer, join(root, "none")), []);
  writer.close();
  assert.deepEqual([...sweepRows({ factors: [], jobs: [] }, []).values()], [[], []]);
});

test("a point is a run that compare can name, with the scenario as it ran there", async () => {
  await createFolderStore(join(root, SWEEPS_FOLDER, "jobs")).publish("aa2", JSON.stringify(RESULT));
  const [run] = await findRuns(["Load-0011223344/2"], root);
  assert.equal(run!.label, "Load-0011223344/2");
  assert.equal(run!.result.scenario.name, RESULT.scenario.name);
  assert.match(run!.scenarioYaml!, /arrivals: \{ poisson: 3\/s \}/);
  assert.equal((await readPoint(join(folder, "2"), "elsewhere"))?.id, "Load-0011223344/2");
  await assert.rejects(findRuns(["Load-0011223344/9"], root), /SWEEP_POINT.*points 0 to 3/);
  await assert.rejects(findRuns(["Load-0011223344/1"], root), /SWEEP_POINT.*is not in/);
  await assert.rejects(findRuns(["none/1"], root), /RUN_NOT_FOUND/);
  assert.equal(await readPoint("one", root), undefined);
});
