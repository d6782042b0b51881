import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { defaultWorkers, driveJob, runOnPool, runWhileShort, WaitingJobs } from "../../../scripts/io/worker-pool.ts";
import { MeridianError } from "../../../simulator/base/errors.ts";
import type { CountingJob } from "./counting-worker.ts";

const workerFile = new URL("./counting-worker.ts", import.meta.url).href;

function run(
  jobs: readonly CountingJob[],
  workers: number,
  signal = new AbortController().signal,
  onProgress = () => {},
) {
  return runOnPool<CountingJob, number, number>(jobs, {
    workerFile,
    shared: { offset: 100 },
    workers,
    signal,
    onProgress,
  });
}

const triangle = (n: number) => 100 + (n * (n + 1)) / 2;

describe("jobs that wait", () => {
  it("begin in their order where nothing is known of how long they take", () => {
    const waiting = new WaitingJobs(["", "", ""]);
    assert.equal(waiting.take(), 0);
    waiting.took(0, 5);
    assert.deepEqual([waiting.take(), waiting.take(), waiting.take()], [1, 2, undefined]);
  });

  it("two workers are done together: of kinds that take 7 and 9 s, twice each, the longer goes first once it is known", () => {
    const waiting = new WaitingJobs(["a", "b", "a", "b"]);
    const lengths = [7, 9, 7, 9];
    const freeAt = [0, 0];
    const running = [waiting.take()!, waiting.take()!];
    for (;;) {
      const worker = freeAt[0]! + lengths[running[0]!]! <= freeAt[1]! + lengths[running[1]!]! ? 0 : 1;
      const done = running[worker]!;
      freeAt[worker]! += lengths[done]!;
      waiting.took(done, lengths[done]!);
      const next = waiting.take();
      if (next === undefined) {
        freeAt[1 - worker]! += lengths[running[1 - worker]!]!;
        break;
      }
      running[worker] = next;
    }
    // In their order: 14 and 18.
    assert.deepEqual(freeAt, [16, 16]);
  });
});

describe("worker pool", () => {
  it("answers in the order of the jobs, whatever the number of workers", async () => {
    const sizes = [200_000, 10, 3000, 1, 40];
    const jobs = sizes.map((upTo) => ({ upTo }));
    const expected = sizes.map(triangle);
    assert.deepEqual(await run(jobs, 1), expected);
    assert.deepEqual(await run(jobs, 2), expected);
  });

  it("works without jobs", async () => {
    assert.deepEqual(await run([], 2), []);
    assert.equal(defaultWorkers(1), 1);
    assert.equal(defaultWorkers(0), 1);
  });

  it("brings a problem over with its code and exit code", async () => {
    await assert.rejects(run([{ upTo: 5 }, { fail: "data" }, { fail: "for-ever" }], 2), (error) => {
      assert.ok(error instanceof MeridianError);
      assert.equal(error.exitCode, 3);
      assert.deepEqual(error.problems, [{ code: "TRACE_BAD", what: "bad row", where: "t.csv:3" }]);
      return true;
    });
  });

  it("calls any other error a bug of ours", async () => {
    await assert.rejects(run([{ fail: "bug" }], 1), (error) => {
      assert.ok(error instanceof MeridianError);
      assert.equal(error.kind, "internal");
      assert.match(error.message, /x is undefined/);
      return true;
    });
  });

  it("stops workers that would never end, on request", async () => {
    const controller = new AbortController();
    const running = run([{ fail: "for-ever" }, { fail: "for-ever" }], 2, controller.signal, () => controller.abort());
    await assert.rejects(running, (error) => error instanceof MeridianError && error.exitCode === 130);
  });
});

describe("driveJob", () => {
  it("posts progress at most five times a second", () => {
    let nowMs = 0;
    const posted: number[] = [];
    function* steps(): Generator<number, string> {
      for (nowMs = 0; nowMs < 1000; nowMs += 10) yield nowMs;
      return "done";
    }
    const answer = driveJob(steps(), { postMessage: (value: number) => posted.push(value) }, () => nowMs);
    assert.deepEqual(answer, { ok: true, output: "done" });
    assert.deepEqual(posted, [200, 400, 600, 800]);
  });
});

describe("short work", () => {
  const options = { signal: new AbortController().signal, onProgress: () => {} };
  function* counting(upTo: number): Generator<{ readonly share: number }, number> {
    for (let i = 1; i < upTo; i++) yield { share: i / upTo };
    return upTo;
  }
  /** Takes processor time, as the judgement is by that and not by the clock on the wall. */
  function* slow(steps: number): Generator<{ readonly share: number }, number> {
    for (let i = 1; i <= steps; i++) {
      const before = process.cpuUsage();
      while (process.cpuUsage(before).user < 60_000);
      yield { share: i / steps };
    }
    return steps;
  }

  it("is done in this thread, in the order of the jobs", async () => {
    const seen: (readonly [number, number])[] = [];
    const onProgress = (job: number, { share }: { readonly share: number }) => void seen.push([job, share]);
    assert.deepEqual(await runWhileShort([2, 1], counting, { ...options, onProgress }), [2, 1]);
    assert.deepEqual(seen, [[0, 0.5]]);
  });

  it("ends with the first job that shows all of them to be long", async () => {
    const begun: number[] = [];
    const stepsOf = (job: number) => {
      begun.push(job);
      return job < 2 ? counting(job) : slow(job);
    };
    assert.deepEqual(await runWhileShort([1, 1000, 1000, 1000], stepsOf, options), [1]);
    assert.deepEqual(begun, [1, 1000]);
  });

  it("stops on request, and brings errors as workers do", async () => {
    const controller = new AbortController();
    const onProgress = () => controller.abort();
    await assert.rejects(
      runWhileShort([1000], counting, { signal: controller.signal, onProgress }),
      (error) => error instanceof MeridianError && error.kind === "interrupted",
    );
    const broken = (): Iterator<{ readonly share: number }, number> => ({
      next: () => {
        throw new TypeError("x is undefined");
      },
    });
    await assert.rejects(
      runWhileShort([1], broken, options),
      (error) => error instanceof MeridianError && error.kind === "internal" && /x is undefined/.test(error.message),
    );
  });
});

it("keeps garbage low in all threads once jobs end, and finds compiled code in a checkout", () => {
  const pool = JSON.stringify(new URL("../../../scripts/io/worker-pool.ts", import.meta.url).href);
  const script = `
    const options = { workerFile: ${JSON.stringify(workerFile)}, shared: { offset: 100 }, workers: 1, onProgress: () => {} };
    import(${pool}).then(({ runOnPool }) => runOnPool([{ upTo: 3 }], { ...options, signal: new AbortController().signal }));
  `;
  const cache = mkdtempSync(join(tmpdir(), "meridian-cache-"));
  const preload = `--import=${import.meta.resolve("../fixtures/note-flags.mjs")}`;
  const { stderr, status } = spawnSync(process.execPath, [preload, "-e", script], {
    encoding: "utf8",
    env: { ...process.env, NODE_COMPILE_CACHE: cache, NODE_DEBUG_NATIVE: "COMPILE_CACHE" },
  });
  rmSync(cache, { recursive: true });
  assert.equal(status, 0, stderr);
  assert.match(stderr, /^main sets --heap-growing-percent=50$/m);
  // The worker's file was compiled for this thread first, and its thread read what was kept.
  const about = stderr.split("\n").filter((line) => /StrippedTypeScript .*counting-worker\.ts/.test(line));
  assert.ok(
    about.some((line) => /reading cache .*success/.test(line)),
    about.join("\n"),
  );
});
