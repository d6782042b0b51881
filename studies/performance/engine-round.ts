/**
 * One round of the engine in its own process: `engine-round.ts FOLDER r1|r2|r3-lo|r3-cw REQUESTS SEED [SERVERS PER_S]`
 * prints a Round as JSON, R1 at another size where servers per region and requests per second are given. FOLDER has the models.
 * The clock runs from the first request to the summarised replication, as in `meridian simulate` on one worker.
 */
import { join } from "node:path";
import { tuneCompiler } from "../../scripts/compiler-options.mjs";
import { prepareExperiment } from "../../scripts/io/experiment.ts";
import type { Override } from "../../scripts/io/overrides.ts";
import { packageVersion } from "../../scripts/io/process.ts";
import { assembleResult, planJobs, runJob } from "../../simulator/experiment/index.ts";
import type { Round } from "./rounds.ts";

tuneCompiler();
const [folder, model, requests, seed, servers, perS] = process.argv.slice(2);
const [name, strategy] = model!.split("-");
const file = join(folder!, `${name}.yaml`);
/** By the second part of a model's name. */
const STRATEGIES: Readonly<Record<string, string>> = { lo: "least-outstanding", cw: "cheapest within 12 s" };
const overrides: Override[] = [
  { path: ["requests"], value: Number(requests), origin: "perf requests" },
  { path: ["seed"], value: Number(seed), origin: "perf seed" },
];
if (servers !== undefined) {
  overrides.push(
    { path: ["world", "models", "m", "capacity", "servers"], value: Number(servers), origin: "perf servers" },
    { path: ["traffic", 0, "arrivals", "poisson"], value: `${perS}/s`, origin: "perf servers" },
  );
}
const prepared = await prepareExperiment(file, {
  overrides,
  strategies: strategy === undefined ? [] : [STRATEGIES[strategy]!],
});
// The kernels beside it do not ask what quota the calls would need.
const inputs = { ...prepared.inputs, skipQuotaNeeds: true };
const jobs = planJobs(inputs, 1);

const cpu = process.cpuUsage();
const beganMs = performance.now();
const outputs = jobs.map((job) => {
  const steps = runJob(inputs, job);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
});
const seconds = (performance.now() - beganMs) / 1_000;
const userSeconds = process.cpuUsage(cpu).user / 1e6;

const result = assembleResult(inputs, outputs, {
  scenarioSha256: "",
  meridianVersion: packageVersion(),
  traces: [],
});
const { counts, e2eMs } = result.strategies[0]!.total;
const round: Round = {
  seconds,
  userSeconds,
  requests: counts.sent,
  meanMs: e2eMs.mean.value ?? Number.NaN,
  p95Ms: e2eMs.p95.value ?? Number.NaN,
  throttledShare: counts.attemptsThrottled / counts.attempts,
  failedShare: 1 - counts.served / counts.sent,
  peakRssMiB: process.resourceUsage().maxRSS / 1_024,
};
process.stdout.write(JSON.stringify(round));
