import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { prepareExperiment } from "../../scripts/io/experiment.ts";
import { openStore } from "../../scripts/sweep/open-store.ts";
import { parseVary, planSweep } from "../../scripts/sweep/plan-sweep.ts";
import { sendAndWait, work } from "../../scripts/sweep/queue.ts";
import { runSweep } from "../../scripts/sweep/run-sweep.ts";
import { readRows, writePoints } from "../../scripts/sweep/sweep-report.ts";
import { budget } from "../budget.ts";
import { ROOT, TINY } from "../scripts/run-meridian.ts";
import { SILENT } from "../scripts/silent-terminal.ts";

const JOBS = budget(300, 24);
const KILLS = budget(10, 1);
/** Short, so that a dead worker's jobs are back within seconds; the product's own are half a minute. */
const TIMINGS = { lockMs: 3000, stalledEveryMs: 1000, sendAgainMs: 3000 };
const LIMIT_MS = budget(900_000, 180_000);

/** What happens when, for those who want to see it: `STORM_LOG=1 npm run unit -- kill-storm`. */
const startedMs = performance.now();
function log(text: string): void {
  if (process.env.STORM_LOG !== undefined)
    console.error(`${((performance.now() - startedMs) / 1000).toFixed(1)} s  ${text}`);
}

function hasRedis(): boolean {
  try {
    execFileSync("redis-server", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

describe("a sweep over Redis", {
  skip: hasRedis() ? false : "no redis-server on PATH (apt install redis-server)",
}, () => {
  let folder = "";
  const children = new Set<ChildProcess>();
  const start = (command: string, args: readonly string[]) => {
    const { NODE_TEST_CONTEXT, ...env } = process.env;
    const child = spawn(command, args, {
      cwd: ROOT,
      env,
      stdio: ["ignore", "pipe", process.env.STORM_LOG === undefined ? "ignore" : "inherit"],
    });
    children.add(child);
    child.once("exit", () => children.delete(child));
    return child;
  };
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "meridian-storm-"));
  });
  after(async () => {
    for (const child of children) child.kill("SIGKILL");
    await rm(folder, { recursive: true });
  });

  const redisOn = (port: number, ...more: readonly string[]) =>
    start("redis-server", ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", ...more]);
  const sweepOf = async (seeds: number) => {
    const base = await prepareExperiment(TINY, { overrides: [], strategies: [] });
    const factors = [
      parseVary(`seed=1..${seeds}x${seeds}`),
      parseVary("requests=[200]"),
      parseVary("replications=[1]"),
    ];
    return planSweep({ name: "storm", base, scenarioFile: TINY, factors, design: "grid", points: 1, seed: 1 });
  };

  it("a worker that cannot work leaves, and its job is done by another", { timeout: LIMIT_MS }, async () => {
    const port = await freePort();
    const server = redisOn(port);
    await pause(300);
    const redisUrl = `redis://127.0.0.1:${port}`;
    const sweep = await sweepOf(2);
    const store = openStore(join(folder, "shared"));
    const stop = new AbortController();
    const done: string[] = [];
    const worker = (place: string) =>
      work({
        redisUrl,
        store: openStore(place),
        threads: 1,
        signal: stop.signal,
        timings: TIMINGS,
        onJob: (key) => done.push(key),
        onProblem: (text) => assert.fail(text),
      });
    let idle = () => {};
    const nobodyWorks = new Promise<void>((resolve) => {
      idle = resolve;
    });
    const sent = sendAndWait(sweep, store, {
      redisUrl,
      signal: stop.signal,
      timings: TIMINGS,
      onDone: () => {},
      onIdle: idle,
    });
    await nobodyWorks;
    await assert.rejects(worker(join(folder, "another place")), /SWEEP_UNKNOWN.*the same store on all machines/s);
    // As on a full disk: no result can be written where it belongs.
    const blocked = sweep.jobs.map(({ key }) => join(store.place, key.slice(0, 2), `${key}.json.gz`));
    for (const each of blocked) await mkdir(each, { recursive: true });
    await assert.rejects(worker(store.place), /JOB_NOT_SAVED/);
    for (const each of blocked) await rm(each, { recursive: true });
    const right = worker(store.place);
    await sent;
    stop.abort();
    await right;
    assert.deepEqual(done.sort(), sweep.jobs.map(({ key }) => key).sort());
    server.kill("SIGKILL");
  });

  it("has every result once, and the bytes of a run in one place, though workers, Redis and the sender are killed", {
    timeout: LIMIT_MS,
  }, async () => {
    const sweep = await sweepOf(JOBS);
    const port = await freePort();
    const url = `redis://127.0.0.1:${port}`;
    const redis = () => redisOn(port, "--appendonly", "yes");
    let server = redis();
    await pause(300);

    const place = join(folder, "queue");
    const done = new Map<string, number>();
    const worker = () => {
      const child = start(process.execPath, [
        join(ROOT, "test", "e2e", "storm-worker.ts"),
        url,
        place,
        JSON.stringify(TIMINGS),
      ]);
      child.stdout!.setEncoding("utf8").on("data", (text: string) => {
        for (const line of text.split("\n").filter((each) => each.endsWith(" ran"))) {
          const key = line.slice(0, -4);
          done.set(key, (done.get(key) ?? 0) + 1);
        }
      });
      return child;
    };
    const workers = [worker(), worker()];

    let kills = 0;
    let isRestarted = false;
    // Who sends the jobs is killed on the way, and the same command is given again.
    const file = join(folder, "sweep.json");
    await writeFile(file, JSON.stringify(sweep));
    const script = join(ROOT, "test", "e2e", "storm-sender.ts");
    const sender = start(process.execPath, [script, url, place, JSON.stringify(TIMINGS), file]);
    while (done.size === 0) await pause(20);
    assert.equal(sender.exitCode, null, "it was still waiting");
    sender.kill("SIGKILL");
    log(`${done.size} of ${JOBS} done: SIGKILL to the sender, and another in its place`);

    const stop = new AbortController();
    const onDone = (count: number): void => {
      // A quick machine may be told of many at once: then all that is due happens at once.
      while (kills < KILLS && count >= ((kills + 1) * JOBS) / (KILLS + 2)) {
        const victim = kills % 2;
        workers[victim]!.kill("SIGKILL");
        log(`${count} of ${JOBS} done: SIGKILL to worker ${victim}, and another in its place`);
        workers[victim] = worker();
        kills++;
      }
      if (!isRestarted && kills >= Math.ceil(KILLS / 2)) {
        isRestarted = true;
        server.kill("SIGKILL");
        log(`${count} of ${JOBS} done: SIGKILL to Redis, and it begins again from its append-only file`);
        server.once("exit", () => {
          server = redis();
        });
      }
    };
    const store = openStore(place);
    await sendAndWait(sweep, store, { redisUrl: url, signal: stop.signal, onDone, timings: TIMINGS });
    log(`all ${JOBS} done`);
    assert.deepEqual([kills, isRestarted], [KILLS, true], "the storm took place");

    const files = (await readdir(place, { recursive: true })).filter((name) => name.endsWith(".manifest.json"));
    assert.equal(files.length, JOBS, "a manifest for every job");
    assert.ok(
      [...done.values()].every((count) => count === 1),
      "no worker was first with a result twice",
    );

    const alone = openStore(join(folder, "alone"));
    await runSweep(sweep, alone, { jobs: sweep.jobs, workers: 1, terminal: SILENT, signal: stop.signal });
    const bytes = await Promise.all(
      [store, alone].map(async (each, i) => {
        const out = await mkdtemp(join(folder, `points-${i}-`));
        await writePoints(out, sweep, (await readRows(sweep, each)).rows);
        return readFile(join(out, "points.json"));
      }),
    );
    const [stormed, quiet] = bytes.map((each) => createHash("sha256").update(each).digest("hex").slice(0, 16));
    log(`${files.length} manifests; points.json of the storm ${stormed}, of one thread ${quiet} (SHA-256)`);
    assert.ok(bytes[0]!.equals(bytes[1]!), "the same bytes as in one thread");
  });
});
