/** Jobs of an experiment: some strategies through one replication, on the same traffic. */
import { AttemptDraws } from "../engine/attempt-draws.ts";
import type { SimulationObserver } from "../engine/observer.ts";
import { replicationSeed, Simulation } from "../engine/simulation.ts";
import type { Plan } from "../scenario/plan.ts";
import { billLedger } from "../service/pricing/billing.ts";
import { usdOf } from "../service/pricing/prices.ts";
import { createTraffic } from "../traffic/source.ts";
import type { TrafficChunk, TrafficSource } from "../traffic/traffic.ts";
import { ArrivalCounter, type Arrivals } from "./bound-capacity.ts";
import type { ReplicationBound } from "./bound-model.ts";
import { CALLS_MAX, KeptCalls } from "./kept-calls.ts";
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
 * of its own, so that a worker keeps those of one at a time; where they are kept for a small part of it, there are as many
 * jobs as workers. The results do not depend on how the work is cut.
 *
 * @param atLeast this many jobs, as far as there are strategies to split
 * @param workers that run them
 */
export function planJobs(inputs: ExperimentInputs, atLeast: number, workers = atLeast): readonly JobSpec[] {
  const { plan } = inputs;
  const all = plan.strategies.map((_, index) => index);
  const partsFor = (count: number) => Math.min(all.length, Math.ceil(count / plan.replications));
  const keeping = keepsCalls(inputs, 0) && !isLong(plan) ? all.length : partsFor(workers);
  const others = partsFor(atLeast);
  const jobs: JobSpec[] = [];
  for (let replication = 0; replication < plan.replications; replication++) {
    const parts = keepsCalls(inputs, replication) ? keeping : others;
    for (let part = 0; part < parts; part++) {
      jobs.push({ replication, strategyIndices: all.filter((index) => index % parts === part) });
    }
  }
  return jobs;
}

/** So many times the calls that are kept: then drawing the traffic for each strategy anew costs more than jobs of unequal length. */
const LONG = 3;
/** Requests that tell how many there will be. */
const FIRST_REQUESTS = 4096;

/** Whether calls are kept for a small part of a run, by how soon its first requests come. */
function isLong({ traffic, seed, durationMs, arrivalsFromMs: fromMs, requestsMax }: Plan): boolean {
  const least = LONG * CALLS_MAX;
  if (requestsMax < least || traffic.some(({ sessions }) => sessions !== undefined)) return false;
  if (!Number.isFinite(durationMs)) return true;
  const options = { seed, replication: 0, durationMs, fromMs, requestsMax: FIRST_REQUESTS, chunkRows: FIRST_REQUESTS };
  const { length, arrivalMs } = createTraffic(traffic, options).next() ?? { length: 0, arrivalMs: [] };
  if (length < FIRST_REQUESTS) return false;
  return (length * (durationMs - fromMs)) / (arrivalMs[length - 1]! - fromMs) > least;
}

/** Whether a replication's calls are kept to the end of each run, to tell what quota they need. */
function keepsCalls({ plan, quotaDetail, skipQuotaNeeds }: ExperimentInputs, replication: number): boolean {
  const counted = quotaDetail === true ? NEEDS_REPLICATIONS : 1;
  // The busiest minute of a run may lie between its slices.
  return replication < counted && skipQuotaNeeds !== true && plan.slices === undefined;
}

/** What can be said of how a job runs; its results are the same. */
export interface JobOptions {
  /** Observer of a strategy's run, by index. */
  readonly observerOf?: (strategy: number) => SimulationObserver | null;
  /** Arrivals in a chunk. */
  readonly chunkRows?: number;
}

/**
 * Runs a job chunk by chunk, yielding between chunks. Stop pulling to cancel.
 *
 * Its strategies go through the traffic together. Where their calls are kept, each goes ahead alone until no more of them are:
 * a thread keeps those of one at a time, and a long run's are soon enough.
 */
export function* runJob(
  inputs: ExperimentInputs,
  job: JobSpec,
  options: JobOptions = {},
): Generator<JobProgress, JobOutput> {
  const running = new RunningJob(inputs, job, options);
  const stats: ReplicationStats[] = [];
  const end = function* (run: JobRun) {
    yield* running.sessionsToTheirEnd(run);
    stats[run.index] = running.statsOf(run);
  };
  const together: JobRun[] = [];
  for (const strategy of job.strategyIndices) {
    const run = running.start(strategy);
    const { needs } = run;
    if (needs === null || job.strategyIndices.length === 1) together.push(run);
    else if (yield* running.pass([run], () => needs.isOver)) yield* end(run);
    else {
      needs.sumUp();
      together.push(run);
    }
  }
  if (together.length > 0) yield* running.pass(together);
  for (const run of together) yield* end(run);
  // What follows a long run, such as its bound, asks for much memory itself.
  if (together.some(({ needs }) => needs?.isOver === true)) KeptCalls.letGo();
  return { stats, ...(running.runs.some(isGoing) ? { arrivals: running.arrivals.found } : {}) };
}

/** One strategy's run. */
interface JobRun {
  /** Which of the job's. */
  readonly index: number;
  readonly strategy: number;
  /** Null when it has been summed up. */
  simulation: Simulation | null;
  readonly needs: QuotaNeeds | null;
  /** Chunks of the traffic that it has been through. */
  chunks: number;
  /** It has not been stopped. */
  isRunning: boolean;
  /** Of the traffic, in [0, 1]. */
  share: number;
  /** Requests that have arrived. */
  seen: number;
}

/** The runs of a job, and what they share. */
class RunningJob {
  /** Those that have been started. */
  readonly runs: JobRun[] = [];
  readonly arrivals: ArrivalCounter;
  private readonly sampler: SliceSampler | null;
  private chunksCounted = 0;
  private looks = 0;
  private figures: Pick<JobProgress, "p95Ms" | "costUsd"> = { p95Ms: null, costUsd: null };
  declare private readonly inputs: ExperimentInputs;
  declare private readonly plan: Plan;
  declare private readonly job: JobSpec;
  declare private readonly options: JobOptions;
  declare private readonly seed: number;
  declare private readonly draws: AttemptDraws;
  declare private readonly chunkRows: number;

  constructor(inputs: ExperimentInputs, job: JobSpec, options: JobOptions) {
    const { plan } = inputs;
    this.inputs = inputs;
    this.plan = plan;
    this.job = job;
    this.options = options;
    this.chunkRows = hasSessions(plan) ? SESSION_ROWS : (options.chunkRows ?? CHUNK_ROWS);
    this.seed = replicationSeed(plan.seed, job.replication);
    this.draws = new AttemptDraws(plan, this.seed);
    this.arrivals = new ArrivalCounter(plan, job.replication);
    this.sampler =
      plan.slices === undefined ? null : new SliceSampler(plan, job.replication, job.strategyIndices.length);
  }

  /** Takes the memory that the run needs: not before its turn comes. */
  start(strategy: number): JobRun {
    const { plan, seed, draws, inputs, job, options, runs } = this;
    const needs = keepsCalls(inputs, job.replication) ? new QuotaNeeds(plan, inputs.quotaDetail) : null;
    const observer = options.observerOf?.(strategy) ?? null;
    const simulation = new Simulation(plan, plan.strategies[strategy]!, seed, observer, needs, draws);
    const run: JobRun = {
      index: runs.length,
      strategy,
      simulation,
      needs,
      chunks: 0,
      isRunning: true,
      share: 0,
      seen: 0,
    };
    runs.push(run);
    return run;
  }

  /**
   * Takes some runs through the traffic, each from where it is.
   *
   * @param isEnough whether to leave them where they are, asked after each chunk
   * @returns whether the traffic has ended, for them
   */
  *pass(runs: readonly JobRun[], isEnough: () => boolean = () => false): Generator<JobProgress, boolean> {
    const traffic = this.traffic();
    let index = 0;
    for (let chunk = traffic.next(); chunk !== undefined && runs.some(isGoing); chunk = traffic.next(), index++) {
      if (index === this.chunksCounted) {
        this.arrivals.add(chunk);
        this.chunksCounted++;
      }
      const here = runs.filter((run) => run.chunks === index);
      if (here.length === 0) continue;
      this.runChunk(here, chunk);
      const simulatedMs = chunk.arrivalMs[chunk.length - 1]!;
      for (const run of here) this.goneTo(run, simulatedMs);
      yield this.progress(simulatedMs);
      if (isEnough()) return false;
    }
    return true;
  }

  private runChunk(here: readonly JobRun[], chunk: TrafficChunk): void {
    const { sampler } = this;
    for (const piece of sampler?.cut(chunk) ?? [{ chunk, isCounted: true, isLast: false }]) {
      for (const run of here) {
        if (!run.isRunning) continue;
        const simulation = run.simulation!;
        simulation.isCounting = piece.isCounted;
        run.isRunning = simulation.run(piece.chunk);
        sampler?.note(run.index, piece, simulation.inSystem);
      }
    }
    for (const run of here) run.chunks++;
  }

  private goneTo(run: JobRun, simulatedMs: number): void {
    const { plan } = this;
    run.seen = run.simulation!.seen;
    const share = Number.isFinite(plan.durationMs) ? shareOfTime(plan, simulatedMs) : run.seen / plan.requestsMax;
    run.share = Math.min(1, share);
  }

  /** Sessions go on after the last one has begun. */
  *sessionsToTheirEnd(run: JobRun): Generator<JobProgress, void> {
    if (!hasSessions(this.plan)) return;
    const simulation = run.simulation!;
    for (let goesOn = true; goesOn; ) {
      goesOn = simulation.goOn(SESSION_REQUESTS);
      this.goneTo(run, simulation.lastArrivalMs);
      yield this.progress(simulation.lastArrivalMs);
    }
  }

  /** Sums a run up, and lets go of it. */
  statsOf(run: JobRun): ReplicationStats {
    const { index, strategy, needs } = run;
    const whole = summarise(this.plan, strategy, this.job.replication, run.simulation!.end());
    run.simulation = null;
    const summary = this.sampler === null ? whole : this.sampler.scaled(index, whole);
    return needs === null ? summary : { ...summary, quotaNeeds: needs.needs() };
  }

  private traffic(): TrafficSource {
    const { plan } = this;
    return createTraffic(plan.traffic, {
      seed: plan.seed,
      replication: this.job.replication,
      durationMs: plan.durationMs,
      fromMs: plan.arrivalsFromMs,
      requestsMax: plan.requestsMax,
      chunkRows: this.chunkRows,
    });
  }

  private progress(simulatedMs: number): JobProgress {
    const { runs } = this;
    const first = runs[0]!.simulation;
    if (this.looks++ % FIGURES_EVERY === 0 && first !== null) this.figures = figuresOf(this.plan, first);
    const requestsDone = runs.reduce((sum, { seen }) => sum + seen, 0);
    const share = runs.reduce((sum, run) => sum + run.share, 0) / this.job.strategyIndices.length;
    return { requestsDone, share, simulatedMs, ...this.figures };
  }
}

function isGoing({ isRunning }: JobRun): boolean {
  return isRunning;
}

function hasSessions({ traffic }: Plan): boolean {
  return traffic.some(({ sessions }) => sessions !== undefined);
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
