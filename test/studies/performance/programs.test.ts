import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { parseCount, parseDurationMs, parseRatePerS } from "../../../simulator/base/quantities.ts";
import { defaultCacheFolder, engineProgram, runChild, SIMPY_VERSION } from "../../../studies/performance/programs.ts";
import type { Round } from "../../../studies/performance/rounds.ts";
import { runHere } from "../run-here.ts";

/** The engine's program without the start of a process. */
async function engineHere(...args: readonly (string | number)[]): Promise<Round> {
  const entry = new URL("../../../studies/performance/engine-round.ts", import.meta.url).pathname;
  const { status, stdout, stderr } = await runHere(entry, [dirname(entry), ...args.map(String)]);
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as Round;
}

const environmentError = (error: unknown) => error instanceof MeridianError && error.exitCode === 4;

test("returns what the program printed", async () => {
  assert.equal(await runChild(process.execPath, ["-e", "process.stdout.write('42')"], 10_000), "42");
});

test("a program that fails is an environment error with its last words", async () => {
  await assert.rejects(
    runChild(process.execPath, ["-e", "console.error('no such model'); process.exit(3)"], 10_000),
    (error) => environmentError(error) && (error as Error).message.includes("no such model"),
  );
});

test("a program that hangs is ended, one that is missing is named", async () => {
  await assert.rejects(runChild(process.execPath, ["-e", "setInterval(() => {}, 1000)"], 300), environmentError);
  await assert.rejects(runChild("no-such-program-here", [], 1_000), environmentError);
});

const engine = engineProgram();

test("R1: at 64 slots a region almost no request waits, so the latency is the service law: mean 4 s, p95 11.13 s", async () => {
  const round = await engine("r1", 60_000, 5);
  assert.equal(round.requests, 60_000);
  assert.ok(round.seconds > 0);
  // Sampling error of 60,000 lognormal values of cv 1: 0.41 % of the mean, 0.9 % of the p95; a small wait comes on top.
  assert.ok(Math.abs(round.meanMs / 4_005 - 1) < 0.017, `mean ${round.meanMs}`);
  assert.ok(Math.abs(round.p95Ms / 11_130 - 1) < 0.036, `p95 ${round.p95Ms}`);
  assert.equal(round.throttledShare + round.failedShare, 0);
});

test("R2: the quota refuses a few per cent of attempts, retries serve nearly all requests", async () => {
  const round = await engineHere("r2", 60_000, 5);
  assert.ok(round.throttledShare > 0.001 && round.throttledShare < 0.2, `throttled ${round.throttledShare}`);
  assert.ok(round.failedShare < 0.01, `failed ${round.failedShare}`);
  assert.ok(round.meanMs > 3_900 && round.meanMs < 4_200);
});

test("the same seed gives the same answers, another seed others", async () => {
  const answers = async (seed: number) => {
    const { meanMs, p95Ms, throttledShare } = await engineHere("r2", 4_000, seed);
    return [meanMs, p95Ms, throttledShare];
  };
  const nine = await answers(9);
  assert.deepEqual(await answers(9), nine);
  assert.notDeepEqual(await answers(10), nine);
});

const root = new URL("../../../", import.meta.url);
const python = readFileSync(new URL("studies/performance/simpy_r1r2.py", root), "utf8");
const scenario = (name: string) => readFileSync(new URL(`studies/performance/${name}.yaml`, root), "utf8");

function constant(name: string): number {
  return Number(new RegExp(`^${name} = ([0-9.]+)$`, "m").exec(python)![1]);
}

function found(text: string, pattern: RegExp): string {
  return pattern.exec(text)![1]!;
}

test("the scenario files and the SimPy model are the same model", () => {
  for (const text of [scenario("r1"), scenario("r2")]) {
    assert.equal(found(text, /regions: \[([^\]]+)\]/).split(",").length, constant("REGIONS"));
    assert.equal(Number(found(text, /servers: (\d+)/)), constant("SLOTS"));
    assert.equal(parseRatePerS(found(text, /poisson: (\S+)/)), constant("ARRIVALS_PER_S"));
    assert.equal(
      parseDurationMs(found(text, /service: \{ lognormal: \{ mean: ([^,]+),/)),
      1_000 * constant("SERVICE_MEAN_S"),
    );
    assert.equal(Number(found(text, /maxTokens: (\d+)/)), constant("MAX_TOKENS"));
  }
  const r2 = scenario("r2");
  assert.equal(parseCount(found(r2, /limit: ([^,]+),/))! / 60, constant("BUCKET_FILL_PER_S"));
  assert.equal(parseCount(found(r2, /burst: (\S+)/)), constant("BUCKET_BURST"));
  assert.equal(Number(found(r2, /input: \{ lognormal: \{ mean: (\d+)/)), constant("INPUT_MEAN"));
  assert.equal(Number(found(r2, /output: \{ lognormal: \{ mean: (\d+)/)), constant("OUTPUT_MEAN"));
  assert.equal(Number(found(r2, /maxAttempts: (\d+)/)), constant("ATTEMPTS_MAX"));
  assert.match(python, /rng\.random\(\) \* min\(20\.0, 0\.1 \* 2\*\*attempt\)/);
  assert.match(r2, /base: 100ms, factor: 2, cap: 20s, jitter: full/);
});

test("the cache folder follows XDG_CACHE_HOME; the version is pinned", () => {
  assert.equal(defaultCacheFolder({ XDG_CACHE_HOME: "/x" }), "/x/meridian/perf");
  assert.match(SIMPY_VERSION, /^4\.\d+\.\d+$/);
});
