/** Timed rounds of programs on one model: how they are interleaved, summarised and shown. */
import Table from "cli-table3";
import { mean, median, sampleStandardDeviation } from "simple-statistics";

/** One timed run of one program on one model. Every program prints this as JSON. */
export interface Round {
  /** Duration of the simulation, without the start of the process. */
  readonly seconds: number;
  /** Processor time of it, all threads of the process: what is compared, since other work on the machine takes none. */
  readonly userSeconds: number;
  readonly requests: number;
  readonly meanMs: number;
  readonly p95Ms: number;
  /** Share of the attempts refused by the quota. */
  readonly throttledShare: number;
  /** Share of the requests not served. */
  readonly failedShare: number;
  /** Engine only: peak resident memory of its process. */
  readonly peakRssMiB?: number;
}

/** R3 is measured with a strategy that learns nothing and with one that does. */
export type ModelName = "r1" | "r2" | "r3-lo" | "r3-cw";
export const MODELS: readonly ModelName[] = ["r1", "r2", "r3-lo", "r3-cw"];

/** A size of R1 other than its own: servers per region and requests per second, 64 and 72. */
export interface Size {
  readonly servers: number;
  readonly perS: number;
}

/** Runs a model once, the engine also at another size. */
export type Program = (model: ModelName, requests: number, seed: number, size?: Size) => Promise<Round>;

/** The size of a measurement. */
export interface PerformancePlan {
  readonly rounds: number;
  /** Requests of a timed engine round: enough that the compiler's warm-up does not count. */
  readonly engineRequests: number;
  /** Requests of a peer's round, and of the engine rounds that its answers are compared with. */
  readonly peerRequests: number;
}

/** The rounds of one model. */
export interface ModelRounds {
  readonly model: ModelName;
  /** Timed rounds, in order; index i of both ran back to back. */
  readonly engine: readonly Round[];
  readonly peer: readonly Round[];
  /** Rounds of the engine's length of a C++ program for this model alone; empty where there is none. */
  readonly kernel: readonly Round[];
  /** Engine rounds of the peer's length, for the comparison of answers. */
  readonly engineShort: readonly Round[];
}

/**
 * Interleaves engine and peer, so that a slow minute of the machine affects both. Every round has its own seed, and
 * answers are compared at equal length, since a short run also starts from an empty system.
 */
export async function runRounds(
  model: ModelName,
  plan: PerformancePlan,
  engine: Program,
  peer: Program,
  onRound: (done: string) => void,
  kernel: Program | null = null,
): Promise<ModelRounds> {
  const rounds = {
    model,
    engine: [] as Round[],
    peer: [] as Round[],
    kernel: [] as Round[],
    engineShort: [] as Round[],
  };
  for (let i = 0; i < plan.rounds; i++) {
    rounds.engine.push(await engine(model, plan.engineRequests, 1_000 + i));
    if (kernel !== null) rounds.kernel.push(await kernel(model, plan.engineRequests, 4_000 + i));
    rounds.peer.push(await peer(model, plan.peerRequests, 2_000 + i));
    rounds.engineShort.push(await engine(model, plan.peerRequests, 3_000 + i));
    onRound(`${model} round ${i + 1} of ${plan.rounds}`);
  }
  return rounds;
}

/** The summary of a model: speeds, their ratio, and whether the answers agree. */
export interface ModelSummary {
  readonly model: ModelName;
  readonly engineRequestsPerS: Spread;
  readonly peerRequestsPerS: Spread;
  /** Engine's requests per second over the peer's, round by round. */
  readonly ratio: Spread;
  /** Engine's processor time per request over the C++ program's; null where it was not measured. */
  readonly timesKernel: Spread | null;
  readonly agreement: readonly AgreementRow[];
  readonly agrees: boolean;
}

/** Range over the rounds. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** Mean answers of both programs. */
export interface AgreementRow {
  readonly what: "mean" | "p95" | "throttled";
  readonly engine: number;
  readonly peer: number;
  /** Relative for latencies, absolute for the share. */
  readonly difference: number;
  readonly allowed: number;
}

/**
 * Smallest allowed differences: half a percent of the mean, one percent of the p95, one point of the throttled share.
 */
const FLOOR = { mean: 0.005, p95: 0.01, throttled: 0.01 } as const;
const STANDARD_ERRORS = 5;
/** With a single round, this many sampling errors of independent requests with cv 1 replace one standard error. */
const ONE_ROUND = { mean: 1.5, p95: 3, throttled: 5 } as const;

/** Summarises a model's rounds. */
export function summarise(rounds: ModelRounds): ModelSummary {
  const agreement = [
    compare(rounds, "mean", (round) => round.meanMs, true),
    compare(rounds, "p95", (round) => round.p95Ms, true),
    compare(rounds, "throttled", (round) => round.throttledShare, false),
  ];
  return {
    model: rounds.model,
    engineRequestsPerS: spreadOf(rounds.engine.map(speed)),
    peerRequestsPerS: spreadOf(rounds.peer.map(speed)),
    ratio: spreadOf(rounds.engine.map((round, i) => speed(round) / speed(rounds.peer[i]!))),
    timesKernel:
      rounds.kernel.length === 0
        ? null
        : spreadOf(rounds.engine.map((round, i) => speed(rounds.kernel[i]!) / speed(round))),
    agreement,
    agrees: agreement.every((row) => Math.abs(row.difference) <= row.allowed),
  };
}

/** Smallest, median and largest value. */
export function spreadOf(values: readonly number[]): Spread {
  return { min: Math.min(...values), median: median([...values]), max: Math.max(...values) };
}

function speed(round: Round): number {
  return round.requests / round.userSeconds;
}

/**
 * Compares means over rounds of equal length and different seeds. Allowed are five standard errors of the difference,
 * estimated from the spread between rounds, and at least the floor. Seeds are fixed, so the verdict is repeatable.
 */
function compare(
  rounds: ModelRounds,
  what: AgreementRow["what"],
  read: (round: Round) => number,
  relative: boolean,
): AgreementRow {
  const engine = rounds.engineShort.map(read);
  const peer = rounds.peer.map(read);
  const [engineMean, peerMean] = [mean(engine), mean(peer)];
  const scale = relative ? peerMean : 1;
  const independent = ONE_ROUND[what] * Math.sqrt(2 / (rounds.peer.length * rounds.peer[0]!.requests));
  const error = rounds.peer.length > 1 ? Math.hypot(standardError(engine), standardError(peer)) / scale : independent;
  return {
    what,
    engine: engineMean,
    peer: peerMean,
    difference: (engineMean - peerMean) / scale,
    allowed: Math.max(FLOOR[what], STANDARD_ERRORS * error),
  };
}

function standardError(values: readonly number[]): number {
  return sampleStandardDeviation([...values]) / Math.sqrt(values.length);
}

/** Tables for the terminal: one line per model, then the agreement of the answers. */
export function performanceTable(summaries: readonly ModelSummary[]): string {
  const speed = new Table({
    head: ["model", "engine kreq/s", "SimPy kreq/s", "engine / SimPy (min/median/max)", "time / C++"],
    style: { head: [], border: [] },
  });
  const answers = new Table({
    head: ["model", "answer", "engine", "SimPy", "difference", "allowed", ""],
    style: { head: [], border: [] },
  });
  for (const summary of summaries) {
    speed.push([
      summary.model.toUpperCase(),
      (summary.engineRequestsPerS.median / 1_000).toFixed(0),
      (summary.peerRequestsPerS.median / 1_000).toFixed(1),
      spreadText(summary.ratio),
      summary.timesKernel === null ? "not measured" : spreadText(summary.timesKernel),
    ]);
    for (const { what, engine, peer, difference, allowed } of summary.agreement) {
      const show = what === "throttled" ? percent : seconds;
      const verdict = Math.abs(difference) <= allowed ? "agrees" : "DIFFERS";
      answers.push([
        summary.model.toUpperCase(),
        what,
        show(engine),
        show(peer),
        percent(difference),
        percent(allowed),
        verdict,
      ]);
    }
  }
  return `${speed.toString()}\n${answers.toString()}`;
}

function spreadText({ min, median, max }: Spread): string {
  return [min, median, max].map((value) => value.toFixed(value < 10 ? 1 : 0)).join(" / ");
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(3)} s`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
