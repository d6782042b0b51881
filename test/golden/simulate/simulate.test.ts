import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { prepareExperiment } from "../../../scripts/io/experiment.ts";
import { packageVersion } from "../../../scripts/io/process.ts";
import { jobsOf, runExperiment } from "../../../scripts/io/run-experiment.ts";
import { meridianHere } from "../../scripts/run-meridian.ts";

const SCENARIO = join(import.meta.dirname, "everything.yaml");
const GOLDEN = join(import.meta.dirname, "everything.result.json");
const UPDATE = "UPDATE_GOLDEN=1 npm run unit -- golden/simulate";

/** Files of a run that must not depend on how the work was cut. */
const SAME_FILES = ["result.json", "scenario.yaml", "summary.md", "report.html"] as const;

const outs: string[] = [];

async function run(workers: number): Promise<Readonly<Record<string, string>>> {
  const out = await mkdtemp(join(tmpdir(), "meridian-golden-"));
  outs.push(out);
  const args = ["simulate", SCENARIO, "--workers", String(workers), "--out", out, "--quiet"];
  const { code, stderr } = await meridianHere(args);
  assert.equal(code, 0, stderr);
  const read = SAME_FILES.map(async (file) => [file, await readFile(join(out, "latest", file), "utf8")] as const);
  return Object.fromEntries(await Promise.all(read));
}

/** A release changes the version in a result and nothing else. */
function unversioned(resultJson: string): string {
  return resultJson.replace(`"meridian": "${packageVersion()}"`, '"meridian": "-"');
}

/** The first line that differs, with what was there: a diff of 280 kB would not be read. */
function firstDifference(expected: string, got: string): string {
  const [was, is] = [expected.split("\n"), got.split("\n")];
  const line = is.findIndex((text, i) => text !== was[i]);
  return `line ${line + 1}:\n  was ${was[line]?.trim()}\n  is  ${is[line]?.trim()}`;
}

describe("a run with a little of everything", () => {
  let alone: Readonly<Record<string, string>>;

  before(async () => {
    alone = await run(1);
    if (process.env.UPDATE_GOLDEN === "1") await writeFile(GOLDEN, unversioned(alone["result.json"]!));
  });
  after(() => Promise.all(outs.map((out) => rm(out, { recursive: true, force: true }))));

  it("gives the stored result, byte for byte", async () => {
    const stored = await readFile(GOLDEN, "utf8").catch(() => "");
    const got = unversioned(alone["result.json"]!);
    assert.ok(
      stored === got,
      `the result changed at ${firstDifference(stored, got)}\nIf that is meant, say why in CHANGELOG.md and run: ${UPDATE}`,
    );
  });

  it("exercises what it claims: quotas refuse, faults fail calls, retries and both regions are used", () => {
    const [single, priority] = JSON.parse(alone["result.json"]!).strategies;
    assert.ok(single.total.counts.throttled > 0 && single.total.counts.failed > 0 && single.total.counts.retried > 0);
    assert.ok(priority.byRegion.every((region: { counts: { served: number } }) => region.counts.served > 100));
  });

  it("is the same with 2 workers", async () => {
    const shared = await run(2);
    for (const file of SAME_FILES) assert.ok(shared[file] === alone[file], `${file} depends on the workers`);
  });

  it("and cut as for 4, to the last digit of the result, from which alone the pages are made", async () => {
    const experiment = await prepareExperiment(SCENARIO, { overrides: [], strategies: [] });
    // How the work is cut is all that the number of workers decides: on this thread, which need not start four.
    const jobs = jobsOf(experiment, 4);
    assert.ok(jobs.length > jobsOf(experiment, 1).length);
    const result = await runExperiment(experiment, jobs, {
      workers: 1,
      signal: new AbortController().signal,
      onProgress: () => {},
    });
    assert.deepEqual(JSON.parse(JSON.stringify(result)), JSON.parse(alone["result.json"]!));
  });
});
