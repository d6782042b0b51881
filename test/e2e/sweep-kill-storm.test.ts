import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { prepareExperiment } from "../../scripts/io/experiment.ts";
import { openStore } from "../../scripts/sweep/open-store.ts";
import { parseVary, planSweep } from "../../scripts/sweep/plan-sweep.ts";
import { sendAndWait } from "../../scripts/sweep/queue.ts";
import { runSweep } from "../../scripts/sweep/run-sweep.ts";
import { readRows, writePoints } from "../../scripts/sweep/sweep-report.ts";
import { budget } from "../budget.ts";
import { ROOT, TINY } from "../scripts/run-meridian.ts";

const JOBS = budget(300, 24);
const KILLS = budget(10, 1);
/** Short, so that a dead worker's jobs are back within seconds; the product's own are half a minute. */
const TIMINGS = { lockMs: 3000, stalledEveryMs: 1000, sendAgainMs: 3000 };
const LIMIT_MS = 180_000;

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

  it("has every result once, and the bytes of a run in one place, though workers and Redis are killed", {
    timeout: LIMIT_MS,
  }, async () => {
    const base = await prepareExperiment(TINY, { overrides: [], strategies: [] });
    const factors = [parseVary(`seed=1..${JOBS}x${JOBS}`), parseVary("requests=[200]"), parseVary("replications=[1]")];
    const sweep = await planSweep({
      name: "storm",
      base,
      scenarioFile: TINY,
      factors,
      design: "grid",
      points: 1,
      seed: 1,
    });
    const port = await freePort();
    const url = `redis://127.0.0.1:${port}`;
    const redis = () =>
      start("redis-server", [
        "--port",
        String(port),
        "--bind",
        "127.0.0.1",
        "--dir",
        folder,
        "--appendonly",
        "yes",
        "--save",
        "",
      ]);
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
    let killedAt = 0;
    const stop = new AbortController();
    const onDone = (count: number): void => {
      const isDue = count >= ((kills + 1) * JOBS) / (KILLS + 2) && count > killedAt;
      if (kills < KILLS && isDue) {
        const victim = kills % 2;
        workers[victim]!.kill("SIGKILL");
        workers[victim] = worker();
        kills++;
        killedAt = count;
      } else if (!isRestarted && kills >= Math.ceil(KILLS / 2)) {
        isRestarted = true;
        server.kill("SIGKILL");
        server.once("exit", () => {
          server = redis();
        });
      }
    };
    const store = openStore(place);
    await sendAndWait(sweep, store, { redisUrl: url, signal: stop.signal, onDone, timings: TIMINGS });
    assert.deepEqual([kills, isRestarted], [KILLS, true], "the storm took place");

    const files = (await readdir(place, { recursive: true })).filter((name) => name.endsWith(".manifest.json"));
    assert.equal(files.length, JOBS, "a manifest for every job");
    assert.ok(
      [...done.values()].every((count) => count === 1),
      "no worker was first with a result twice",
    );

    const alone = openStore(join(folder, "alone"));
    const terminal = {
      out: () => {},
      note: () => {},
      problem: () => {},
      colour: false,
      width: 80,
      live: false,
      quiet: true,
    };
    await runSweep(sweep, alone, { jobs: sweep.jobs, workers: 2, terminal, signal: stop.signal });
    const bytes = await Promise.all(
      [store, alone].map(async (each, i) => {
        const out = await mkdtemp(join(folder, `points-${i}-`));
        await writePoints(out, sweep, (await readRows(sweep, each)).rows);
        return readFile(join(out, "points.json"));
      }),
    );
    assert.ok(bytes[0]!.equals(bytes[1]!), "the same bytes as on worker threads");
  });
});
