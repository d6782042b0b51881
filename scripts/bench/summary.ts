import { median, sampleStandardDeviation } from "simple-statistics";
import type { ModelName, ModelRounds, Round } from "./round.ts";

/** What a model's rounds say: how much faster, and whether the answers agree. */
export interface ModelSummary {
  readonly model: ModelName;
  readonly engineRequestsPerS: Spread;
  readonly peerRequestsPerS: Spread;
  /** Engine's requests per second over the peer's, round by round. */
  readonly ratio: Spread;
  readonly agreement: readonly AgreementRow[];
  readonly agrees: boolean;
}

export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export interface AgreementRow {
  readonly what: "mean" | "p95" | "throttled";
  readonly engine: number;
  readonly peer: number;
  /** Relative for latencies, absolute for the share. */
  readonly difference: number;
  readonly allowed: number;
}

/** Least that is allowed: half a percent of the mean, one percent of the p95, one point of the throttled share. */
const FLOOR = { mean: 0.005, p95: 0.01, throttled: 0.01 } as const;
const STANDARD_ERRORS = 5;
/** With a single round: this many sampling errors of independent requests with cv 1 stand for one standard error. */
const ONE_ROUND = { mean: 1.5, p95: 3, throttled: 5 } as const;

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
    agreement,
    agrees: agreement.every((row) => Math.abs(row.difference) <= row.allowed),
  };
}

export function spreadOf(values: readonly number[]): Spread {
  return { min: Math.min(...values), median: median([...values]), max: Math.max(...values) };
}

function speed(round: Round): number {
  return round.requests / round.seconds;
}

/**
 * Means over rounds of equal length and different seeds. Allowed: five standard errors of the difference, estimated
 * from the spread between rounds, at least the floor. Seeds are fixed, so the verdict of a plan is repeatable.
 */
function compare(
  rounds: ModelRounds,
  what: AgreementRow["what"],
  read: (round: Round) => number,
  relative: boolean,
): AgreementRow {
  const engine = rounds.engineShort.map(read);
  const peer = rounds.peer.map(read);
  const [engineMean, peerMean] = [meanOf(engine), meanOf(peer)];
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

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function standardError(values: readonly number[]): number {
  return sampleStandardDeviation([...values]) / Math.sqrt(values.length);
}
