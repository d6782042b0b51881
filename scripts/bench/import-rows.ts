/** `bench --import-rows`: makes one measured run of the logs that several instances of k6 wrote. */

import { MeridianError } from "../../simulator/base/errors.ts";
import { checkRows, firstTokenNotes, seesFirstTokens, unseenLimitNotes } from "../../simulator/bench/checks.ts";
import type { ScheduleRow } from "../../simulator/bench/rows.ts";
import type { ClientPlan } from "../../simulator/scenario/plan.ts";
import type { CommandInput } from "../commands/command.ts";
import type { PreparedExperiment } from "../io/experiment.ts";
import { type InstanceLog, mergeInstances, type RunOrder, readInstanceLog, runKeyOf } from "./kubernetes/merge.ts";
import { operationOf } from "./options.ts";
import { concludeBench } from "./outcome.ts";
import type { BenchedStrategy } from "./run.ts";

/**
 * Makes one measured run of what several instances wrote, judged like a run on one machine.
 *
 * @throws MeridianError for logs that are not of this scenario, are duplicated, or miss a strategy
 */
export async function importRows(
  experiment: PreparedExperiment,
  schedule: readonly ScheduleRow[],
  notes: readonly string[],
  input: CommandInput,
): Promise<number> {
  const { plan } = experiment.inputs;
  const { options } = input;
  const operation = operationOf(plan);
  const order: RunOrder = { schedule, operation, drainMs: Math.min(plan.drainMs, options.drain as number) };
  const logs = await Promise.all((options.importRows as readonly string[]).map(readInstanceLog));
  const keys = plan.strategies.map((_, strategy) => runKeyOf(plan, strategy, order));
  refuseStrangers(logs, keys);
  const benched = plan.strategies.map(({ name, client }, strategy) => {
    const own = logs.filter(({ run }) => run === keys[strategy]);
    if (own.length === 0) throw noRows(name);
    return {
      ...merged(name, client ?? plan.client, own, order),
      startedAtMs: Math.min(...own.map(({ atMs }) => atMs)),
      instances: own.length,
    };
  });
  const instances = Math.max(...benched.map((each) => each.instances));
  return concludeBench({
    experiment,
    benched,
    place: `endpoints of a cluster, by ${instances} instances of k6`,
    notes: [
      "Instances timed their rows by clocks of their own: a difference between those moves arrivals, not latencies.",
      ...notes,
    ],
    startedAt: new Date(Math.min(...benched.map((each) => each.startedAtMs))),
    k6Version: "not known",
    input,
  });
}

function merged(
  strategy: string,
  { timeout }: ClientPlan,
  logs: readonly InstanceLog[],
  { schedule, operation }: RunOrder,
): BenchedStrategy {
  const isStreaming = operation === "converse-stream";
  const { attempts, requests, counts, faults, rowsText } = mergeInstances(logs);
  const called = { operation, targets: logs[0]!.targets };
  return {
    run: {
      schedule,
      attempts,
      requests,
      isStreaming: seesFirstTokens(called),
      notes: [...firstTokenNotes(called, attempts), ...unseenLimitNotes({ timeout, isStreaming }, attempts)],
      ranIn: () => undefined,
    },
    report: checkRows({ strategy, schedule, attempts, requests, counts, clientFaults: faults, lateMsP99: null }),
    records: new Map(),
    rowsText,
  };
}

function refuseStrangers(logs: readonly InstanceLog[], keys: readonly string[]): void {
  const problems = logs
    .filter(({ run }) => !keys.includes(run))
    .map(({ file, run }) => ({
      code: "ROWS_OF_ANOTHER_RUN",
      what: `these rows are of run ${run}; this scenario's are ${keys.join(", ")}`,
      where: file,
      fix: "give the scenario and the options with which the manifests were written: --duration, --at, --drain, --api, --seed, --set",
    }));
  if (problems.length > 0) throw new MeridianError("data", problems);
}

function noRows(strategy: string): MeridianError {
  return new MeridianError("data", {
    code: "ROWS_MISSING",
    what: `no file has rows of "${strategy}"`,
    where: "--import-rows",
    fix: "add its instances' logs, or leave it out with --strategy",
  });
}
