/**
 * `bench --import-rows`: reads the logs that several instances of k6 wrote, merges those of one run, and makes one measured run
 * of them.
 */
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";
import { MeridianError } from "../../simulator/base/errors.ts";
import {
  type ClientCounts,
  checkRows,
  firstTokenNotes,
  seesFirstTokens,
  unseenLimitNotes,
} from "../../simulator/bench/checks.ts";
import { makeReplayPlan } from "../../simulator/bench/make-plan.ts";
import { type CalledTarget, encodeReplayPlan, type ReplayOperation } from "../../simulator/bench/plan.ts";
import {
  type AttemptRow,
  encodeSchedule,
  parseRow,
  type RequestRow,
  type ScheduleRow,
} from "../../simulator/bench/rows.ts";
import type { ClientPlan, Plan } from "../../simulator/scenario/plan.ts";
import type { CommandInput } from "../commands/command.ts";
import type { PreparedExperiment } from "../io/experiment.ts";
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

/** The rows of one run, from all of its instances. */
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
 * logs that cannot be assigned to one instance each are refused.
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

/** What one instance of several wrote. */
export interface InstanceLog {
  readonly file: string;
  /** Whose run it is, and which instance of how many this was, from 1. */
  readonly run: string;
  readonly instance: number;
  readonly instances: number;
  /** ms since 1970: the start that it chose, and when it was ready. */
  readonly atMs: number;
  readonly readyMs: number;
  /** How its targets were called. */
  readonly targets: readonly CalledTarget[];
  readonly attempts: readonly AttemptRow[];
  readonly requests: readonly RequestRow[];
  /** Undefined when the log ends before k6 did. */
  readonly counts: ClientCounts | undefined;
  /** What the instance said of failures of its own, and lines that were cut. */
  readonly faults: readonly string[];
  /** Its rows as they were written; k6's own messages among them are left out. */
  readonly lines: readonly string[];
}

/**
 * Reads the log of one instance, as `kubectl logs` gives it, gzipped or not.
 *
 * @throws MeridianError data ROWS_UNREADABLE, ROWS_NONE for a file without an instance's first row, ROWS_MIXED for one
 *         with the rows of several
 */
export async function readInstanceLog(file: string): Promise<InstanceLog> {
  const attempts: AttemptRow[] = [];
  const requests: RequestRow[] = [];
  const faults: string[] = [];
  const lines: string[] = [];
  let start: Pick<InstanceLog, "run" | "instance" | "instances" | "atMs" | "readyMs" | "targets"> | undefined;
  let counts: ClientCounts | undefined;
  for await (const text of linesOf(file)) {
    // k6 writes messages of its own into the same log; rows alone begin like this.
    if (!text.startsWith("{")) continue;
    const row = parseRow(text);
    if (row === undefined) {
      faults.push(`a row was cut: ${text.slice(0, 100)}`);
      continue;
    }
    lines.push(text);
    if (row.t === "a") attempts.push(row);
    else if (row.t === "r") requests.push(row);
    else if (row.t === "c") counts = row;
    else if (row.t === "x") faults.push(`the k6 script failed: ${row.what.slice(0, 300)}`);
    else if (row.t === "s") {
      if (start !== undefined) throw mixed(file);
      const { run = "", instance = 0, instances = 0, targets = [] } = row;
      start = { run, instance, instances, targets, atMs: row.at, readyMs: row.ready };
    }
  }
  if (start === undefined || start.run === "") throw none(file);
  return { file, ...start, attempts, requests, counts, faults, lines };
}

async function* linesOf(file: string): AsyncGenerator<string> {
  try {
    const handle = await open(file, "r");
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    const isGzip = bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
    const raw = handle.createReadStream({ start: 0 });
    const input = isGzip ? raw.pipe(createGunzip()) : raw;
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) yield line;
  } catch (error) {
    throw new MeridianError("data", {
      code: "ROWS_UNREADABLE",
      what: error instanceof Error ? error.message : String(error),
      where: file,
      fix: "give the files that kubectl logs wrote",
    });
  }
}

function none(file: string): MeridianError {
  return new MeridianError("data", {
    code: "ROWS_NONE",
    what: "this log has no first row of an instance",
    where: file,
    fix: "collect the whole log, from before the start: kubectl logs -f job/<name> from the moment the runner is there",
  });
}

function mixed(file: string): MeridianError {
  return new MeridianError("data", {
    code: "ROWS_MIXED",
    what: "this file has the rows of several instances, or of one that ran twice",
    where: file,
    fix: "collect each instance's log in a file of its own",
  });
}

export interface RunOrder {
  readonly schedule: readonly ScheduleRow[];
  readonly operation: ReplayOperation;
  readonly drainMs: number;
}

/**
 * What a strategy's run is known by wherever its rows end up: a digest of all that was to be sent and how, but for where
 * the endpoints are. The same scenario and options give the same key.
 */
export function runKeyOf(plan: Plan, strategy: number, { schedule, operation, drainMs }: RunOrder): string {
  const replay = makeReplayPlan(
    plan,
    strategy,
    { urlOfRegion: new Map(), operation, isEmulated: false, roundTripMs: new Map() },
    { requests: schedule.length, lastArrivalMs: schedule.at(-1)![0], drainMs },
  );
  const digest = createHash("sha256").update(encodeReplayPlan(replay)).update(encodeSchedule(schedule));
  return digest.digest("hex").slice(0, 16);
}
