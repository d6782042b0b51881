/**
 * The runs behind a plan's answers: how much is simulated (replications within a budget of requests, and the busiest hours where
 * three are too much), one after the other with progress, each saved.
 */
import { join } from "node:path";
import type { EvidenceRun } from "../../simulator/advice/advice.ts";
import { busiestWindow, type Demand } from "../../simulator/advice/demand.ts";
import { HOUR_MS } from "../../simulator/base/time.ts";
import type { RunResult } from "../../simulator/experiment/result.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import type { PreparedExperiment } from "../io/experiment.ts";
import type { Override } from "../io/overrides.ts";
import { runShown } from "../io/run-experiment.ts";
import { type PrecisionRule, runInStages } from "../io/run-precise.ts";
import { saveExperiment } from "../io/save-experiment.ts";
import type { Terminal } from "../io/terminal.ts";

export interface EvidenceOptions {
  /** Folder of runs. */
  readonly out: string;
  readonly workers: number | undefined;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  /** Adds replications until intervals are narrow; undefined for the replications that were worked out. */
  readonly precision: PrecisionRule | undefined;
}

/** One run to do. */
export interface EvidenceTask {
  readonly label: EvidenceRun["label"];
  readonly about: string;
  /** Whether what its calls ask of quotas is read. */
  readonly isSizing: boolean;
  readonly prepare: (replications?: number) => Promise<PreparedExperiment>;
}

/** Runs that were saved, in order. */
export class EvidenceRuns {
  readonly saved: EvidenceRun[] = [];
  private readonly options: EvidenceOptions;

  constructor(options: EvidenceOptions) {
    this.options = options;
  }

  /** But for how quotas are counted, the same as `meridian simulate` makes of the same scenario. */
  async run({ label, about, isSizing, prepare: read }: EvidenceTask): Promise<RunResult> {
    const { terminal, signal, out, precision } = this.options;
    const startedAt = new Date();
    const counting = isSizing ? { quotaDetail: true } : { skipQuotaNeeds: true };
    const prepare = async (replications?: number): Promise<PreparedExperiment> => {
      const experiment = await read(replications);
      return { ...experiment, inputs: { ...experiment.inputs, ...counting } };
    };
    const experiment = await prepare();
    terminal.note(`${label}: ${experiment.summary}`);
    const { ran, result } =
      precision === undefined
        ? { ran: experiment, result: await runShown(experiment, this.options) }
        : await runInStages(prepare, experiment, precision, this.options).then((staged) => ({
            ran: staged.experiment,
            result: staged.result,
          }));
    const saved = await saveExperiment(ran, result, { out, startedAt, signal });
    this.saved.push({ label, about, run: saved.id, folder: join(saved.folder) });
    return result;
  }
}

/** Most replications that a plan runs of its own accord. */
const REPLICATIONS_MAX = 10;
/** Fewest: an interval over two is six times as wide as one over three, and over one there is none. */
export const REPLICATIONS_MIN = 3;

export interface SizeOptions {
  /** Requests in all, over strategies and replications. */
  readonly budget: number;
  /** As asked for on the command line; then the budget sets nothing. */
  readonly replications: number | undefined;
  /** Replications are added until intervals are narrow; then the budget sets nothing. */
  readonly isPrecise: boolean;
}

export interface RunSize {
  readonly changes: readonly Override[];
  readonly hours: number;
  /** Only a part of the run is simulated. */
  readonly isPart: boolean;
}

/** Replications and length: as many as the budget allows, and a part of the run where it does not hold the fewest. */
export function runSize(
  whole: Demand,
  plan: Plan,
  strategies: number,
  { budget, replications, isPrecise }: SizeOptions,
): RunSize {
  const perReplication = Math.max(1, whole.calls * strategies);
  const ofHours = whole.minutes / 60;
  if (replications !== undefined || isPrecise) return { changes: [], hours: ofHours, isPart: false };
  const fits = Math.floor(budget / perReplication);
  const n = Math.max(REPLICATIONS_MIN, Math.min(fits, plan.replications, REPLICATIONS_MAX));
  const changes = n === plan.replications ? [] : [changed(["replications"], n)];
  if (fits >= n || !Number.isFinite(plan.durationMs)) return { changes, hours: ofHours, isPart: false };
  const window = busiestWindow(whole.callsByHour, budget / strategies / n);
  const fromMs = Math.max(plan.arrivalsFromMs, window.fromHour * HOUR_MS);
  const untilMs = Math.min(plan.durationMs, (window.fromHour + window.hours) * HOUR_MS);
  return {
    changes: [
      ...changes,
      changed(["arrivalsFrom"], `${fromMs}ms`),
      changed(["duration"], `${untilMs}ms`),
      changed(["warmup"], "none"),
    ],
    hours: window.hours,
    isPart: true,
  };
}

/** Calls of the busiest day of the run: any 24 h in a row, or all of a shorter run. */
export function busiestDayCalls({ callsByHour }: Demand): number {
  let [sum, most] = [0, 0];
  callsByHour.forEach((calls, hour) => {
    sum += calls - (callsByHour[hour - 24] ?? 0);
    most = Math.max(most, sum);
  });
  return most;
}

function changed(path: readonly string[], value: unknown): Override {
  return { path: [...path], value, origin: "meridian plan" };
}
