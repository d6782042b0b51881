/** Runs the scenarios behind a plan's answers, one after the other with progress, and saves each. */
import { join } from "node:path";
import type { EvidenceRun } from "../../simulator/advice/advice.ts";
import type { RunResult } from "../../simulator/experiment/result.ts";
import type { PreparedExperiment } from "../io/experiment.ts";
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
