import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type Evidence, openEvidence, withEvidence } from "../../../scripts/io/evidence.ts";
import { MeridianError } from "../../../simulator/errors.ts";
import { planJobs } from "../../../simulator/experiment/index.ts";
import { planOf, scenarioInput } from "../../simulator/scenario/base.ts";

const plan = planOf(
  scenarioInput({
    replications: 3,
    strategies: ["round-robin", "least-outstanding", "power-of-two"],
    baseline: "power-of-two",
  }),
);

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "meridian-"));
});
after(() => rm(folder, { recursive: true, force: true }));

async function codesOf(options: Readonly<Record<string, unknown>>): Promise<readonly string[]> {
  try {
    await (await openEvidence(options, plan))?.discard();
  } catch (error) {
    assert.ok(error instanceof MeridianError, String(error));
    for (const problem of error.problems) assert.ok(problem.fix);
    return error.problems.map((problem) => problem.code);
  }
  return [];
}

async function opened(options: Readonly<Record<string, unknown>>): Promise<Evidence> {
  const evidence = await openEvidence(options, plan);
  assert.ok(evidence);
  return evidence;
}

describe("evidence files", () => {
  it("nothing asked for, nothing done", async () => {
    assert.equal(await openEvidence({}, plan), null);
    assert.deepEqual(withEvidence(planJobs(plan, 2), null), planJobs(plan, 2));
  });

  it("refuses before any work what could not be written at its end", async () => {
    const file = join(folder, "a.jsonl");
    assert.deepEqual(await codesOf({ audit: join(folder, "a.xlsx") }), ["AUDIT_FORMAT"]);
    assert.deepEqual(await codesOf({ audit: file, auditReplication: 3 }), ["AUDIT_REPLICATION"]);
    assert.deepEqual(await codesOf({ audit: file, auditReplication: 2 }), []);
    assert.deepEqual(await codesOf({ audit: file, auditStrategy: "round-robbin" }), ["AUDIT_STRATEGY"]);
    assert.deepEqual(await codesOf({ auditStrategy: "round-robin" }), ["AUDIT_WITHOUT_FILE"]);
    assert.deepEqual(await codesOf({ audit: file, cloudwatch: file }), ["EVIDENCE_TWICE"]);
    assert.deepEqual(await codesOf({ audit: join(folder, "none", "a.csv") }), ["EVIDENCE_NOT_WRITTEN"]);
    await mkdir(join(folder, "dir.csv"));
    assert.deepEqual(await codesOf({ audit: join(folder, "dir.csv") }), ["EVIDENCE_NOT_WRITTEN"]);
    assert.deepEqual(await codesOf({ cloudwatch: "/dev/null" }), ["EVIDENCE_NOT_WRITTEN"]);
    assert.deepEqual(await readdir(folder), ["dir.csv"], "nothing is left behind");
  });

  it("a file appears whole when it is published, and an old one stays until then", async () => {
    const file = join(folder, "old.csv");
    await writeFile(file, "old");
    const evidence = await opened({ audit: file });
    await writeFile(evidence.task.audit!.temp, "new");
    assert.equal(await readFile(file, "utf8"), "old");
    assert.deepEqual(await evidence.publish(), [file]);
    await evidence.discard();
    assert.equal(await readFile(file, "utf8"), "new");
  });

  it("the watched runs become one job, and every run is still simulated once", async () => {
    const evidence = await opened({ audit: join(folder, "b.csv"), auditReplication: 1, auditStrategy: "round-robin" });
    await evidence.discard();
    for (const workers of [1, 2, 5, 16]) {
      const jobs = withEvidence(planJobs(plan, workers), evidence);
      assert.deepEqual(jobs[0], { replication: 1, strategyIndices: [0], evidence: evidence.task });
      assert.equal(jobs.filter((job) => job.evidence !== undefined).length, 1);
      const runs = jobs.flatMap((job) => job.strategyIndices.map((index) => `${job.replication}/${index}`));
      assert.deepEqual(runs.sort(), ["0/0", "0/1", "0/2", "1/0", "1/1", "1/2", "2/0", "2/1", "2/2"]);
    }
  });

  it("an audit is of all strategies, a series of one: the baseline, or the one named", async () => {
    const both = await opened({ audit: join(folder, "c.csv"), cloudwatch: join(folder, "c.json") });
    const one = await opened({ cloudwatch: join(folder, "d.json"), auditStrategy: "least-outstanding" });
    await both.discard();
    await one.discard();
    assert.deepEqual(both.task.audit!.strategies, [0, 1, 2]);
    assert.equal(both.task.cloudwatch!.strategy, 2);
    assert.deepEqual([one.task.audit, one.task.cloudwatch!.strategy], [null, 1]);
  });
});
