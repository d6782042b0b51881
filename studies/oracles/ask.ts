/** Puts a row to the engine: runs its scenario, reads the quantity from the public result, and judges it. */
import { markdownTable } from "markdown-table";
import { stringify } from "yaml";
import { prepareText } from "../../scripts/io/experiment.ts";
import { MeridianError } from "../../simulator/base/errors.ts";
import { criticalT, type Estimate } from "../../simulator/base/statistics.ts";
import { assembleResult, type JobOutput, planJobs, runJob } from "../../simulator/experiment/index.ts";
import type { NamedGroup, RunResult, StrategyResult } from "../../simulator/experiment/result.ts";
import type { ScenarioInput } from "../../simulator/scenario/schema.ts";
import { type Budget, type Oracle, scenarioOf, TOLERATED_ERRORS, toleranceOf } from "./oracle.ts";

/** The engine's answer to a row, and whether it is within tolerance. */
export interface Answer extends Reading {
  readonly oracle: Oracle;
  readonly tolerance: number;
  readonly isMet: boolean;
}

/**
 * Puts one row to the engine: writes its scenario file, runs it on this thread, reads the result.
 *
 * @param standardErrors that the answer may be off
 */
export async function ask(oracle: Oracle, budget: Budget, standardErrors = TOLERATED_ERRORS): Promise<Answer> {
  const reading = readQuantity(await runScenario(scenarioOf(oracle, budget)), oracle.quantity);
  const tolerance = toleranceOf(oracle, budget, standardErrors);
  return { ...reading, oracle, tolerance, isMet: meets(oracle, reading, tolerance) };
}

/** Runs a scenario from its YAML text, as the command does, but on this thread and without a run folder. */
export async function runScenario(scenario: ScenarioInput): Promise<RunResult> {
  const prepared = await prepareText(stringify(scenario, { aliasDuplicateObjects: false }), `${scenario.name}.yaml`);
  const inputs = { ...prepared.inputs, skipQuotaNeeds: true };
  const outputs: JobOutput[] = [];
  for (const job of planJobs(inputs, 1)) {
    const steps = runJob(inputs, job);
    let step = steps.next();
    while (step.done !== true) step = steps.next();
    outputs.push(step.value);
  }
  return assembleResult(inputs, outputs, { scenarioSha256: "", meridianVersion: "", traces: [] });
}

function meets({ compare, value }: Oracle, reading: Reading, tolerance: number): boolean {
  if (compare === "at-most") return (reading.high ?? reading.value) <= value;
  return Math.abs(reading.value / value - 1) <= tolerance;
}

/** A quantity's value, with its interval where the result has one. */
export interface Reading {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
}

type Reader = (strategy: StrategyResult) => Reading;

const ROUTING_FEE_CALLS = 50_000_000;

/** Every quantity that an oracle may ask for, read from a public result. Times in seconds. */
export const QUANTITIES: Readonly<Record<string, Reader>> = {
  mean_response_s: ({ total }) => seconds(total.e2eMs.mean),
  p50_response_s: ({ total }) => seconds(total.e2eMs.p50),
  p95_response_s: ({ total }) => seconds(total.e2eMs.p95),
  p99_response_s: ({ total }) => seconds(total.e2eMs.p99),
  mean_wait_s: ({ total }) => seconds(total.queueWaitMs.mean),
  p95_wait_s: ({ total }) => seconds(total.queueWaitMs.p95),
  "mean_wait_s:high": (strategy) => seconds(named(strategy.byClass, "high").queueWaitMs.mean),
  "mean_wait_s:low": (strategy) => seconds(named(strategy.byClass, "low").queueWaitMs.mean),
  mean_in_system: ({ meanInSystem }) => estimate(meanInSystem),
  mean_concurrency: ({ meanInSystem }) => estimate(meanInSystem),
  fraction_waiting: ({ total }) => estimate(total.waitedShare),
  rejected_fraction: ({ total }) => counted(total.counts.refused, total.counts.sent, total.failedShare),
  throttled_fraction: ({ total }) => counted(total.counts.throttled, total.counts.sent, total.failedShare),
  timed_out_fraction: ({ total }) => counted(total.counts.abandoned, total.counts.sent, total.failedShare),
  failed_fraction: ({ total }) => counted(total.counts.failed, total.counts.sent, total.failedShare),
  share_served_by_r2: (strategy) => servedBy(strategy, "r2"),
  share_served_by_r3: (strategy) => servedBy(strategy, "r3"),
  mean_attempts_per_call: ({ total }) => estimate(total.attemptsPerRequest),
  total_cost_usd: ({ total }) => estimate(total.cost.source.totalUsd),
  total_cost_lowest_usd: ({ total }) => estimate(total.cost["lowest-cost"].totalUsd),
  usd_per_1k_calls: ({ total }) => estimate(total.cost.source.usdPer1kServed),
  routing_fee_usd: ({ total }) =>
    scaled(total.cost["lowest-cost"].routingFeeUsd, ROUTING_FEE_CALLS / total.counts.sent),
};

/** Reads a quantity of the first strategy. @throws MeridianError usage, ORACLE_QUANTITY, for an unknown quantity */
export function readQuantity(result: RunResult, quantity: string): Reading {
  const reader = QUANTITIES[quantity];
  if (reader === undefined) {
    throw new MeridianError("usage", {
      code: "ORACLE_QUANTITY",
      what: `there is no quantity "${quantity}"`,
      fix: `quantities are ${Object.keys(QUANTITIES).join(", ")}`,
    });
  }
  return reader(result.strategies[0]!);
}

function estimate({ value, low, high }: Estimate): Reading {
  return { value: value ?? Number.NaN, low, high };
}

function scaled({ value, low, high }: Estimate, factor: number): Reading {
  const times = (x: number | null) => (x === null ? null : x * factor);
  return { value: (value ?? Number.NaN) * factor, low: times(low), high: times(high) };
}

function seconds(latency: Estimate): Reading {
  return scaled(latency, 0.001);
}

/** A share from its own count, with the spread over replications of the share not served. */
function counted(part: number, whole: number, spread: Estimate): Reading {
  const value = part / whole;
  const half = spread.high === null || spread.low === null ? null : (spread.high - spread.low) / 2;
  return { value, low: half === null ? null : value - half, high: half === null ? null : value + half };
}

function servedBy(strategy: StrategyResult, region: string): Reading {
  const { counts, trafficShare } = named(strategy.byRegion, region);
  return counted(counts.served, strategy.total.counts.sent, trafficShare);
}

function named(groups: readonly NamedGroup[], name: string): NamedGroup {
  const group = groups.find((each) => each.name === name);
  if (group !== undefined) return group;
  throw new MeridianError("usage", { code: "ORACLE_GROUP", what: `the result has no group "${name}"` });
}

const HEAD = ["row", "model", "quantity", "expected", "got", "error", "tolerance", "verdict"] as const;

/** The answers as a Markdown table. */
export function answerTable(answers: readonly Answer[]): string {
  return markdownTable([[...HEAD], ...answers.map(cellsOf)]);
}

/** One line, for following a long run. */
export function answerLine(answer: Answer, budget: Budget): string {
  const [row, , quantity, expected, got, error, tolerance, verdict] = cellsOf(answer);
  return `${verdict!.padEnd(7)} ${row!.padEnd(20)} ${quantity} ${got} (expected ${expected}), ${error} of ${tolerance}, sd ${sd500k(answer, budget)}`;
}

function cellsOf({ oracle, value, tolerance, isMet, high }: Answer): string[] {
  const isBound = oracle.compare === "at-most";
  return [
    oracle.id,
    oracle.model,
    oracle.quantity,
    `${isBound ? "at most " : ""}${significant(oracle.value)}`,
    isBound ? `${significant(value)} (to ${significant(high ?? value)})` : significant(value),
    isBound ? "-" : percent(value / oracle.value - 1),
    isBound ? "-" : percent(tolerance),
    isMet ? "met" : "NOT MET",
  ];
}

/** Standard deviation of one 500,000-request estimate over the answer, from the spread of the replications. */
function sd500k({ value, low, high }: Answer, { replications, requests }: Budget): string {
  if (low === null || high === null) return "-";
  const sd = ((high - low) / 2 / criticalT(replications)) * Math.sqrt(replications * (requests / 500_000));
  return (sd / value).toPrecision(3);
}

function significant(value: number): string {
  return String(Number(value.toPrecision(6)));
}

function percent(share: number): string {
  return Math.abs(share) < 1e-7 ? `${share.toExponential(1)}` : `${(100 * share).toFixed(3)} %`;
}
