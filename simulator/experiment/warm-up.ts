/** Warm-up `auto`: pilot runs and the MSER-5 rule choose how many requests at the start are left out. */
import { END } from "../client/request-rules.ts";
import type { ObservedRequest, SimulationObserver } from "../engine/observer.ts";
import type { Plan } from "../scenario/plan.ts";
import { type ExperimentInputs, type JobProgress, runJob } from "./job.ts";

/** A run of one strategy on draws that the experiment does not use, to see how long its start affects latencies. */
export interface PilotJob {
  readonly pilot: true;
  readonly strategy: number;
  readonly replication: number;
}

/** What a pilot run gives: mean latencies of served requests, by five requests in the order of their arrival. */
export interface PilotOutput {
  readonly strategy: number;
  /** NaN where none of the five was served. */
  readonly meansMs: Float64Array;
}

/**
 * Pilot runs of each strategy. The rule is applied to their mean: the noise of a single run hides its start, and a cut
 * that is chosen on the data that it cuts leaves them biased.
 */
const PILOTS = 5;
/** Beyond any replication, so that the choice is the same however many replications there are. */
const FIRST_PILOT = 1_000_000;

/** The pilot runs that a plan needs; none unless its warm-up is `auto`. */
export function planPilots({ warmup, strategies }: Plan): readonly PilotJob[] {
  if (warmup.isAuto !== true) return [];
  return strategies.flatMap((_, strategy) =>
    Array.from({ length: PILOTS }, (_, i): PilotJob => ({ pilot: true, strategy, replication: FIRST_PILOT + i })),
  );
}

/** Runs a pilot chunk by chunk. Stop pulling to cancel. */
export function* runPilot(inputs: ExperimentInputs, job: PilotJob): Generator<JobProgress, PilotOutput> {
  const { strategy, replication } = job;
  const series = new LatencySeries();
  yield* runJob(inputs, { replication, strategyIndices: [strategy] }, { observerOf: () => series });
  return { strategy, meansMs: series.meansMs() };
}

/**
 * The plan with the warm-up that the pilots show: of all strategies the longest, so that they are compared over the
 * same requests. A strategy that had not settled by half of its pilots has no part in the choice, and a note says so.
 *
 * @param outputs of all of `planPilots`, in any order
 */
export function settleWarmup(plan: Plan, outputs: readonly PilotOutput[]): Plan {
  const cuts = plan.strategies.map((_, strategy) => {
    const pilots = outputs.filter((each) => each.strategy === strategy);
    const cut = mserCut(meanSeries(pilots.map(({ meansMs }) => meansMs)));
    return cut === null ? null : cut * MSER_BATCH;
  });
  const amount = Math.max(0, ...cuts.filter((cut) => cut !== null));
  const names = (of: (cut: number | null) => boolean): readonly string[] =>
    plan.strategies.flatMap(({ name }, i) => (of(cuts[i]!) ? [name] : []));
  const unsettled = names((cut) => cut === null);
  const removed =
    amount > 0
      ? `the first ${amount} requests, chosen by MSER-5 on ${PILOTS} pilot runs of each strategy`
      : `nothing: MSER-5 on ${PILOTS} pilot runs of each strategy found no start to remove`;
  const each = plan.strategies.map(({ name }, i) => `${name} ${cuts[i] ?? "not settled"}`).join(", ");
  const notes = [
    `Warm-up auto removes ${removed}. Requests that each strategy asked for: ${each}.`,
    ...(unsettled.length === 0
      ? []
      : [
          `${unsettled.join(", ")}: not settled by half of the pilot runs, so the figures are not those of a steady state; make the run longer, or state a warm-up.`,
        ]),
  ];
  return {
    ...plan,
    warmup: { kind: amount > 0 ? "requests" : "none", amount, removed },
    notes: [...plan.notes, ...notes],
  };
}

/** Means over runs, as long as the shortest of them. */
function meanSeries(runs: readonly Float64Array[]): Float64Array {
  const length = Math.min(...runs.map((run) => run.length));
  const means = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    let sum = 0;
    let served = 0;
    for (const run of runs) {
      if (Number.isNaN(run[i]!)) continue;
      sum += run[i]!;
      served++;
    }
    // A batch in which no request was served keeps its place, so that batches still count requests.
    means[i] = served > 0 ? sum / served : (means[i - 1] ?? 0);
  }
  return means;
}

/** Gathers latencies by request number, in whatever order requests end. */
class LatencySeries implements SimulationObserver {
  private sums = new Float64Array(1024);
  private served = new Uint8Array(1024);
  private length = 0;

  onAttemptEnd(): void {}

  onRequestEnd({ requestId, arrivalMs, endedMs, end }: ObservedRequest): void {
    const batch = Math.floor(requestId / MSER_BATCH);
    if (batch >= this.sums.length) this.grow(batch + 1);
    this.length = Math.max(this.length, batch + 1);
    if (end !== END.served) return;
    this.sums[batch]! += endedMs - arrivalMs;
    this.served[batch]!++;
  }

  onRunEnd(): void {}

  meansMs(): Float64Array {
    return Float64Array.from({ length: this.length }, (_, i) => this.sums[i]! / this.served[i]!);
  }

  private grow(needed: number): void {
    const length = Math.max(needed, 2 * this.sums.length);
    const sums = new Float64Array(length);
    const served = new Uint8Array(length);
    sums.set(this.sums);
    served.set(this.served);
    this.sums = sums;
    this.served = served;
  }
}

/** Observations in a batch: the 5 of MSER-5. */
const MSER_BATCH = 5;

/** Batches at the end that are never judged alone: a few that agree by chance would win. */
const LAST_BATCHES = 5;
const BATCHES_MIN = 20;

/**
 * Where a series of batch means has settled: the d that minimises sum_{i>d} (z_i - mean)^2 / (m - d)^2, the squared
 * width of an interval for the mean of what is left but for a constant. The earliest d wins a tie.
 *
 * @param means means of `MSER_BATCH` observations each, in their order
 * @returns batches to remove from the start; null when the series is too short or d falls into its last half, since
 *          what is left then says nothing about a steady state
 * Sources: K. P. White, "An effective truncation heuristic for bias reduction in simulation output", Simulation 69
 * (1997), for MSER; K. P. White, M. J. Cobb, S. C. Spratt, WSC 2000, for batches of five; K. Hoad, S. Robinson,
 * R. Davies, "Automating warm-up length estimation", JORS 61 (2010), for the last half and the last five batches.
 */
export function mserCut(means: ArrayLike<number>): number | null {
  const m = means.length;
  if (m < BATCHES_MIN) return null;
  // Deviations from one value of the series: sums of squares would lose digits otherwise.
  const origin = means[m - 1]!;
  let sum = 0;
  let squares = 0;
  let least = Number.POSITIVE_INFINITY;
  let cut = 0;
  for (let d = m - 1; d >= 0; d--) {
    const deviation = means[d]! - origin;
    sum += deviation;
    squares += deviation * deviation;
    const left = m - d;
    if (left <= LAST_BATCHES) continue;
    const statistic = Math.max(0, squares - (sum * sum) / left) / (left * left);
    if (statistic <= least) {
      least = statistic;
      cut = d;
    }
  }
  return cut > m / 2 ? null : cut;
}
