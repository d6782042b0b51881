import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { benchSetup } from "../../../scripts/commands/bench.ts";
import type { CommandInput } from "../../../scripts/commands/command.ts";
import type { PreparedExperiment } from "../../../scripts/io/experiment.ts";
import { recordSchedule } from "../../../simulator/bench/make-plan.ts";
import type { RunResult } from "../../../simulator/experiment/result.ts";
import { k6ForTests } from "../../scenarios/k6/k6.ts";
import { planOf, scenarioInput } from "../../simulator/scenario/base.ts";
import { meridian, meridianHere, TINY } from "../run-meridian.ts";

let folder = "";
before(
  async () => {
    folder = await mkdtemp(join(tmpdir(), "meridian-bench-test-"));
    await k6ForTests();
  },
  { timeout: 900_000 },
);
after(() => rm(folder, { recursive: true, force: true }));

/** Temporary folders of replays, and k6 processes that work in them. */
async function leftovers(tmp: string): Promise<readonly string[]> {
  const folders = (await readdir(tmp)).filter((name) => name.startsWith("meridian-bench-"));
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  const commands = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
  return [...folders, ...commands.filter((command) => command.includes(`--console-output=${tmp}`))];
}

interface BenchFile {
  readonly valid: boolean;
  readonly reasons: readonly string[];
  readonly strategies: readonly { readonly rows: string; readonly rowsSha256: string; readonly attempts: number }[];
}

describe("meridian bench", () => {
  it("saves a measured run that a report can be rebuilt from", { timeout: 120_000 }, async () => {
    const out = join(folder, "runs");
    const tmp = await mkdtemp(join(folder, "tmp-"));
    const args = ["bench", TINY, "--duration", "2s", "--out", out, "--drain", "20s", "--json"];
    const { code, stdout, stderr } = await meridian(args, { env: { TMPDIR: tmp } });
    // A loaded machine may make the run invalid, which it then has to say; nothing else may be wrong.
    assert.ok(code === 0 || code === 99, stderr);
    const result = JSON.parse(stdout) as RunResult;
    assert.equal(result.kind, "measured");
    const [name] = (await readdir(out)).filter((each) => each !== "latest");
    assert.match(name!, /^tiny-bench-\d{8}t\d{6}-[0-9a-f]{8}$/);
    const run = join(out, name!);
    const evidence = ["report.html", "result.json", "rows-1.jsonl.gz", "rows-2.jsonl.gz"];
    const files = ["bench.json", "endpoint-1.jsonl.gz", "endpoint-2.jsonl.gz", "provenance.json", ...evidence];
    assert.deepEqual((await readdir(run)).sort(), [...files, "scenario.yaml", "schedule.json.gz", "summary.md"]);
    const bench = JSON.parse(await readFile(join(run, "bench.json"), "utf8")) as BenchFile;
    assert.equal(bench.valid, code === 0);
    assert.ok(
      bench.reasons.every((reason) => /late at the 99th percentile|ms after the run was to start/.test(reason)),
      bench.reasons.join("\n"),
    );
    for (const { rows, rowsSha256, attempts } of bench.strategies) {
      const text = gunzipSync(await readFile(join(run, rows)));
      assert.equal(createHash("sha256").update(text).digest("hex"), rowsSha256);
      assert.equal(text.toString().match(/^\{"t":"a"/gm)?.length, attempts);
    }
    for (const { total } of result.strategies) {
      assert.equal(total.counts.served, total.counts.sent);
      assert.ok(Number(total.cost.source.totalUsd.value) > 0);
    }
    const rebuilt = await meridianHere(["report", run, "--format", "md"]);
    assert.match(rebuilt.stdout, /^Measured|\nMeasured/m, rebuilt.stderr);
    assert.deepEqual(await leftovers(tmp), []);
  });

  it("stopped by Ctrl-C leaves no run, no k6 and no temporary folder", { timeout: 120_000 }, async () => {
    const out = join(folder, "stopped");
    const tmp = await mkdtemp(join(folder, "tmp-"));
    const args = ["bench", TINY, "--duration", "60s", "--out", out];
    const { code, stderr } = await meridian(args, {
      env: { TMPDIR: tmp },
      onFirstOutput: (child) => void sleep(4000).then(() => child.kill("SIGINT")),
    });
    assert.equal(code, 130, stderr);
    assert.match(stderr, /INTERRUPTED/);
    assert.deepEqual(await readdir(out).catch(() => []), []);
    assert.deepEqual(await leftovers(tmp), []);
  });

  describe("says before it starts anything", () => {
    const refused = async (args: readonly string[], code: number, text: RegExp): Promise<void> => {
      const done = await meridianHere(["bench", ...args, "--out", join(folder, "refused")]);
      assert.equal(done.code, code, done.stderr);
      assert.match(done.stderr, text);
    };

    it("that a scenario lasts too long for real time", () =>
      refused([TINY, "--set", "requests=10k"], 2, /BENCH_TOO_LONG/));

    it("that something in it cannot be replayed", () =>
      refused(
        [TINY, "--duration", "2s", "--set", "signals={source: shared}"],
        2,
        /BENCH_NOT_REPLAYABLE.*signals\.source/,
      ));

    it("that an option is wrong", () => refused([TINY, "--duration", "soon"], 2, /It must be a time/));

    it("that K6_BIN is no k6", async () => {
      const done = await meridianHere(["bench", TINY, "--duration", "2s"], { K6_BIN: "/nowhere/k6" });
      assert.equal(done.code, 4);
      assert.match(done.stderr, /K6_BIN_UNUSABLE/);
    });

    it("that an endpoint may not be called", async () => {
      const file = join(folder, "endpoints.yaml");
      await writeFile(file, "endpoints:\n  us-east-1: http://169.254.169.254\n  eu-west-1: http://10.0.0.1\n");
      await refused([TINY, "--duration", "2s", "--target", file], 2, /ENDPOINT_FORBIDDEN[\s\S]*ENDPOINT_NOT_ALLOWED/);
    });
  });
});

const plan = planOf(scenarioInput({ requests: 20 }));
const experiment: PreparedExperiment = {
  yaml: "",
  plain: {},
  inputs: { plan },
  traces: [],
  folder: ".",
  files: [],
  summary: "",
  advice: [],
};

async function setup(options: object) {
  const said: string[] = [];
  const input = {
    args: ["a.yaml"],
    options: { target: "emulator", api: "converse", drain: 1000, ...options },
    terminal: { out: (text: string) => void said.push(text) },
    signal: new AbortController().signal,
  } as unknown as CommandInput;
  return { made: await benchSetup(experiment, recordSchedule(plan), input), said };
}

it("an emulator needs no locks", async () => {
  const { made, said } = await setup({});
  assert.equal(made!.schedule.length, 20);
  assert.deepEqual(said, []);
});

it("a dry run says what it would do, and makes nothing", async () => {
  const { made, said } = await setup({ dryRun: true, budgetUsd: 2 });
  assert.equal(made, undefined);
  assert.match(said.join(), /^dry run +a\.yaml against the emulator on this machine.*\n.*traffic +20 requests/s);
  assert.match(said.join(), /the budget stops it at 2\.00 USD/);
  const { said: json } = await setup({ dryRun: true, json: true });
  const document = JSON.parse(json.join()) as { kind: string; bedrock: unknown; requests: number };
  assert.deepEqual([document.kind, document.bedrock, document.requests], ["bench-dry-run", null, 20]);
});

it("a budget cannot be kept under an executor of k6", async () => {
  await assert.rejects(setup({ executor: "shared-iterations", budgetUsd: 2 }), /BENCH_BUDGET_EXECUTOR/);
  await assert.rejects(setup({ executor: "shared-iterations", target: "bedrock" }), /BENCH_BUDGET_EXECUTOR/);
  assert.ok((await setup({ executor: "shared-iterations" })).made);
});
