import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { RunResult } from "../../../simulator/experiment/result.ts";
import { meridian, meridianHere, TINY } from "../run-meridian.ts";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "meridian-"));
});
after(() => rm(folder, { recursive: true, force: true }));

const TWO_WORKERS = ["simulate", TINY, "--workers", "2"];

/** Options that have an audit and a series written, with the number of workers in their names. */
function evidence(workers: string): readonly string[] {
  return ["--audit", join(folder, `audit-${workers}.jsonl`), "--cloudwatch", join(folder, `series-${workers}.json`)];
}

/** The only run in a runs folder. */
async function onlyRun(out: string): Promise<string> {
  const names = (await readdir(out)).filter((name) => name !== "latest");
  assert.equal(names.length, 1, names.join(" "));
  return join(out, names[0]!);
}

describe("meridian simulate", () => {
  it("saves a whole run and prints the table and where the report is", async () => {
    const out = join(folder, "a");
    const { code, stdout, stderr } = await meridian([...TWO_WORKERS, "--out", out, ...evidence("2")]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /round-robin/);
    assert.match(stderr, /report: .*report\.html/);
    const run = await onlyRun(out);
    assert.match(run, /tiny-\d{8}t\d{6}-[0-9a-f]{8}$/);
    assert.deepEqual((await readdir(run)).sort(), [
      "provenance.json",
      "report.html",
      "result.json",
      "scenario.yaml",
      "summary.md",
    ]);
    assert.match(await readFile(join(run, "report.html"), "utf8"), /^<!doctype html>/i);
    assert.match(await readFile(join(run, "scenario.yaml"), "utf8"), /^name: tiny$/m);
    const provenance = JSON.parse(await readFile(join(run, "provenance.json"), "utf8")) as Record<string, unknown>;
    assert.ok(Date.parse(String(provenance.startedAt)) > 0 && Number(provenance.elapsedMs) >= 0);
  });

  it("with one worker gives the same bytes as with two, and under --json prints them and nothing else", async () => {
    const out = join(folder, "json");
    const { code, stdout, stderr } = await meridianHere([
      "simulate",
      TINY,
      "--out",
      out,
      "--workers",
      "1",
      "--json",
      "--quiet",
    ]);
    assert.deepEqual([code, stderr], [0, ""]);
    const result = JSON.parse(stdout) as RunResult;
    assert.deepEqual(
      result.strategies.map((strategy) => strategy.name),
      ["single", "round-robin"],
    );
    assert.equal(result.strategies[0]?.total.counts.sent, 6000, "2k requests in 3 replications");
    const [one, two] = [await onlyRun(out), await onlyRun(join(folder, "a"))];
    assert.equal(await readFile(join(one, "result.json"), "utf8"), stdout);
    for (const name of ["result.json", "report.html", "summary.md", "scenario.yaml"]) {
      assert.ok((await readFile(join(one, name))).equals(await readFile(join(two, name))), `${name} differs`);
    }
    assert.equal(one.split("-").at(-1), two.split("-").at(-1), "the hash in the name");
  });

  it("runs what the command line asks for, and keeps that scenario", async () => {
    const out = join(folder, "set");
    const args = [
      "simulate",
      TINY,
      "--out",
      out,
      "--json",
      "--seed",
      "9",
      "--set",
      "requests=500",
      "--replications",
      "2",
    ];
    const { code, stdout, stderr } = await meridianHere([...args, "--strategy", "round-robin"]);
    assert.equal(code, 0, stderr);
    const result = JSON.parse(stdout) as RunResult;
    assert.deepEqual([result.seed, result.replications.done, result.strategies.length], [9, 2, 1]);
    assert.equal(result.baseline, "round-robin");
    const again = await meridianHere([
      "simulate",
      join(await onlyRun(out), "scenario.yaml"),
      "--out",
      join(folder, "again"),
      "--json",
    ]);
    assert.equal(again.stdout, stdout, "the saved scenario reproduces the run");
  });

  it("sends every row of a trace, or says which not", async () => {
    const simulate = async (name: string, lines: readonly string[]) => {
      await writeFile(join(folder, `${name}.csv`), lines.join("\n"));
      const scenario = [
        `{ name: ${name}, seed: 1, duration: 1m, replications: 1,`,
        "  world: { regions: [us-east-1, eu-west-1], models: { nova: { id: amazon.nova-pro-v1:0,",
        "    capacity: { kind: slots, servers: unlimited, service: 1s } } } },",
        `  traffic: [{ class: c, arrivals: { trace: ${name}.csv }, tokens: { maxTokens: 1000 } }],`,
        "  strategies: [round-robin] }",
      ];
      const file = join(folder, `${name}.yaml`);
      await writeFile(file, scenario.join("\n"));
      const { code, stdout, stderr } = await meridianHere(["simulate", file, "--out", join(folder, name), "--json"]);
      return { code, stderr, result: code === 0 ? (JSON.parse(stdout) as RunResult) : undefined };
    };
    const sent = (run: Awaited<ReturnType<typeof simulate>>) => run.result?.strategies[0]?.total.counts.sent;
    const azure = "TIMESTAMP,ContextTokens,GeneratedTokens";
    const at = (second: number) => `2023-11-16 18:15:${second}.0000000,10,5`;
    assert.equal(sent(await simulate("unsorted", [azure, at(48), at(46), at(47)])), 3);
    const header = "time_s,input_tokens,output_tokens";
    assert.equal(sent(await simulate("one", [header, "0,100,50"])), 1);
    const epochs = ["1700000001500,1,1", "1700000000000,1,1"];
    assert.equal(sent(await simulate("epochs", ["timestamp,input_tokens,output_tokens", ...epochs])), 2);
    const late = await simulate("late", [header, "7200,100,50", "7201,100,50"]);
    assert.equal(late.code, 2);
    assert.match(
      late.stderr,
      /late\.yaml:4 traffic\[0\]\.arrivals: 0 of 2 rows of late\.csv fall into the run: first at 7,200 s/,
    );

    const origins = ["eu-west-1", "US-EAST-1", "eu-west-1 ", "eu-central-1", ""];
    const rows = origins.map((origin, i) => `${i === 4 ? 61 : i},100,50,${origin}`);
    const run = await simulate("origins", [`${header},region`, ...rows]);
    assert.equal(sent(run), 4);
    const notes = [
      "Class c: 1 of 5 rows of origins.csv fall outside the run: last at 61 s, duration 60 s.",
      "Class c: 2 of 5 rows of origins.csv name origins that the scenario does not know: eu-central-1 (1), none at all (1); drawn from the class's shares.",
      "Class c: origins of origins.csv in another spelling: US-EAST-1 read as us-east-1 (1).",
    ];
    for (const note of notes) {
      assert.ok(run.result?.notes.includes(note), String(run.result?.notes));
      assert.ok(run.stderr.includes(`note: ${note}`), run.stderr);
    }
  });

  it("chooses a warm-up by pilot runs when that is left to it, the same whatever the workers", async () => {
    const run = async (workers: string) => {
      const auto = ["--set", "warmup=auto", "requests=1500", "traffic[0].arrivals={poisson: 7/s}"];
      const args = ["simulate", TINY, "--workers", workers, "--out", join(folder, "auto"), "--json", ...auto];
      const { code, stdout, stderr } = await meridianHere(args);
      assert.equal(code, 0, stderr);
      assert.match(stderr, /pilot runs/);
      return stdout;
    };
    const one = await run("1");
    assert.equal(await run("2"), one);
    const result = JSON.parse(one) as RunResult;
    const cut = Number(/^the first (\d+) requests, chosen by MSER-5/.exec(result.warmup.removed)?.[1]);
    assert.ok(cut > 0 && cut <= 750, result.warmup.removed);
    assert.ok(result.notes.some((note) => note.includes("single") && note.includes("round-robin")));
    for (const { total } of result.strategies) assert.equal(total.counts.sent, 3 * (1500 - cut));
  });

  it("simulates slices of a long run, scaled to all of its arrivals, the same whatever the workers", async () => {
    const file = join(folder, "hour.yaml");
    await writeFile(file, (await readFile(TINY, "utf8")).replace("requests: 2k", "duration: 6m"));
    const run = async (...more: string[]) => {
      const args = ["simulate", file, "--replications", "2", "--json", "--out", join(folder, "sliced"), ...more];
      const { code, stdout, stderr } = await meridianHere(args);
      return { code, stderr, result: code === 0 ? (JSON.parse(stdout) as RunResult) : undefined };
    };
    const sliced = ["--slices", "10x4s", "--set", "slices.warmup=10s"];
    const [whole, one, two] = [
      await run(),
      await run(...sliced, "--workers", "1"),
      await run(...sliced, "--workers", "2"),
    ];
    assert.match(one.stderr, /note: A sample: 10 slices of 4 s/);
    assert.deepEqual(one.result!.strategies, two.result!.strategies);
    const sent = ({ result }: typeof one) => result!.strategies.map(({ total }) => total.counts.sent);
    assert.deepEqual(sent(one), sent(whole));
    const [mine, theirs] = [one, whole].map(({ result }) => result!.strategies[1]!.total.e2eMs.mean.value!);
    assert.ok(Math.abs(mine! / theirs! - 1) < 0.2, `${mine} against ${theirs}`);
    assert.match((await run("--slices", "10")).stderr, /48 slices of two minutes/);
    assert.match((await run(...sliced, "--audit", join(folder, "a.csv"))).stderr, /EVIDENCE_IN_SLICES/);
  });

  it("writes an audit and a series beside the run, the same whatever the workers", async () => {
    const out = join(folder, "audit");
    const args = ["simulate", TINY, "--out", out, "--workers", "1", "--json", ...evidence("1")];
    const { code, stdout, stderr } = await meridianHere(args);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^wrote .*audit-1\.jsonl$/m);
    assert.equal(stdout, await readFile(join(await onlyRun(join(folder, "json")), "result.json"), "utf8"));
    const read = (name: string) => readFile(join(folder, name), "utf8");
    assert.equal(await read("audit-1.jsonl"), await read("audit-2.jsonl"));
    assert.equal(await read("series-1.json"), await read("series-2.json"));
    const lines = (await read("audit-1.jsonl")).trimEnd().split("\n");
    assert.equal(lines.length, 4000, "2k requests of one replication under two strategies");
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.endsWith(".tmp")),
      [],
    );
  });

  it("leaves no audit behind when the run does not end", async () => {
    const args = ["simulate", TINY, "--out", join(folder, "stopped-audit"), "--set", "requests=500M"];
    const begun = async () => (await readdir(folder)).some((name) => name.includes("never"));
    const { code } = await meridian([...args, "--audit", join(folder, "never.csv")], {
      onFirstOutput: async (child) => {
        while (child.exitCode === null && !(await begun())) await sleep(20);
        await sleep(300);
        child.kill("SIGINT");
      },
    });
    assert.equal(code, 130);
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.includes("never")),
      [],
    );
  });

  it("refuses a strategy that the scenario does not have", async () => {
    const { code, stderr } = await meridianHere([
      "simulate",
      TINY,
      "--strategy",
      "singel",
      "--out",
      join(folder, "none"),
    ]);
    assert.equal(code, 2);
    assert.match(stderr, /STRATEGY_NOT_IN_SCENARIO.*singel/);
    assert.match(stderr, /did you mean "single"\?/);
  });

  it("prints the scenario as it would run", async () => {
    const { code, stdout } = await meridianHere([
      "simulate",
      TINY,
      "--print-config",
      "--seed",
      "5",
      "--out",
      join(folder, "none"),
    ]);
    assert.equal(code, 0);
    assert.match(stdout, /^# set by --seed 5$/m);
    assert.match(stdout, /^seed: 5$/m);
    await assert.rejects(readdir(join(folder, "none")), "nothing was run");
  });

  it("exits 99 when an assertion of the scenario fails, and still saves the run", async () => {
    const out = join(folder, "assert");
    const { code, stderr } = await meridianHere([
      "simulate",
      TINY,
      "--out",
      out,
      "--set",
      'assert=["p95(e2e, strategy=single) < 1ms"]',
    ]);
    assert.equal(code, 99, stderr);
    assert.match(stderr, /ASSERTION_FAILED {2}p95/);
    await onlyRun(out);
  });

  it("says what is wrong with the place for runs", async () => {
    const { code, stderr } = await meridianHere(["simulate", TINY, "--out", "/dev/null/runs", "--quiet"]);
    assert.equal(code, 4);
    assert.match(stderr, /^RUN_FOLDER_UNUSABLE/);
  });

  it("stops cleanly on Ctrl-C: exit 130, no run, says so", async () => {
    const out = join(folder, "stopped");
    const { code, stderr, stdout } = await meridian(["simulate", TINY, "--out", out, "--set", "requests=500M"], {
      onFirstOutput: (child) => void sleep(500).then(() => child.kill("SIGINT")),
    });
    assert.equal(code, 130, stderr);
    assert.equal(stdout, "");
    assert.match(stderr, /INTERRUPTED {2}stopped before the end; nothing was written/);
    assert.deepEqual(await readdir(out).catch(() => []), []);
  });
});
