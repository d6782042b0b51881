import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { prepareExperiment } from "../../../scripts/io/experiment.ts";
import { parseVary, planSweep } from "../../../scripts/sweep/plan-sweep.ts";
import { isResult, jobKey, parseOutcome, runVariant, taskOf } from "../../../scripts/sweep/variant.ts";
import { TINY } from "../run-meridian.ts";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "meridian-key-"));
  const rows = (gapS: number) => [
    "timestamp,input_tokens,output_tokens",
    ...[0, 1, 2].map((i) => `${i * gapS},500,200`),
  ];
  await writeFile(join(folder, "a.csv"), rows(1).join("\n"));
  await writeFile(join(folder, "b.csv"), rows(2).join("\n"));
  const text = await readFile(TINY, "utf8");
  await writeFile(
    join(folder, "s.yaml"),
    text
      .replace("arrivals: { poisson: 6/s }", "arrivals: { trace: a.csv, unit: s }")
      .replace("requests: 2k", "duration: 1m"),
  );
});
after(() => rm(folder, { recursive: true }));

/** A sweep over more points than are resolved beforehand. */
async function planned(vary: string) {
  const scenarioFile = join(folder, "s.yaml");
  const base = await prepareExperiment(scenarioFile, { overrides: [], strategies: [] });
  const factors = [parseVary(vary), parseVary("seed=1..20x20")];
  return planSweep({ name: "s", base, scenarioFile, factors, design: "grid", points: 1, seed: 1 });
}

async function run(sweep: Awaited<ReturnType<typeof planned>>, at: number) {
  const steps = runVariant(taskOf(sweep, sweep.jobs[at]!));
  for (;;) {
    const step = await steps.next();
    if (step.done === true) return parseOutcome(step.value);
  }
}

describe("keys of jobs", () => {
  it("follow from every file that a point reads, and a worker finds the same", async () => {
    const both = "traffic[chat].arrivals.trace=[a.csv, b.csv]";
    const before = await planned(both);
    assert.ok(isResult(await run(before, 5)) && isResult(await run(before, 25)), "points that were only parsed, too");
    await writeFile(join(folder, "b.csv"), "timestamp,input_tokens,output_tokens\n0,1,1\n1,1,1\n");
    const later = await planned(both);
    const isSame = before.jobs.map(({ key }, i) => key === later.jobs[i]!.key);
    assert.deepEqual(
      isSame,
      before.jobs.map(({ values }) => values[0] === "a.csv"),
    );
    await assert.rejects(run(before, 25), /JOB_CHANGED.*not the one that was planned/s);
    assert.ok(isResult(await run(later, 25)));
  });

  it("do not depend on the order in which files are named", () => {
    const [a, b] = [
      { name: "a", sha256: "1" },
      { name: "b", sha256: "2" },
    ];
    assert.equal(jobKey({ yaml: "x", files: [a!, b!] }), jobKey({ yaml: "x", files: [b!, a!] }));
    assert.notEqual(jobKey({ yaml: "x", files: [a!] }), jobKey({ yaml: "y", files: [a!] }));
  });

  it("are not those of a job file that was edited", async () => {
    const sweep = await planned("load=[1]");
    const edited = { ...sweep, scenarioYaml: sweep.scenarioYaml.replace("servers: 8", "servers: 9") };
    await assert.rejects(run(edited, 0), /JOB_CHANGED/);
  });

  it("have no lasting answer from a machine that lacks a file", async () => {
    const sweep = await planned("load=[1]");
    await assert.rejects(
      run({ ...sweep, scenarioFile: join(folder, "elsewhere", "s.yaml") }, 0),
      /TRACE_NOT_FOUND.*traffic\[0\]/s,
    );
  });
});
