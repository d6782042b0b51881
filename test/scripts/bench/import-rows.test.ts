import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { createFixedLatencyBackend } from "../../../emulator/backends/queue.ts";
import { type Fleet, startFleet } from "../../../emulator/fleet.ts";
import { catalogOf } from "../../../emulator/model/catalog.ts";
import { importRows, mergeInstances, readInstanceLog } from "../../../scripts/bench/import-rows.ts";
import type { K6Program } from "../../../scripts/bench/k6-program.ts";
import { prepareExperiment } from "../../../scripts/io/experiment.ts";
import { createTerminal } from "../../../scripts/io/terminal.ts";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { recordSchedule } from "../../../simulator/bench/make-plan.ts";
import type { RunResult } from "../../../simulator/experiment/result.ts";
import { k6ForTests } from "../../scenarios/k6/k6.ts";
import { meridianHere, TINY } from "../run-meridian.ts";
import { runLikeOperator } from "./kubernetes/runner.ts";

let folder = "";
let fleet: Fleet;
let k6: K6Program;
const logs: string[] = [];
const WHAT = [TINY, "--duration", "3s", "--drain", "10s", "--set", "routers=2", "--strategy", "round-robin"];

before(
  async () => {
    folder = await mkdtemp(join(tmpdir(), "meridian-import-test-"));
    k6 = await k6ForTests();
    fleet = await startFleet({
      regions: ["us-east-1", "eu-west-1"],
      catalog: catalogOf((await prepareExperiment(TINY, { overrides: [], strategies: [] })).inputs.plan),
      backend: (clock) => createFixedLatencyBackend(clock, { firstTokenMs: 300, perTokenMs: 0 }),
    });
    await measure();
  },
  { timeout: 900_000 },
);
after(async () => {
  await fleet.close(0);
  await rm(folder, { recursive: true, force: true });
});

/** The whole way but for the cluster: manifests, two runners, their logs. */
async function measure(): Promise<void> {
  const urls = fleet.endpoints.map(({ region, url }) => `  ${region}: ${url}\n`).join("");
  const file = join(folder, "endpoints.yaml");
  await writeFile(file, `auth: sigv4\nendpoints:\n${urls}`);
  const cluster = ["--kubernetes", "--parallelism", "2", "--volume-claim", "disk", "--json"];
  const written = await meridianHere(["bench", ...WHAT, "--target", file, ...cluster, "--out", join(folder, "k8s")]);
  assert.equal(written.code, 0, written.stderr);
  const { runs } = JSON.parse(written.stdout) as { readonly runs: readonly { readonly archive: string }[] };
  const { accessKeyId, secretAccessKey } = fleet.credentials!;
  const startMs = Date.now() + 5000;
  const order = {
    k6,
    tar: runs[0]!.archive,
    of: 2,
    startMs,
    credentials: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
    folder,
  };
  logs.push(...(await Promise.all([1, 2].map((instance) => runLikeOperator({ ...order, instance })))));
}

const imported = (what: readonly string[], files: readonly string[]) =>
  meridianHere(["bench", ...what, "--out", join(folder, "runs"), "--json", "--import-rows", ...files]);

describe("meridian bench --import-rows", () => {
  it("makes one measured run of the instances' logs, gzipped or not", { timeout: 60_000 }, async () => {
    const zipped = join(folder, "second.jsonl.gz");
    await writeFile(zipped, gzipSync(await readFile(logs[1]!)));
    const { code, stdout, stderr } = await imported(WHAT, [zipped, logs[0]!]);
    // A loaded machine may make the run invalid, which it then has to say; nothing else may be wrong.
    assert.ok(code === 0 || code === 99, stderr);
    const result = JSON.parse(stdout) as RunResult;
    assert.equal(result.kind, "measured");
    assert.ok(result.notes.some((note) => note.includes("by 2 instances of k6")));
    assert.ok(result.notes.some((note) => note.includes("clocks of their own")));
    assert.ok(Number(result.strategies[0]!.total.ttftMs.p50.value) >= 295, "answers came token by token");
    const { counts } = result.strategies[0]!.total;
    assert.ok(counts.sent > 10);
    assert.equal(counts.served, counts.sent);
    const bench = JSON.parse(await readFile(join(folder, "runs", "latest", "bench.json"), "utf8")) as {
      readonly reasons: readonly string[];
    };
    assert.ok(
      bench.reasons.every((reason) => /late at the 99th percentile|ms after the run was to start/.test(reason)),
      bench.reasons.join("\n"),
    );
  });

  it("calls a run without one of its instances invalid and names it", async () => {
    const { code, stderr } = await imported(WHAT, [logs[0]!]);
    assert.equal(code, 99);
    assert.match(stderr, /BENCH_INVALID {2}round-robin: instance 2 of 2 left no rows/);
  });

  it("refuses rows twice, of another run, and of no run", async () => {
    const twice = await imported(WHAT, [logs[0]!, logs[0]!, logs[1]!]);
    assert.deepEqual([twice.code, /ROWS_TWICE/.test(twice.stderr)], [3, true], twice.stderr);
    const other = await imported([...WHAT, "--seed", "43"], logs);
    assert.deepEqual([other.code, /ROWS_OF_ANOTHER_RUN/.test(other.stderr)], [3, true], other.stderr);
    const none = await imported(WHAT, [TINY]);
    assert.deepEqual([none.code, /ROWS_NONE/.test(none.stderr)], [3, true], none.stderr);
    const missing = await imported(WHAT.slice(0, -2), logs);
    assert.deepEqual([missing.code, /ROWS_MISSING.*"single"/.test(missing.stderr)], [3, true], missing.stderr);
  });
});

describe("rows that cannot be imported", () => {
  const problemsOf = async (files: readonly string[]) => {
    const experiment = await prepareExperiment(TINY, { overrides: [], strategies: [] });
    const options = { api: "converse-stream", drain: 10_000, importRows: files };
    const input = { args: [TINY], options, terminal: createTerminal({ quiet: true }), signal: AbortSignal.abort() };
    const schedule = recordSchedule(experiment.inputs.plan);
    const error: unknown = await importRows(experiment, schedule, [], input).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof MeridianError);
    return error.problems.map(({ code, where }) => `${code} ${where}`);
  };

  it("are those of another run, each file by its name", async () => {
    const files = ["a.jsonl", "b.jsonl"].map((name) => join(folder, name));
    const start = { t: "s", at: 1, ready: 0, run: "another", instance: 1, instances: 1, targets: [] };
    for (const file of files) await writeFile(file, `${JSON.stringify(start)}\n`);
    assert.deepEqual(
      await problemsOf(files),
      files.map((file) => `ROWS_OF_ANOTHER_RUN ${file}`),
    );
  });

  it("are none at all: every strategy needs some", async () => {
    assert.deepEqual(await problemsOf([]), ["ROWS_MISSING --import-rows"]);
  });
});

const instancesFolder = mkdtempSync(join(tmpdir(), "meridian-merge-test-"));
after(() => rmSync(instancesFolder, { recursive: true, force: true }));

const AT = 1_800_000_000_000;
const start = (instance: number, over: object = {}) => {
  return { t: "s", at: AT, ready: AT - 5000, run: "abc", instance, instances: 2, ...over };
};
const request = (i: number) => ({ t: "r", i, b: i, e: i + 5, end: 0, n: 1, w: 0 });
const attempt = (i: number) => ({
  t: "a",
  i,
  o: 0,
  g: 0,
  s: i,
  e: i + 5,
  k: "ok",
  c: 200,
  f: 1,
  u: null,
  id: "x",
  x: "",
});
const counts = (n: number) => ({ t: "c", httpRequests: n, attempts: n, requestsEnded: n });
const whole = (instance: number, ...requests: readonly number[]) => [
  start(instance),
  { t: "b", router: instance - 1, sent: 0, open: 0 },
  ...requests.flatMap((i) => [attempt(i), request(i)]),
  counts(requests.length),
];

let files = 0;
function log(rows: readonly (object | string)[], zipped = false): string {
  const file = join(instancesFolder, `log-${files++}.jsonl`);
  const text = rows.map((row) => (typeof row === "string" ? row : JSON.stringify(row))).join("\n");
  writeFileSync(file, zipped ? gzipSync(`${text}\n`) : `${text}\n`);
  return file;
}
const merge = async (...logs: readonly string[]) => mergeInstances(await Promise.all(logs.map(readInstanceLog)));

describe("logs of instances", () => {
  it("become one run, whatever their order and packing, without k6's own messages", async () => {
    const second = log(["level=warning Request Failed", ...whole(2, 1, 3), ""], true);
    const merged = await merge(second, log(whole(1, 0, 2, 4)));
    assert.deepEqual(merged.faults, []);
    assert.deepEqual(
      merged.requests.map(({ i }) => i),
      [0, 2, 4, 1, 3],
    );
    assert.equal(merged.attempts.length, 5);
    assert.deepEqual(merged.counts, { httpRequests: 5, attempts: 5, requestsEnded: 5 });
    assert.deepEqual([merged.instances, merged.startedAtMs], [2, AT]);
    const text = Buffer.from(merged.rowsText).toString();
    assert.equal(text.split("\n").filter((line) => line.startsWith('{"t":"r"')).length, 5);
    assert.ok(!text.includes("warning"));
  });

  it("that are missing, cut, late or at odds are named", async () => {
    assert.deepEqual((await merge(log(whole(2, 1)))).faults, ["instance 1 of 2 left no rows"]);
    const cut = log([...whole(1, 0).slice(0, -1), '{"t":"r","i":']);
    const { faults, counts: none } = await merge(cut, log(whole(2, 1)));
    assert.deepEqual(faults, [
      'instance 1 of 2 says: a row was cut: {"t":"r","i":',
      "instance 1 of 2 wrote no summary: its log may be cut off",
    ]);
    assert.equal(none, undefined);
    const odd = log([
      start(2, { at: AT + 60_000, ready: AT + 60_007, instances: 3 }),
      { t: "x", what: "oh" },
      counts(0),
    ]);
    assert.deepEqual((await merge(log(whole(1, 0)), odd)).faults, [
      "instance 2 of 2 says: the k6 script failed: oh",
      "instance 2 of 2 counts 3 instances",
      "instance 2 of 2 started at 2027-01-15T08:01:00.000Z, the first at 2027-01-15T08:00:00.000Z: they did not agree on a minute",
      "instance 2 of 2 was ready 7 ms after the run was to start",
    ]);
  });

  it("that are there twice are refused, with both files", async () => {
    const [one, again] = [log(whole(1, 0)), log(whole(1, 0))];
    await assert.rejects(merge(one, again, log(whole(2, 1))), (error: Error) => {
      return /ROWS_TWICE/.test(error.message) && error.message.includes(one) && error.message.includes(again);
    });
  });

  it("that hold no instance, or several, are refused", async () => {
    await assert.rejects(merge(log(["hello", request(1)])), /ROWS_NONE/);
    await assert.rejects(merge(log([{ t: "s", at: AT, ready: AT }])), /ROWS_NONE/, "a run on one machine says no key");
    await assert.rejects(merge(log([...whole(1, 0), ...whole(2, 1)])), /ROWS_MIXED/);
    await assert.rejects(merge(join(instancesFolder, "nowhere")), /ROWS_UNREADABLE/);
    const torn = join(instancesFolder, "torn.gz");
    writeFileSync(torn, gzipSync(JSON.stringify(start(1)).repeat(50)).subarray(0, 60));
    await assert.rejects(merge(torn), /ROWS_UNREADABLE/);
  });
});
