import { MeridianError } from "../../../../simulator/errors.ts";
import type { ClientCounts } from "../../../../simulator/replay/harness.ts";
import type { AttemptRow, RequestRow } from "../../../../simulator/replay/rows.ts";
import type { InstanceLog } from "./instance-log.ts";

/** One run's rows, whoever wrote them. */
export interface MergedRows {
  readonly attempts: readonly AttemptRow[];
  readonly requests: readonly RequestRow[];
  /** All instances' counts; undefined when one left none. */
  readonly counts: ClientCounts | undefined;
  /** Why the instances together are no sound run; each names the instance. */
  readonly faults: readonly string[];
  readonly instances: number;
  readonly startedAtMs: number;
  readonly rowsText: Uint8Array;
}

/**
 * Puts the logs of one run's instances together. What is missing or disagrees is a fault, and makes the run invalid;
 * what cannot be told apart is refused.
 *
 * @param logs at least one, all of one run
 * @throws MeridianError data ROWS_TWICE for an instance with two logs
 */
export function mergeInstances(logs: readonly InstanceLog[]): MergedRows {
  const sorted = [...logs].sort((a, b) => a.instance - b.instance);
  refuseTwice(sorted);
  const { instances, atMs } = sorted[0]!;
  const faults: string[] = [];
  for (let instance = 1; instance <= instances; instance++) {
    const log = sorted.find((each) => each.instance === instance);
    if (log === undefined) faults.push(`instance ${instance} of ${instances} left no rows`);
    else faults.push(...faultsOf(log, instances, atMs).map((fault) => `instance ${instance} of ${instances} ${fault}`));
  }
  return {
    attempts: sorted.flatMap(({ attempts }) => attempts),
    requests: sorted.flatMap(({ requests }) => requests),
    counts: sumOf(sorted),
    faults,
    instances,
    startedAtMs: atMs,
    rowsText: Buffer.from(sorted.flatMap(({ lines }) => lines.map((line) => `${line}\n`)).join("")),
  };
}

function faultsOf(log: InstanceLog, instances: number, atMs: number): readonly string[] {
  const faults = log.faults.map((fault) => `says: ${fault}`);
  if (log.instances !== instances) faults.push(`counts ${log.instances} instances`);
  if (log.atMs !== atMs) {
    faults.push(`started at ${iso(log.atMs)}, the first at ${iso(atMs)}: they did not agree on a minute`);
  }
  if (log.readyMs > log.atMs) faults.push(`was ready ${log.readyMs - log.atMs} ms after the run was to start`);
  if (log.counts === undefined) faults.push("wrote no summary: its log may be cut off");
  return faults;
}

function sumOf(logs: readonly InstanceLog[]): ClientCounts | undefined {
  let total: ClientCounts = { httpRequests: 0, attempts: 0, requestsEnded: 0 };
  for (const { counts } of logs) {
    if (counts === undefined) return undefined;
    total = {
      httpRequests: total.httpRequests + counts.httpRequests,
      attempts: total.attempts + counts.attempts,
      requestsEnded: total.requestsEnded + counts.requestsEnded,
    };
  }
  return total;
}

function refuseTwice(sorted: readonly InstanceLog[]): void {
  const problems = sorted.flatMap((log, i) => {
    const before = sorted[i - 1];
    if (before?.instance !== log.instance) return [];
    return [
      {
        code: "ROWS_TWICE",
        what: `instance ${log.instance} is in ${before.file} as well`,
        where: log.file,
        fix: "give each instance's rows once, of one run of the manifests",
      },
    ];
  });
  if (problems.length > 0) throw new MeridianError("data", problems);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
