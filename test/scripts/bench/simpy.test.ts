import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { defaultCacheFolder, SIMPY_VERSION } from "../../../scripts/bench/simpy.ts";
import { parseCount, parseDurationMs, parseRatePerS } from "../../../simulator/scenario/units.ts";

const root = new URL("../../../", import.meta.url);
const python = readFileSync(new URL("scripts/bench/simpy_r1r2.py", root), "utf8");
const scenario = (name: string) => readFileSync(new URL(`scenarios/bench/${name}.yaml`, root), "utf8");

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
  assert.equal(defaultCacheFolder({ XDG_CACHE_HOME: "/x" }), "/x/meridian/bench");
  assert.match(SIMPY_VERSION, /^4\.\d+\.\d+$/);
});
