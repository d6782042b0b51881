import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { shardCommand } from "../../../scripts/commands/shard.ts";
import { sweepCommand } from "../../../scripts/commands/sweep.ts";
import { workerCommand } from "../../../scripts/commands/worker.ts";
import { openStore } from "../../../scripts/sweep/open-store.ts";
import { parseVary, planSweep } from "../../../scripts/sweep/plan-sweep.ts";
import { runSweep } from "../../../scripts/sweep/run-sweep.ts";
import { parseSweep, sweepId } from "../../../scripts/sweep/sweep-file.ts";
import { readRows } from "../../../scripts/sweep/sweep-report.ts";
import { isResult, parseOutcome, runVariant, taskOf } from "../../../scripts/sweep/variant.ts";
import { meridianHere, TINY } from "../run-meridian.ts";
import { SILENT } from "../silent-terminal.ts";

let root = "";
before(async () => {
  root = await mkdtemp(join(tmpdir(), "meridian-sweep-"));
});
after(() => rm(root, { recursive: true }));

const ARGS = [
  "sweep",
  TINY,
  "--replications",
  "2",
  "--set",
  "requests=300",
  "--vary",
  "traffic[0].arrivals.poisson=4/s..12/sx3",
];

/** The one folder of a sweep under `out`. */
async function folderOf(out: string): Promise<string> {
  const [name] = (await readdir(out)).filter((entry) => entry.startsWith("tiny-"));
  return join(out, name!);
}

describe("meridian sweep", () => {
  it("runs each variant once: the second time all are done, and the points are the same bytes", async () => {
    const out = join(root, "once");
    const first = await meridianHere([...ARGS, "--objective", "4s", "--out", out]);
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stderr, /3 ran, 0 were done before/);
    assert.match(first.stdout.replaceAll(/\s+/g, " "), /p95 latency of chat is within 4 s over/);
    const points = await readFile(join(await folderOf(out), "points.csv"), "utf8");
    const second = await meridianHere([...ARGS, "--out", out, "--workers", "1"]);
    assert.match(second.stderr, /0 ran, 3 were done before/);
    assert.equal(await readFile(join(await folderOf(out), "points.csv"), "utf8"), points);

    const folder = await folderOf(out);
    const page = await readFile(join(folder, "report.html"), "utf8");
    assert.match(page, /How does p95 latency of chat go\?/);
    const again = await meridianHere(["sweep", "report", folder, "--metric", "failed", "--objective", "1%", "--json"]);
    const { question, analysis, report } = JSON.parse(again.stdout);
    assert.deepEqual([question.metric, question.objective, question.group], ["failed", 0.01, "chat"]);
    assert.equal(analysis.curves[0].points.length, 3);
    assert.match(await readFile(report, "utf8"), /failed requests of chat/);
    // Without words it is the question that was put last.
    assert.match((await meridianHere(["sweep", "report", folder])).stdout, /failed requests of chat is within 1 %/);
  });

  it("a variant is what simulate makes of the same scenario", async () => {
    const out = join(root, "same");
    await meridianHere([...ARGS, "--out", out, "--workers", "1"]);
    const sweep = parseSweep(await readFile(join(await folderOf(out), "sweep.json"), "utf8"), "sweep.json");
    const outcome = parseOutcome((await openStore(join(out, "jobs")).read(sweep.jobs[1]!.key))!);
    const alone = await meridianHere([
      ...["simulate", TINY, "--replications", "2", "--set", "requests=300", "--set", "traffic[0].arrivals.poisson=8/s"],
      ...["--json", "--out", join(root, "runs")],
    ]);
    assert.ok(isResult(outcome));
    // What each quota would have to be is for reports, and no part of a variant.
    const { strategies } = JSON.parse(alone.stdout) as { readonly strategies: readonly Record<string, unknown>[] };
    const theirs = strategies.map(({ quotaNeeds: _, ...strategy }) => strategy);
    assert.deepEqual(outcome.strategies, theirs);
  });

  it("plans, and shards run the parts: together they are the whole sweep", async () => {
    const out = join(root, "parts");
    const plan = await meridianHere([...ARGS, "--out", out, "--plan"]);
    const file = plan.stdout.trim();
    for (const index of ["0", "1"]) {
      const { code, stdout } = await meridianHere(["shard", file, "--index", index, "--count", "2"]);
      assert.deepEqual(
        [code, stdout],
        [0, index === "0" ? "2 ran, 0 were done before\n" : "1 ran, 0 were done before\n"],
      );
    }
    const whole = await meridianHere([...ARGS, "--out", out]);
    assert.match(whole.stderr, /0 ran, 3 were done before/);
    const missing = await meridianHere(["shard", file, "--count", "2"]);
    assert.match(missing.stderr, /SHARD_INDEX.*which part is this/);
    const array = await meridianHere(["shard", file, "--count", "2", "--json"], { AWS_BATCH_JOB_ARRAY_INDEX: "1" });
    assert.equal(JSON.parse(array.stdout).wereDone, 1);
  });

  it("a store that machines share has the job file, too: a shard names its id", async () => {
    const store = join(root, "shared");
    const plan = await meridianHere([...ARGS, "--out", join(root, "elsewhere"), "--plan", "--store", store, "--json"]);
    const { id, jobs } = JSON.parse(plan.stdout);
    assert.match(plan.stderr, new RegExp(`meridian shard ${id} --store`));
    const { code, stdout, stderr } = await meridianHere([
      "shard",
      id,
      "--store",
      store,
      "--index",
      "1",
      "--count",
      "2",
    ]);
    assert.deepEqual([code, stdout, jobs], [0, "1 ran, 0 were done before\n", 3], stderr);
    const unknown = await meridianHere(["shard", "0123456789", "--store", store, "--index", "0", "--count", "2"]);
    assert.match(unknown.stderr, /SWEEP_NOT_FOUND/);
  });

  it("names the point at which a scenario is wrong, before anything runs", async () => {
    const { code, stderr } = await meridianHere([
      "sweep",
      TINY,
      "--vary",
      "traffic[0].arrivals.poisson=[4/s, fast]",
      "--out",
      join(root, "wrong"),
    ]);
    assert.equal(code, 2);
    assert.match(stderr, /traffic\[0\]\.arrivals\.poisson="fast"/);
    assert.deepEqual(
      (await readdir(root)).filter((name) => name === "wrong"),
      [],
    );
  });

  it("keeps, for a point that only resolving finds wrong, why it cannot run", async () => {
    const vary = parseVary("traffic[0].origin=[us-east-1, mars-1]");
    assert.deepEqual(vary, { kind: "list", path: "traffic[0].origin", values: ["us-east-1", "mars-1"] });
    const steps = runVariant({
      ...taskOf(
        {
          ...(await import("../../../scripts/io/experiment.ts")
            .then(({ prepareExperiment }) => prepareExperiment(TINY, { overrides: [], strategies: [] }))
            .then((base) =>
              planSweep({
                name: "x",
                base,
                scenarioFile: TINY,
                factors: [parseVary("seed=[1]")],
                design: "grid",
                points: 1,
                seed: 1,
              }),
            )),
          factors: [vary],
        },
        { key: "", values: ["mars-1"] },
      ),
    });
    let step = await steps.next();
    while (step.done !== true) step = await steps.next();
    const outcome = parseOutcome(step.value);
    assert.ok(!isResult(outcome) && outcome.problems.length > 0);
  });

  it("stops on a signal with what is done kept", async () => {
    const { prepareExperiment } = await import("../../../scripts/io/experiment.ts");
    const base = await prepareExperiment(TINY, { overrides: [], strategies: [] });
    const sweep = await planSweep({
      name: "tiny",
      base,
      scenarioFile: TINY,
      factors: [parseVary("seed=[1, 2, 3]")],
      design: "grid",
      points: 1,
      seed: 1,
    });
    assert.match(sweepId(sweep), /^[0-9a-f]{10}$/);
    const store = openStore(join(root, "stopped"));
    const work = runSweep(sweep, store, {
      jobs: sweep.jobs,
      workers: 1,
      terminal: SILENT,
      signal: AbortSignal.abort(),
    });
    await assert.rejects(work, /INTERRUPTED.*0 of 3 jobs done, which are kept/s);
    assert.equal((await readRows(sweep, store)).done, 0);
  });

  it("refuses what it does not know, with what there is", async () => {
    for (const [args, words] of [
      [["--metric", "p94"], /SWEEP_METRIC.*p95/s],
      [["--design", "gird"], /SWEEP_DESIGN.*grid/s],
      [["--objective", "4"], /SWEEP_OBJECTIVE.*write 8s/s],
      [["--vary", "seed=2..1x1"], /SWEEP_RANGE/],
      [["--redis", "http://x"], /REDIS_URL/],
      [["--class", "caht"], /SWEEP_GROUP.*chat/s],
    ] as const) {
      const { code, stderr } = await meridianHere([...ARGS, "--out", join(root, "no"), ...args]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, words);
    }
    for (const [args, words] of [
      [[TINY], /SWEEP_EMPTY/],
      [[TINY, "more"], /SWEEP_ACTION/],
      [["report"], /SWEEP_ACTION/],
      [["report", join(root, "none")], /SWEEP_UNREADABLE/],
    ] as const)
      assert.match((await meridianHere(["sweep", ...args])).stderr, words);
    for (const { examples } of [sweepCommand, shardCommand, workerCommand]) assert.ok(examples.length > 1);
  });
});
