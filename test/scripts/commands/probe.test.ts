import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { Command } from "commander";
import type { CommonOptions } from "../../../scripts/commands/command.ts";
import { addProbePaceOptions, addProbeTargetOptions, probeSettings } from "../../../scripts/commands/probe.ts";
import { readProbeFile } from "../../../scripts/probe/run-probe.ts";
import type { ProbeSummary } from "../../../simulator/probe/summary.ts";
import { inOneOfThree } from "../../busy-host.ts";
import { type EmulatorProcess, startEmulator } from "../emulator-process.ts";
import { meridian, meridianHere, ROOT } from "../run-meridian.ts";

/** Alone on a machine without noise: 150 ms + 500 x 0.2 ms of prefill and steps of 20 ms. */
const WORLD = `
name: probe-world
seed: 1
duration: 24h
world:
  regions: [us-east-1, eu-west-1]
  models:
    nova:
      id: amazon.nova-pro-v1:0
      capacity:
        { kind: batching, stepBase: 20ms, stepPerSequence: 0ms, prefill: { base: 150ms, perToken: 0.2ms }, maxBatch: 16 }
traffic:
  - { class: chat, arrivals: { poisson: 1/s }, tokens: { input: 100, output: 30, maxTokens: 200 } }
strategies: [round-robin]
`;
const TTFT_MS = 150 + 500 * 0.2 + 20;
const MODEL = "amazon.nova-pro-v1:0";
const CANARIES = {
  AWS_ACCESS_KEY_ID: "AKIACANARYCANARY0000",
  AWS_SECRET_ACCESS_KEY: "CANARYsecretCANARYsecretCANARYsecret0000",
  AWS_SESSION_TOKEN: "IQoJb3JpZ2luX2VjCANARYCANARYCANARYCANARYCANARY",
};

describe("meridian probe", () => {
  let folder = "";
  let emulator: EmulatorProcess;
  let endpoints = "";
  let env: Record<string, string> = {};

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "meridian-probe-"));
    await writeFile(join(folder, "world.yaml"), WORLD);
    emulator = await startEmulator([join(folder, "world.yaml")]);
    endpoints = join(folder, "endpoints.yaml");
    const lines = emulator.ready.endpoints.map(({ region, url }) => `  ${region}: ${url}`);
    await writeFile(endpoints, `auth: sigv4\nendpoints:\n${lines.join("\n")}\n`);
    env = { ...emulator.ready.endpoints[0]!.environment, HOME: folder };
  });
  const answered = async (): Promise<number> => {
    const reply = await fetch(`${emulator.ready.endpoints[0]!.url}/_meridian/audit`);
    return ((await reply.json()) as { requests: number }).requests;
  };
  after(async () => {
    await emulator.stop();
    await rm(folder, { recursive: true });
  });

  it("finds the emulator's physics again, in every region of a scenario, and keeps every call", async () => {
    const out = join(folder, "probe.json");
    const args = ["probe", join(folder, "world.yaml"), "--endpoints", endpoints, "--count", "7", "--interval", "100ms"];
    await inOneOfThree(async () => {
      const asked = [...args, "--output-tokens", "20", "--out", out, "--json"];
      const { code, stdout, stderr } = await meridianHere(asked, env);
      assert.equal(code, 0, stderr);
      const { kind, targets } = JSON.parse(stdout) as { kind: string; targets: readonly ProbeSummary[] };
      assert.equal(kind, "probe");
      assert.deepEqual(targets.map(({ region, calls, answered }) => [region, calls, answered]).sort(), [
        ["eu-west-1", 7, 7],
        ["us-east-1", 7, 7],
      ]);
      for (const { gaps, ttftMsP50, tokensPerSP50 } of targets) {
        assert.ok(ttftMsP50.low! <= ttftMsP50.value! && ttftMsP50.value! <= ttftMsP50.high!);
        assert.ok(gaps.n === 7 * 19 && gaps.p50Ms! < gaps.maxMs!);
        assert.ok(tokensPerSP50.value! > 20 && tokensPerSP50.value! < 100, `${tokensPerSP50.value} tokens/s`);
      }
      // Never too early; later by what a busy machine takes, which is not much for the quickest call.
      const { probes } = await readProbeFile(out);
      for (const [timesMs, trueMs] of [
        [probes.map(({ ttftMs }) => ttftMs!), TTFT_MS],
        [probes.map(({ e2eMs }) => e2eMs!), TTFT_MS + 19 * 20],
      ] as const) {
        const quickestMs = Math.min(...timesMs);
        assert.ok(quickestMs > trueMs - 3 && quickestMs < trueMs + 40, `${quickestMs} ms, not ${trueMs}`);
      }
    });
    const file = await readProbeFile(out);
    assert.deepEqual([file.ended, file.probes.length], ["all", 14]);
    assert.ok(file.harness !== null);
    for (const { inputTokens, outputTokens, interTokenMs } of file.probes) {
      assert.deepEqual([inputTokens, outputTokens, interTokenMs.length], [500, 20, 19]);
    }
  });

  it("prints a table, goes on where one model fails, says why and exits 4", async () => {
    const url = emulator.ready.endpoints[0]!.url;
    const args = ["probe", "--region", "us-east-1", "--model", "amazon.nothing-v1:0", MODEL, "--endpoint-url", url];
    const { code, stdout, stderr } = await meridianHere([...args, "--count", "2", "--interval", "50ms"], env);
    assert.equal(code, 4, stderr);
    assert.match(stdout, /us-east-1 +2\/2 /);
    assert.match(stdout, /us-east-1 +0\/1 /);
    assert.match(
      stderr,
      /PROBE_MODEL_NOT_HERE {2}us-east-1 amazon\.nothing-v1:0: The provided model identifier is invalid/,
    );
    assert.ok(stdout.split("\n").every((line) => line.length <= 160));
  });

  it("keeps what was measured when it is stopped: exit 130 and a whole file", async () => {
    const out = join(folder, "stopped.json");
    const args = ["probe", "--region", "us-east-1", "--model", MODEL, "--endpoints", endpoints, "--out", out];
    const before = await answered();
    const { code, stdout, stderr } = await meridian([...args, "--count", "500", "--interval", "100ms"], {
      env,
      // Calls of a region follow one another: where the third was answered, two have been read.
      onFirstOutput: async (child) => {
        while (child.exitCode === null && (await answered()) < before + 3) await sleep(50);
        child.kill("SIGINT");
      },
    });
    assert.equal(code, 130, stderr);
    assert.match(stderr, /INTERRUPTED/);
    const file = await readProbeFile(out);
    assert.equal(file.ended, "interrupted");
    assert.ok(file.probes.length > 0 && file.probes.length < 500, `${file.probes.length}`);
    assert.ok(file.probes.every(({ error }) => error === null));
    assert.match(stdout, new RegExp(`us-east-1 +${file.probes.length}/${file.probes.length} `));
  });

  it("never shows a secret, whatever goes wrong", async () => {
    const place = await mkdtemp(join(folder, "canary-"));
    const out = join(place, "probe.json");
    const target = ["--region", "us-east-1", "--model", MODEL, "--count", "1", "--out", out];
    const url = emulator.ready.endpoints[0]!.url;
    const apiKey = { AWS_BEARER_TOKEN_BEDROCK: "ABSKCANARYCANARYCANARYCANARYCANARY" };
    const texts: string[] = [];
    for (const [args, secrets] of [
      [["probe", ...target, "--endpoint-url", url], CANARIES],
      [["probe", ...target, "--endpoint-url", url, "--json"], { ...CANARIES, ...apiKey }],
      [["probe", ...target, "--endpoints", endpoints], CANARIES],
      [["doctor", "--out", join(place, "runs")], { ...CANARIES, ...apiKey }],
    ] as const) {
      const all = { ...env, ...secrets, MERIDIAN_DEBUG: "1" };
      // What goes around the streams of the process shows in one of its own.
      const done = await (texts.length === 0 ? meridian(args, { env: all }) : meridianHere(args, all));
      if (args[0] === "probe") assert.ok(done.code === 4 || done.code === 2, done.stderr);
      texts.push(done.stdout, done.stderr);
    }
    for (const name of await readdir(place))
      if (name.endsWith(".json")) texts.push(await readFile(join(place, name), "utf8"));
    assert.ok(texts.join("").includes("wrong-credentials"));
    assert.ok(
      !/CANARY/.test(texts.join("\n")),
      texts.find((text) => text.includes("CANARY")),
    );
  });

  it("spends nothing by accident: the worst case is printed and all three locks are named", async () => {
    const away = ["--endpoint-url", "https://203.0.113.1", "--allow-host", "203.0.113.1"];
    const args = ["probe", "--region", "us-east-1", "--model", MODEL, ...away];
    const { code, stdout, stderr } = await meridianHere(args, env);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, /20 calls of other machines cost at most 0\.\d+ USD/);
    for (const lock of [/add --spend-real-money/, /add --budget-usd/, /add the --confirm token/])
      assert.match(stderr, lock);
    const dry = await meridianHere([...args, "--dry-run", "--budget-usd", "1", "--json"], env);
    assert.match(JSON.parse(dry.stdout).confirm, /^[0-9a-f]{12}-/);
    const small = await meridianHere([...args, "--spend-real-money", "--budget-usd", "0.000001"], env);
    assert.match(small.stderr, /one call may cost/);
    const fast = await meridianHere([...args, "--spend-real-money", "--budget-usd", "1", "--interval", "10ms"], env);
    assert.match(fast.stderr, /PROBE_TOO_FAST/);
  });

  it("costs other verbs nothing: the SDK is loaded when it is needed", async () => {
    const script = `import { createRequire } from "node:module";
      await import("./scripts/commands/probe.ts"); await import("./scripts/commands/doctor.ts");
      const loaded = Object.keys(createRequire(import.meta.url).cache).filter((path) => path.includes("@aws-sdk"));
      console.log(loaded.length);`;
    const args = ["--input-type=module", "--eval", script];
    const { NODE_TEST_CONTEXT, ...rest } = process.env;
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, env: rest });
    assert.equal(stdout.trim(), "0");
  });
});

function parsed(args: readonly string[]): CommonOptions {
  const command = new Command().exitOverride().configureOutput({ outputError: () => {} });
  addProbeTargetOptions(command);
  addProbePaceOptions(command);
  return command.parse(args, { from: "user" }).opts();
}

describe("options of a probe", () => {
  it("have the defaults that the help names", () => {
    const { count, interval, timeout, limit, inputTokens, outputTokens } = parsed([]);
    assert.deepEqual([count, interval, timeout, limit], [20, 2000, 60_000, 1_800_000]);
    assert.deepEqual([inputTokens, outputTokens], [500, 100]);
  });

  it("take lists, prices and amounts", () => {
    const options = parsed("--region a b --model x y --price 3,15 --budget-usd 0.5 --allow-host h".split(" "));
    const settings = probeSettings(undefined, options);
    assert.deepEqual(
      [settings.regions, settings.models],
      [
        ["a", "b"],
        ["x", "y"],
      ],
    );
    assert.deepEqual(settings.prices, { input: 3, output: 15 });
    assert.equal(options.budgetUsd, 0.5);
  });

  it("say what is wrong with a value", () => {
    for (const [option, value, message] of [
      ["--interval", "2", /It must be a time/],
      ["--interval", "40d", /It must be a time/],
      ["--count", "0", /1 or more/],
      ["--count", "5000", /at most 1000/],
      ["--price", "3", /two prices/],
      ["--price", "3,x", /two prices/],
      ["--budget-usd", "free", /amount in USD/],
    ] as const) {
      assert.throws(() => parsed([option, value]), message, `${option} ${value}`);
    }
    assert.throws(() => parsed("--endpoint-url http://127.0.0.1 --endpoints a.yaml".split(" ")), /cannot be used with/);
  });
});
