import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { appendJobSummary } from "../../../scripts/io/summary-file.ts";

it("appends a summary to the job's, and never fails a run", async () => {
  const folder = await mkdtemp(join(tmpdir(), "meridian-"));
  const file = join(folder, "summary.md");
  await writeFile(file, "before\n");
  await appendJobSummary("### Verdict", file);
  await appendJobSummary("x".repeat(1024 * 1024 + 1), file);
  assert.equal(await readFile(file, "utf8"), "before\n### Verdict\n");
  await appendJobSummary("x", undefined);
  await appendJobSummary("x", join(folder, "no", "such", "folder"));
  await rm(folder, { recursive: true });
});
