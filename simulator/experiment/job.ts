/** Jobs of an experiment: some strategies through one replication, on the same traffic. */
import { AttemptDraws } from "../engine/attempt-draws.ts";
import type { SimulationObserver } from "../engine/observer.ts";
import { replicationSeed, Simulation } from "../engine/simulation.ts";
import type { Plan } from "../scenario/plan.ts";
import { billLedger } from "../service/pricing/billing.ts";
import { usdOf } from "../service/pricing/prices.ts";
import { createTraffic } from "../traffic/source.ts";
import { ArrivalCounter, type Arrivals } from "./bound-capacity.ts";
import type { ReplicationBound } from "./bound-model.ts";
import { QuotaNeeds } from "./quota-needs.ts";
import { type ReplicationStats, summarise } from "./replication-stats.ts";
import { SliceSampler } from "./slices.ts";

/** Everything a job needs: plain data, so that it can be sent to a worker. */
export interface ExperimentInputs {
  readonly plan: Plan;
  /** Count of quotas what a plan asks for, too; nothing else of a result changes. */
  readonly quotaDetail?: boolean;
  /** Leaves out what the calls ask of each quota: as long again as a short run, for what only a report shows. */
  readonly skipQuotaNeeds?: boolean;
}

/** One job: plain data, as small as a worker needs. */
export interface JobSpec {
  readonly replication: number;
  readonly strategyIndices: readonly number[];
}

export interface JobProgress {
  /** Requests simulated so far, over the job's strategies. */
  readonly requestsDone: number;
  /** Share of the job that is done, in [0, 1]. */
  readonly share: number;
  readonly simulatedMs: number;
  /** Of the job's first strategy so far; updated every few chunks, since they are slow to compute. */
  readonly p95Ms: number | null;
  readonly costUsd: number | null;
}

/** Rows of traffic between two looks at whether the job goes on; where many requests may follow from each, fewer. */
const CHUNK_ROWS = 16_384;
const SESSION_ROWS = 512;
const SESSION_REQUESTS = 16_384;

/** Replications whose calls a plan counts: as many as an interval needs. */
const NEEDS_REPLICATIONS = 3;

/** Chunks between two updates of p95 and cost: a few updates a second. */
const FIGURES_EVERY = 16;

export interface JobOutput {
  readonly stats: readonly ReplicationStats[];
  /** Of the replication's traffic; left out where it is not known, as all runs were stopped before its end. */
  readonly arrivals?: Arrivals;
  /** By `stats`; left out where they are still to be worked out. Null: no choice of targets could have served it all. */
  readonly bounds?: readonly (ReplicationBound | null)[];
}

/**
 * The jobs of an experiment. A replication draws its traffic once for all its strategies; when there are fewer
 * replications than jobs asked for, strategies are split too. Where calls are kept to a run's end, each strategy has a job
 * of its own, so that a worker keeps those of one at a time. The results do not depend on how the work is cut.
 *
 * @param atLeast this many jobs, as far as there are strategies to split
 */
export function planJobs(inputs: ExperimentInputs, atLeast: number): readonly JobSpec[] {
  const { plan } = inputs;
  const all = plan.strategies.map((_, index) => index);
  const shared = plan.replications >= atLeast ? 1 : Math.min(all.length, Math.ceil(atLeast / plan.replications));
  const jobs: JobSpec[] = [];
  for (let replication = 0; replication < plan.replications; replication++) {
    const parts = keepsCalls(inputs, replication) ? all.length : shared;
    for (let part = 0; part < parts; part++) {
      jobs.push({ replication, strategyIndices: all.filter((index) => index % parts === part) });
    }
  }
  return jobs;
}

/** Whether a replication's calls are kept to the end of each run, to tell what quota they need. */
function keepsCalls({ plan, quotaDetail, skipQuotaNeeds }: ExperimentInputs, replication: number): boolean {
  const counted = quotaDetail === true ? NEEDS_REPLICATIONS : 1;
  // The busiest minute of a run may lie between its slices.
  return replication < counted && skipQuotaNeeds !== true && plan.slices === undefined;
}

/**
 * Runs a job chunk by chunk, yielding between chunks. Stop pulling to cancel.
 *
 * @param observerOf observer of a strategy's run, by index; results are the same with and without one
 * @param chunkRows arrivals in a chunk; results do not depend on it
 */
export function* runJob(
  inputs: ExperimentInputs,
  job: JobSpec,
  observerOf: (strategy: number) => SimulationObserver | null = () => null,
  chunkRows: number = CHUNK_ROWS,
): Generator<JobProgress, JobOutput> {
  const { plan } = inputs;
  const seed = replicationSeed(plan.seed, job.replication);
  const traffic = createTraffic(plan.traffic, {
    seed: plan.seed,
    replication: job.replication,
    durationMs: plan.durationMs,
    fromMs: plan.arrivalsFromMs,
    requestsMax: plan.requestsMax,
    chunkRows: hasSessions(plan) ? SESSION_ROWS : chunkRows,
  });
  const wantsNeeds = keepsCalls(inputs, job.replication);
  const needs = job.strategyIndices.map(() => (wantsNeeds ? new QuotaNeeds(plan, inputs.quotaDetail) : null));
  const draws = new AttemptDraws(plan, seed);
  const runs = job.strategyIndices.map(
    (index, i) => new Simulation(plan, plan.strategies[index]!, seed, observerOf(index), needs[i], draws),
  );
  const arrivals = new ArrivalCounter(plan, job.replication);
  const sampler = plan.slices === undefined ? null : new SliceSampler(plan, job.replication, runs.length);
  const isRunning = runs.map(() => true);
  let requestsDone = 0;
  let chunks = 0;
  let figures: Pick<JobProgress, "p95Ms" | "costUsd"> = { p95Ms: null, costUsd: null };
  for (let chunk = traffic.next(); chunk !== undefined && isRunning.includes(true); chunk = traffic.next()) {
    arrivals.add(chunk);
    for (const piece of sampler?.cut(chunk) ?? [{ chunk, isCounted: true, isLast: false }]) {
      for (let i = 0; i < runs.length; i++) {
        const run = runs[i]!;
        if (!isRunning[i]) continue;
        run.isCounting = piece.isCounted;
        isRunning[i] = run.run(piece.chunk);
        sampler?.note(i, piece, run.inSystem);
      }
    }
    requestsDone = sumOf(runs);
    const simulatedMs = chunk.arrivalMs[chunk.length - 1]!;
    const share = Number.isFinite(plan.durationMs)
      ? shareOfTime(plan, simulatedMs)
      : requestsDone / runs.length / plan.requestsMax;
    if (chunks++ % FIGURES_EVERY === 0) figures = figuresOf(plan, runs[0]!);
    yield { requestsDone, share: Math.min(1, share), simulatedMs, ...figures };
  }
  yield* sessionsToTheirEnd(plan, runs);
  const stats = runs.map((run, i) => {
    const whole = summarise(plan, job.strategyIndices[i]!, job.replication, run.end());
    const summary = sampler === null ? whole : sampler.scaled(i, whole);
    return needs[i] === null ? summary : { ...summary, quotaNeeds: needs[i]!.needs() };
  });
  return { stats, ...(isRunning.includes(true) ? { arrivals: arrivals.found } : {}) };
}

/** Sessions go on after the last one has begun. */
function* sessionsToTheirEnd(plan: Plan, runs: readonly Simulation[]): Generator<JobProgress, void> {
  if (!hasSessions(plan)) return;
  for (let goesOn = true; goesOn; ) {
    goesOn = runs.map((run) => run.goOn(SESSION_REQUESTS)).includes(true);
    const simulatedMs = Math.max(...runs.map((run) => run.lastArrivalMs));
    const share = Number.isFinite(plan.durationMs) ? shareOfTime(plan, simulatedMs) : 1;
    yield { requestsDone: sumOf(runs), share: Math.min(1, share), simulatedMs, ...figuresOf(plan, runs[0]!) };
  }
}

function hasSessions({ traffic }: Plan): boolean {
  return traffic.some(({ sessions }) => sessions !== undefined);
}

/** Requests that have arrived. */
function sumOf(runs: readonly Simulation[]): number {
  return runs.reduce((sum, { seen }) => sum + seen, 0);
}

function shareOfTime({ arrivalsFromMs, durationMs }: Plan, simulatedMs: number): number {
  return (simulatedMs - arrivalsFromMs) / (durationMs - arrivalsFromMs);
}

/** p95 and cost of a run so far. */
function figuresOf(plan: Plan, run: Simulation): Pick<JobProgress, "p95Ms" | "costUsd"> {
  const { schedule, placements, candidateKeys, routingFeeUsdPer1kDecisions, billing } = plan.money;
  const terms = { rule: billing, schedule, placements, candidateKeys, routingFeeUsdPer1kDecisions };
  const p95Ms = run.p95Ms();
  return { p95Ms: Number.isNaN(p95Ms) ? null : p95Ms, costUsd: usdOf(billLedger(run.ledger, terms).all.total) };
}
