import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { scenarioFleet, startFleet } from "../../../emulator/fleet.ts";
import { prepareText } from "../../../scripts/io/experiment.ts";
import type { ValidationResult } from "../../../simulator/validate/result.ts";
import { k6ForTests } from "../../scenarios/k6/k6.ts";
import { meridian, meridianHere } from "../run-meridian.ts";

/** Ten seconds of two regions, the first with a quota that is too small; margins that a busy machine keeps. */
function scenario(stepBase: string): string {
  return `name: small
seed: 5
duration: 12m
replications: 2
routers: 2
world:
  regions: [us-east-1, eu-west-1]
  models:
    nova:
      id: amazon.nova-pro-v1:0
      capacity: { kind: batching, stepBase: ${stepBase}, stepPerSequence: 0.2ms, prefill: { base: 200ms }, maxBatch: 64 }
  network: { roundTrips: none, jitter: none }
  prices: { book: none, overrides: [{ model: nova, input: 1, output: 5 }] }
  quotas: [{ region: us-east-1, tokensPerMinute: 15k, law: token-bucket }]
traffic:
  - { class: chat, arrivals: { poisson: 32/s }, tokens: { input: 120, output: 30, maxTokens: 50 } }
strategies:
  - { name: alone, single: { target: us-east-1 } }
  - { name: both, priority: { targets: [us-east-1, eu-west-1], cooldown: 1s } }
client: { retry: standard }
validation:
  at: 10m
  for: 10s
  strategies: [both]
  margins: { p50: 20%, p95: 60%, p99: 60%, throttled: 10%, unavailable: 5%, retries: 0.2, failed: 5%, split: 20%, cost: 2% }
assert: ["failed(strategy=alone) < 0.001%"]
`;
}

let folder = "";
let file = "";
before(
  async () => {
    folder = await mkdtemp(join(tmpdir(), "meridian-validate-test-"));
    file = join(folder, "small.yaml");
    await writeFile(file, scenario("8ms"));
    await k6ForTests();
  },
  { timeout: 900_000 },
);
after(() => rm(folder, { recursive: true, force: true }));

async function onlyRun(out: string): Promise<string> {
  const [name, ...others] = (await readdir(out)).filter((each) => each !== "latest");
  assert.equal(others.length, 0);
  assert.match(name!, /^small-validation-\d{8}t\d{6}-[0-9a-f]{8}$/);
  return join(out, name!);
}

/** Other work on the machine may make a run invalid, which it then has to say; nothing else may be wrong. */
function assertLateAtMost({ outcome, invalid }: ValidationResult, code: number | null, stderr: string): void {
  if (outcome !== "invalid") return;
  assert.equal(code, 99, stderr);
  for (const reason of invalid) assert.match(reason, / late at the 99th percentile|harness itself errs by/);
}

describe("meridian validate", () => {
  it("finds the emulator equivalent, and makes every figure again from the folder", { timeout: 240_000 }, async () => {
    const out = join(folder, "runs");
    const { code, stdout, stderr } = await meridian(["validate", file, "--drain", "20s", "--out", out, "--json"]);
    const result = JSON.parse(stdout) as ValidationResult;
    assertLateAtMost(result, code, stderr);
    if (result.outcome !== "invalid") {
      assert.equal(code, 0, result.verdict);
      assert.equal(result.outcome, "equivalent", result.verdict);
    }
    assert.deepEqual(
      result.strategies.map(({ name }) => name),
      ["both"],
    );
    assert.equal(result.window.startsAt, "2026-05-04T00:10:00.000Z");
    const total = new Map(result.strategies[0]!.total.quantities.map((quantity) => [quantity.id, quantity]));
    assert.ok(total.get("throttled")!.measured! > 0, "the quota refused");
    assert.ok(total.get("split.eu-west-1")!.measured! > 0.05, "and the fallback served");
    assert.ok(result.harness!.rows.every(({ errorMs }) => errorMs > -20));
    const run = await onlyRun(out);
    const names = await readdir(run);
    const before = await Promise.all(names.map((name) => readFile(join(run, name))));
    for (const name of names.filter((each) => /validation|measured|report|summary/.test(each))) {
      await writeFile(join(run, name), "spoilt");
    }
    const again = await meridianHere(["validate", "--from", run, "--out", out]);
    assert.equal(again.code, code, again.stderr);
    assert.match(again.stdout, /harness itself errs by/);
    assert.ok(!again.stderr.includes("simulates the scenario otherwise"), again.stderr);
    for (const [i, name] of names.entries()) {
      assert.ok(before[i]!.equals(await readFile(join(run, name))), `${name} differs`);
    }
  });

  it("fails where the endpoints are of another world", { timeout: 240_000 }, async () => {
    const { inputs } = await prepareText(scenario("16ms"), "slow.yaml");
    const fleet = await startFleet({ ...scenarioFleet(inputs.plan, { startMs: 600_000 }), auth: "off" });
    try {
      const endpoints = join(folder, "endpoints.yaml");
      const lines = fleet.endpoints.map(({ region, url }) => `  ${region}: ${url}\n`);
      await writeFile(endpoints, `auth: none\nendpoints:\n${lines.join("")}`);
      const out = join(folder, "wrong");
      // Answers that take twice as long show in few.
      const short = ["--duration", "5s", "--drain", "20s"];
      const args = ["validate", file, "--target", endpoints, ...short, "--out", out, "--json"];
      const { code, stdout, stderr } = await meridian(args);
      assert.equal(code, 99, stderr);
      const result = JSON.parse(stdout) as ValidationResult;
      assertLateAtMost(result, code, stderr);
      assert.equal(result.strategies[0]!.outcome, "different", result.verdict);
      const p50 = result.strategies[0]!.total.quantities.find(({ id }) => id === "e2e.p50")!;
      assert.ok(p50.outcome === "different" && p50.difference! < -0.2, JSON.stringify(p50));
    } finally {
      await fleet.close(0);
    }
  });

  it("stopped by Ctrl-C leaves no run", { timeout: 120_000 }, async () => {
    const out = join(folder, "stopped");
    const { code, stderr } = await meridian(["validate", file, "--out", out], {
      onFirstOutput: (child) => void sleep(4000).then(() => child.kill("SIGINT")),
    });
    assert.equal(code, 130, stderr);
    assert.deepEqual(await readdir(out).catch(() => []), []);
  });

  describe("says before it starts anything", () => {
    const refused = async (args: readonly string[], code: number, text: RegExp): Promise<void> => {
      const done = await meridianHere(["validate", ...args, "--out", join(folder, "refused")]);
      assert.equal(done.code, code, done.stderr);
      assert.match(done.stderr, text);
    };

    it("that there is nothing to validate, or too much", async () => {
      await refused([], 2, /VALIDATE_WHAT/);
      await refused([file, "--from", folder], 2, /VALIDATE_WHAT/);
    });

    it("that a folder holds no validation", () => refused(["--from", folder], 3, /VALIDATION_NOT_FOUND/));

    it("that a window is too long or lies behind the end", async () => {
      await refused([file, "--at", "0s", "--duration", "2h"], 2, /VALIDATE_TOO_LONG/);
      await refused([file, "--at", "2h", "--set", "validation={}"], 2, /arrivalsFrom/);
    });
  });
});
