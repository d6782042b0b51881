/** The simulated side of a validation, with every row kept. */
import type { MeasuredRun } from "../../simulator/bench/measured.ts";
import type { ScheduleRow } from "../../simulator/bench/rows.ts";
import { assembleResult, type Provenance, type RunResult, runJob } from "../../simulator/experiment/index.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import { collectRows, type SimulatedRows } from "../../simulator/validate/samples.ts";
import { interrupted } from "../io/worker-pool.ts";
import { endpointRecords, recordedRegions } from "./row-files.ts";

/** The simulated side of a validation. */
export interface SimulatedSide {
  readonly result: RunResult;
  /** By strategy. */
  readonly rows: readonly SimulatedRows[];
}

/**
 * Simulates replication 0 of each strategy and keeps every row. In this thread: a validation is a few thousand requests.
 *
 * @throws MeridianError INTERRUPTED
 */
export async function simulateRows(
  plan: Plan,
  provenance: Provenance,
  options: { readonly signal: AbortSignal; readonly onShare?: (share: number) => void },
): Promise<SimulatedSide> {
  const single: Plan = { ...plan, replications: 1 };
  const collectors = plan.strategies.map(() => collectRows(single));
  const job = runJob(
    { plan: single },
    { replication: 0, strategyIndices: [...plan.strategies.keys()] },
    (strategy) => collectors[strategy]!,
  );
  let step = job.next();
  while (step.done !== true) {
    options.onShare?.(step.value.share);
    await new Promise((resolve) => setImmediate(resolve));
    if (options.signal.aborted) throw interrupted();
    step = job.next();
  }
  return {
    result: assembleResult({ plan: single }, [step.value], provenance),
    rows: collectors.map((collector) => collector.rows()),
  };
}

/** A strategy's simulated rows as a run to be compared. */
export function simulatedRun(schedule: readonly ScheduleRow[], rows: SimulatedRows): MeasuredRun {
  const { attempts, requests, records } = rows;
  const ranIn = recordedRegions(endpointRecords(records));
  return { schedule, attempts, requests, isStreaming: true, ranIn };
}
