import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, it } from "node:test";
import { createSpendRecord, leftText, lostBatches, lostText } from "../../../scripts/bench/spend-record.ts";

const folder = mkdtempSync(join(tmpdir(), "meridian-record-"));
after(() => rmSync(folder, { recursive: true }));
const batch = { target: "Amazon Bedrock", strategy: "cheapest", requests: 40, budgetUsd: 2.5, rows: "/x/rows.jsonl" };

it("a batch is on disk before it is sent, and settled after it", async () => {
  const end = await createSpendRecord(folder).begin(batch);
  const lines = () => readFileSync(join(folder, "spending.jsonl"), "utf8").trim().split("\n");
  assert.equal(lines().length, 1);
  assert.partialDeepStrictEqual(JSON.parse(lines()[0]!), { event: "begin", pid: process.pid, ...batch });
  assert.deepEqual(await lostBatches(folder), [], "its process is alive");
  await end(1.25);
  assert.equal(JSON.parse(lines()[1]!).spentUsd, 1.25);
});

it("a batch whose process is gone is found, and said", async () => {
  const { pid } = spawnSync(process.execPath, ["--version"]);
  const begin = { event: "begin", id: "gone", pid, at: "2026-05-04T00:00:00Z", ...batch };
  appendFileSync(join(folder, "spending.jsonl"), `${JSON.stringify(begin)}\nnot json\n`);
  const [lost, ...others] = await lostBatches(folder);
  assert.deepEqual(others, []);
  assert.match(
    lostText(lost!),
    /cheapest against Amazon Bedrock\): of its 40 requests some were sent, for at most 2.5000 USD; what was answered is in \/x\/rows.jsonl/,
  );
  assert.deepEqual(await lostBatches(join(folder, "none")), []);
});

it("a batch that ended is left over while its rows are there: a run that is saved takes them", async () => {
  const own = mkdtempSync(join(folder, "own-"));
  const rows = join(own, "rows.jsonl");
  writeFileSync(rows, "rows\n");
  const end = await createSpendRecord(own).begin({ ...batch, rows });
  assert.equal((await lostBatches(own, process.pid))[0]!.spentUsd, undefined);
  await end(1.23451);
  const [lost, ...others] = await lostBatches(own, process.pid);
  assert.deepEqual(others, []);
  assert.equal(leftText(lost!), `its 40 requests cost at most 1.2346 USD; the answers are in ${rows}`);
  assert.match(lostText(lost!), /^an earlier bench left no run \(.*, cheapest against Amazon Bedrock\): its 40 /);
  rmSync(rows);
  assert.deepEqual(await lostBatches(own, process.pid), []);
});
