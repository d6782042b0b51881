import { END } from "../client/request-rules.ts";
import type { ObservedRequest, SimulationObserver } from "../engine/observer.ts";
import type { Plan } from "../scenario/plan.ts";
import { type ExperimentInputs, type JobProgress, runJob } from "./job.ts";
import { MSER_BATCH, mserCut } from "./mser.ts";

/** A run of one strategy on luck that the experiment does not use, to see how long its start can be seen. */
export interface PilotJob {
  readonly pilot: true;
  readonly strategy: number;
  readonly replication: number;
}

/** What a pilot run says: mean latencies of served requests, by five requests in the order of their arrival. */
export interface PilotOutput {
  readonly strategy: number;
  /** NaN where none of the five was served. */
  readonly meansMs: Float64Array;
}

/**
 * Pilot runs of each strategy. Their mean is what is judged: the noise of a single run hides its start, and a cut that
 * is chosen on the very data that it cuts leaves them biased.
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
  yield* runJob(inputs, { replication, strategyIndices: [strategy] }, () => series);
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
  const words =
    amount > 0
      ? `the first ${amount} requests, chosen by MSER-5 on ${PILOTS} pilot runs of each strategy`
      : `nothing: MSER-5 on ${PILOTS} pilot runs of each strategy found no start to remove`;
  const each = plan.strategies.map(({ name }, i) => `${name} ${cuts[i] ?? "not settled"}`).join(", ");
  const notes = [
    `Warm-up auto removes ${words}. Requests that each strategy asked for: ${each}.`,
    ...(unsettled.length === 0
      ? []
      : [
          `${unsettled.join(", ")}: not settled by half of the pilot runs, so the figures are not those of a steady state; make the run longer, or state a warm-up.`,
        ]),
  ];
  return {
    ...plan,
    warmup: { kind: amount > 0 ? "requests" : "none", amount, words },
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
    // A batch in which nobody was served keeps its place, so that batches still count requests.
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
