import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, it } from "node:test";
import { parse } from "csv-parse/sync";
import type { EvidenceTask } from "../../../scripts/io/evidence.ts";
import { createEvidenceWriter } from "../../../scripts/io/evidence-writer.ts";
import type { CloudWatchDocument } from "../../../simulator/engine/cloudwatch.ts";
import { MeridianError } from "../../../simulator/errors.ts";
import { runJob } from "../../../simulator/experiment/index.ts";
import { drain, eventful, watch } from "../../simulator/engine/watched.ts";
import { planOf } from "../../simulator/scenario/base.ts";

const folder = mkdtempSync(join(tmpdir(), "meridian-"));
after(() => rmSync(folder, { recursive: true }));

const plan = planOf(
  eventful({ strategies: ["round-robin", { name: "=cheapest", cheapest: {} }], duration: "6m" } as never),
);
const expected = [watch(plan, 0), watch(plan, 1)];

function write(task: EvidenceTask): void {
  const writer = createEvidenceWriter(plan, 0, task);
  drain(runJob({ plan }, { replication: 0, strategyIndices: [0, 1] }, writer.observerOf));
  writer.finish();
}

it("JSON Lines: every record of every watched strategy", () => {
  const temp = join(folder, "a.jsonl");
  write({ audit: { path: temp, temp, format: "jsonl", strategies: [0, 1] }, cloudwatch: null });
  const lines = readFileSync(temp, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { strategy: string });
  for (const [index, { records }] of expected.entries()) {
    const name = plan.strategies[index]!.name;
    assert.deepEqual(
      lines.filter((line) => line.strategy === name),
      records,
    );
  }
});

it("CSV: a header, a row per attempt, and no cell that a spreadsheet would run", () => {
  const temp = join(folder, "a.csv");
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
  const audit = { path: "b.jsonl", temp: join(folder, "b.jsonl"), format: "jsonl" as const, strategies: [0] };
  const temp = join(folder, "b.json");
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
