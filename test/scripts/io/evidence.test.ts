import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { parse } from "csv-parse/sync";
import {
  createEvidenceWriter,
  type Evidence,
  type EvidenceTask,
  openEvidence,
  withEvidence,
} from "../../../scripts/io/evidence.ts";
import { MeridianError } from "../../../simulator/base/errors.ts";
import type { CloudWatchDocument } from "../../../simulator/engine/cloudwatch.ts";
import { planJobs, runJob } from "../../../simulator/experiment/index.ts";
import { drain, eventful, watch } from "../../simulator/engine/watched.ts";
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
    assert.deepEqual(withEvidence(planJobs({ plan }, 2), null), planJobs({ plan }, 2));
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
      const jobs = withEvidence(planJobs({ plan }, workers), evidence);
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

describe("the evidence of a run", () => {
  const writerFolder = mkdtempSync(join(tmpdir(), "meridian-"));
  after(() => rmSync(writerFolder, { recursive: true }));

  const eventfulPlan = planOf(
    eventful({ strategies: ["round-robin", { name: "=cheapest", cheapest: {} }], duration: "6m" } as never),
  );
  const expected = [watch(eventfulPlan, 0), watch(eventfulPlan, 1)];

  function write(task: EvidenceTask): void {
    const writer = createEvidenceWriter(eventfulPlan, 0, task);
    drain(
      runJob({ plan: eventfulPlan }, { replication: 0, strategyIndices: [0, 1] }, { observerOf: writer.observerOf }),
    );
    writer.finish();
  }

  it("JSON Lines: every record of every watched strategy", () => {
    const temp = join(writerFolder, "a.jsonl");
    write({ audit: { path: temp, temp, format: "jsonl", strategies: [0, 1] }, cloudwatch: null });
    const lines = readFileSync(temp, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { strategy: string });
    for (const [index, { records }] of expected.entries()) {
      const name = eventfulPlan.strategies[index]!.name;
      assert.deepEqual(
        lines.filter((line) => line.strategy === name),
        records,
      );
    }
  });

  it("CSV: a header, a row per attempt, and no cell that a spreadsheet would run", () => {
    const temp = join(writerFolder, "a.csv");
    write({ audit: { path: temp, temp, format: "csv", strategies: [1] }, cloudwatch: null });
    const rows = parse(readFileSync(temp), { columns: true }) as Record<string, string>[];
    const { records } = expected[1]!;
    assert.equal(
      rows.length,
      records.reduce((sum, record) => sum + Math.max(1, record.attempts.length), 0),
    );
    assert.ok(rows.every((row) => row.strategy === "'=cheapest"));
    const output = records.reduce((sum, record) => sum + record.tokens.output, 0);
    assert.equal(
      rows.reduce((sum, row) => sum + Number(row.output_tokens), 0),
      output,
    );
  });

  it("the audit and the series of one run together", () => {
    const audit = {
      path: "b.jsonl",
      temp: join(writerFolder, "b.jsonl"),
      format: "jsonl" as const,
      strategies: [0],
    };
    const temp = join(writerFolder, "b.json");
    write({ audit, cloudwatch: { path: temp, temp, strategy: 0 } });
    const document = JSON.parse(readFileSync(temp, "utf8")) as CloudWatchDocument;
    assert.deepEqual(document, expected[0]!.cloudwatch);
    assert.equal(readFileSync(audit.temp, "utf8").trimEnd().split("\n").length, expected[0]!.records.length);
  });

  it("a place that takes nothing ends the job with the file's name", () => {
    const task: EvidenceTask = {
      audit: { path: "audit.jsonl", temp: "/dev/full", format: "jsonl", strategies: [0] },
      cloudwatch: null,
    };
    assert.throws(
      () => write(task),
      (error: unknown) =>
        error instanceof MeridianError &&
        error.exitCode === 4 &&
        /EVIDENCE_NOT_WRITTEN {2}audit\.jsonl: ENOSPC/.test(error.message),
    );
  });
});
