import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "yaml";
import { prepareExperiment } from "../../../scripts/io/experiment.ts";
import { parseCount, parseDurationMs } from "../../../simulator/base/quantities.ts";
import { assembleResult, planJobs, runJob } from "../../../simulator/experiment/index.ts";
import { withMeasured } from "../../../studies/performance/page.ts";

const folder = new URL("../../../studies/performance/", import.meta.url);
const read = (file: string) => readFileSync(new URL(file, folder), "utf8");

async function totalOf(strategy: string, load: number) {
  const overrides = [
    { path: ["requests"], value: 100_000, origin: "test" },
    { path: ["traffic", 0, "arrivals", "sinusoid", "rate"], value: `${9 * load}/s`, origin: "test" },
  ];
  const file = new URL("r3.yaml", folder).pathname;
  const prepared = await prepareExperiment(file, { overrides, strategies: [strategy] });
  const inputs = { ...prepared.inputs, skipQuotaNeeds: true };
  const outputs = planJobs(inputs, 1).map((job) => {
    const steps = runJob(inputs, job);
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
    }
  });
  const result = assembleResult(inputs, outputs, { scenarioSha256: "", meridianVersion: "", traces: [] });
  return result.strategies[0]!.total;
}

/**
 * Answers of kernel_r3.cpp, a program of its own with draws of its own, at 100,000 requests: mean and standard deviation
 * over seeds 1 to 40. A run of the engine may be four standard deviations off.
 */
const KERNEL = [
  {
    strategy: "least-outstanding",
    load: 1,
    answers: { mean: [5320.6, 14.4], p95: [13_835, 81], ttftP95: [1776.5, 6.3], usd: [6.855, 0.0184] },
  },
  {
    strategy: "cheapest within 12 s",
    load: 1,
    answers: {
      mean: [5692.4, 52.1],
      p95: [14_903, 165],
      ttftP95: [1799, 9.6],
      usd: [6.5938, 0.0351],
      throttled: [0.00774, 0.00147],
    },
  },
  {
    strategy: "cheapest within 12 s",
    load: 3,
    answers: {
      mean: [12_893, 230],
      p95: [29_283, 290],
      usd: [6.7031, 0.0247],
      throttled: [0.3654, 0.0096],
      refused: [4074, 545],
      unserved: [24_713, 1130],
      timedOut: [6.9, 3.1],
    },
  },
] as const;

for (const { strategy, load, answers } of KERNEL) {
  test(`R3 with ${strategy} at ${load} times its load: the answers are those of another program`, async () => {
    const { counts, e2eMs, ttftMs, throttledAttemptShare, cost } = await totalOf(strategy, load);
    const found: Readonly<Record<string, number>> = {
      mean: e2eMs.mean.value!,
      p95: e2eMs.p95.value!,
      ttftP95: ttftMs.p95.value!,
      usd: cost.source.usdPer1kServed.value!,
      throttled: throttledAttemptShare.value!,
      refused: counts.attemptsUnavailable,
      unserved: counts.sent - counts.served,
      timedOut: counts.attemptsTimedOut,
    };
    for (const [what, [mean, deviation]] of Object.entries(answers)) {
      const off = (found[what]! - mean) / deviation;
      assert.ok(Math.abs(off) <= 4, `${what}: ${found[what]}, not ${mean}: ${off.toFixed(1)} standard deviations off`);
    }
  });
}

test("the scenario file, the SimPy model and the C++ program of R3 are the same model", () => {
  const { world, traffic, client, strategies } = parse(read("r3.yaml"));
  const { capacity } = world.models.m;
  const origins = Object.values<{ rtt: Record<string, string> }>(world.network.origins);
  const rtt = origins.map((origin) => Object.values(origin.rtt).map((text) => parseDurationMs(text)));
  const [everywhere, ...own] = world.quotas;
  const limits = world.regions.map((region: string) =>
    parseCount((own.find((quota: { region: string }) => quota.region === region) ?? everywhere).tokensPerMinute),
  );
  const { rate, amplitude, peakAt } = traffic[0].arrivals.sinusoid;
  const { input, output, maxTokens } = traffic[0].tokens;
  const number = (text: string) => Number.parseFloat(text);
  const expected: Readonly<Record<string, number>> = {
    RATE_PER_S: number(rate),
    AMPLITUDE: amplitude,
    PEAK_AT_H: number(peakAt),
    MAX_TOKENS: maxTokens,
    STEP_BASE_MS: number(capacity.stepBase),
    STEP_EACH_MS: number(capacity.stepPerSequence),
    PREFILL_BASE_MS: number(capacity.prefill.base),
    PREFILL_EACH_MS: number(capacity.prefill.perToken),
    NOISE_CV: capacity.noise.lognormal.cv,
    BATCH_MAX: capacity.maxBatch,
    QUEUE_DELAY_MAX_MS: parseDurationMs(capacity.maxQueueDelay)!,
    JITTER_CV: number(world.network.jitter.cv) / 100,
    ATTEMPT_LIMIT_MS: parseDurationMs(client.timeout)!,
    P95_CEILING_MS: parseDurationMs(strategies[1]["cheapest-within"].p95)!,
    PEAK_TO_TROUGH: world.prices.hourly.sine.swing.peakToTrough,
  };
  const python = read("simpy_r3.py");
  const pythonValues: Record<string, number> = {};
  for (const line of python.matchAll(/^([A-Z0-9_, ]+) = ([-0-9., ]+)$/gm)) {
    const values = line[2]!.split(",").map(Number);
    for (const [i, name] of line[1]!.split(", ").entries()) pythonValues[name] = values[i]!;
  }
  for (const [name, value] of Object.entries(expected)) assert.equal(pythonValues[name], value, name);
  assert.deepEqual(
    [pythonValues.INPUT_MEAN, pythonValues.INPUT_CV, pythonValues.OUTPUT_MEAN, pythonValues.OUTPUT_CV],
    [input.lognormal.mean, input.lognormal.cv, output.lognormal.mean, output.lognormal.cv],
  );
  assert.deepEqual(JSON.parse(/^RTT_MS = (.*)$/m.exec(python)![1]!), rtt);
  assert.deepEqual(JSON.parse(/^TOKENS_PER_MINUTE = (.*)$/m.exec(python)![1]!), limits);

  const cpp = read("kernel_r3.cpp").replaceAll("'", "");
  const list = (name: string) =>
    JSON.parse(
      `[${new RegExp(`${name}\\[.*\\] = \\{(.*)\\};`).exec(cpp)![1]!.replaceAll("{", "[").replaceAll("}", "]")}]`,
    );
  assert.deepEqual(list("RTT"), rtt);
  assert.deepEqual(list("LIMIT"), limits);
  const { BATCH_MAX, MAX_TOKENS, ATTEMPT_LIMIT_MS, QUEUE_DELAY_MAX_MS, STEP_BASE_MS, STEP_EACH_MS } = expected;
  for (const text of [
    `BATCH_MAX = ${BATCH_MAX},`,
    `MAX_TOKENS = ${MAX_TOKENS};`,
    `ATTEMPT_LIMIT = ${ATTEMPT_LIMIT_MS},`,
    `QUEUE_DELAY_MAX = ${QUEUE_DELAY_MAX_MS};`,
    `STEP_BASE = ${STEP_BASE_MS}, STEP_EACH = ${STEP_EACH_MS};`,
    `inputLaw{${input.lognormal.mean}, ${input.lognormal.cv}}`,
    `outputLaw{${output.lognormal.mean}, ${output.lognormal.cv}}`,
    `jitter{1, ${expected.JITTER_CV}}, noise{1, ${expected.NOISE_CV}}`,
  ]) {
    assert.ok(cpp.includes(text), text);
  }
});

test("measured tables replace those between the marks of the page, and nothing else", () => {
  const from = "<!-- measured by npm run perf: from here -->";
  const to = "<!-- measured by npm run perf: to here -->";
  const page = withMeasured(`a\n${from}\nold\n${to}\nb\n`, "| new |\n", "2 cores");
  assert.equal(page, `a\n${from}\n\n2 cores\n\n\`\`\`text\n| new |\n\`\`\`\n\n${to}\nb\n`);
  assert.throws(() => withMeasured("no marks", "", ""), /PERF_NO_MARKS|no place/);
});
