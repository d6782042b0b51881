/** Runs one strategy's replay in k6: its input files, its environment, its rows while it runs, its end. */
import { access, mkdtemp, readdir, readFile, rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MeridianError } from "../../simulator/base/errors.ts";
import type { ClientCounts } from "../../simulator/bench/checks.ts";
import { encodeReplayPlan, type ReplayPlan } from "../../simulator/bench/plan.ts";
import { type AttemptRow, encodeSchedule, type ScheduleRow } from "../../simulator/bench/rows.ts";
import { isAlive, programFile } from "../io/process.ts";
import { interrupted } from "../io/worker-pool.ts";
import { hideSecrets } from "./bedrock/credentials.ts";
import { type ExecutorChoice, executorVariables } from "./executors.ts";
import { type ChildEnd, type K6Program, runChild } from "./k6-program.ts";
import { createRowReader, type RowReader, type RunState } from "./row-reader.ts";

export interface ReplayOptions {
  readonly k6: K6Program;
  readonly plan: ReplayPlan;
  readonly schedule: readonly ScheduleRow[];
  /** Where the scenario's clock is 0, ms since 1970: before now for a window of a longer run. */
  readonly startMs: number;
  /** Credentials of the endpoints, by the names that the AWS SDKs use. */
  readonly credentials: Readonly<Record<string, string>>;
  /** Names that must lead to the addresses that were checked. */
  readonly addresses: Readonly<Record<string, string>>;
  /** An executor of k6 that brings arrivals of its own; undefined replays the schedule's. */
  readonly executor?: ExecutorChoice | undefined;
  /** What an attempt costs, USD, for the progress. */
  readonly priceOf: (attempt: AttemptRow) => number;
  /** Called before anything is sent, with the file of rows. */
  readonly beforeStart?: (rowsFile: string) => Promise<void>;
  readonly signal: AbortSignal;
  readonly onState: (state: RunState) => void;
}

export interface Replayed {
  readonly rows: RowReader;
  readonly rowsText: Uint8Array;
  readonly counts: ClientCounts | undefined;
  /** Removes the rows that are kept because their calls may have cost money: for when they are saved elsewhere. */
  readonly release: () => Promise<void>;
}

const REPLAY_SCRIPT = programFile("scenarios/k6/replay.ts");
const NATIVE_SCRIPT = programFile("scenarios/k6/native-executor.ts");
const POLL_MS = 200;
/** What k6 may take beyond the run itself: loading, the last rows, the summary. */
const SLACK_MS = 45_000;
/** Exit codes with which k6 has done its work. */
const K6_DONE: readonly (number | null)[] = [0, 99];
/** Exit codes that stand for the end by a signal. */
const KILLED: readonly number[] = [137, 143];

/**
 * Runs one strategy's replay in k6 and reads its rows as they come. Its files are in a temporary folder, which is gone
 * afterwards. Where calls may have cost money it stays until it is released, for its rows are all that tells of them.
 *
 * @throws MeridianError environment K6_FAILED, K6_TOO_LONG, BENCH_DISK_FULL; INTERRUPTED
 */
export async function replayInK6(options: ReplayOptions): Promise<Replayed> {
  const { plan, schedule, startMs, signal } = options;
  await sweepFolders();
  const folder = await mkdtemp(join(tmpdir(), `${FOLDER_PREFIX}${process.pid}-`));
  const file = (name: string): string => join(folder, name);
  const rows = createRowReader(file("rows.jsonl"), schedule, options.priceOf);
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  let isOwed = false;
  try {
    const write = (name: string, text: string): Promise<void> =>
      writeFile(file(name), text).catch((error: Error) => Promise.reject(noSpace(error.message)));
    await write("plan.json", encodeReplayPlan(plan));
    await write("schedule.json", encodeSchedule(schedule));
    if (options.beforeStart !== undefined) {
      await writeFile(file(KEPT), "rows of calls that may have cost money\n");
      await options.beforeStart(file("rows.jsonl"));
      isOwed = true;
    }
    const watch = watchRows(rows, options.onState);
    const args = k6Arguments(file("rows.jsonl"), options.executor !== undefined);
    const end = await runChild(options.k6.path, args, {
      cwd: folder,
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        // A proxy would stand between the client and what is measured.
        NO_PROXY: "*",
        K6_NO_USAGE_REPORT: "true",
        K6_AUTO_EXTENSION_RESOLUTION: "false",
        MERIDIAN_PLAN: file("plan.json"),
        MERIDIAN_SCHEDULE: file("schedule.json"),
        MERIDIAN_START_MS: String(startMs),
        MERIDIAN_SUMMARY: file("summary.json"),
        MERIDIAN_ADDRESSES: JSON.stringify(options.addresses),
        ...(options.executor === undefined ? {} : executorVariables(options.executor, plan, schedule)),
        MERIDIAN_SECRETS: Object.keys(options.credentials).join(","),
        ...options.credentials,
      },
      endsWithParent: true,
      limitMs: Math.max(0, startMs + plan.durationMs - Date.now()) + plan.drainMs + SLACK_MS,
      signal,
    }).finally(watch.stop);
    await rows.poll();
    if (end.why === "aborted") throw interrupted();
    if (end.why !== "ended" || !K6_DONE.includes(end.code)) throw failure(end, Object.values(options.credentials));
    const counts = await countsOf(file("summary.json"));
    if (counts === undefined && (await isFull(folder))) throw noSpace("k6 could not write all of its rows");
    const rowsText = await readFile(file("rows.jsonl"));
    return { rows, rowsText, counts, release: isOwed ? remove : async () => {} };
  } finally {
    await rows.close();
    if (!isOwed) await remove();
  }
}

const FOLDER_PREFIX = "meridian-bench-";
/** Marks a folder whose rows are the only record of what was paid for. */
const KEPT = "kept";

/** Removes the folders of benches that were killed, but for those with rows of calls that may have cost money. */
async function sweepFolders(): Promise<void> {
  for (const name of await readdir(tmpdir()).catch(() => [])) {
    const pid = new RegExp(`^${FOLDER_PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    const folder = join(tmpdir(), name);
    const isKept = await access(join(folder, KEPT)).then(
      () => true,
      () => false,
    );
    if (!isKept) await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

/**
 * How k6 is started; all else reaches it in its environment.
 *
 * @param rowsFile file that receives the rows
 * @param isNative whether one of k6's own executors says when to send
 */
export function k6Arguments(rowsFile: string, isNative = false): readonly string[] {
  const script = isNative ? NATIVE_SCRIPT : REPLAY_SCRIPT;
  return ["run", "--quiet", "--address=", "--log-format=raw", `--console-output=${rowsFile}`, script];
}

/** Less than this is left of a disk that is full, bytes: k6 writes its rows in pieces of up to as much. */
const FULL_BYTES = 64 * 1024;

/** Whether the disk of a folder has no room for more rows. */
export async function isFull(
  folder: string,
  read: (folder: string) => Promise<{ readonly bavail: number; readonly bsize: number }> = statfs,
): Promise<boolean> {
  const { bavail, bsize } = await read(folder);
  return bavail * bsize < FULL_BYTES;
}

function noSpace(what: string): MeridianError {
  const fix = "free some space there, or let TMPDIR name a folder that has some";
  return new MeridianError("environment", { code: "BENCH_DISK_FULL", what, where: tmpdir(), fix });
}

function watchRows(rows: RowReader, onState: (state: RunState) => void): { stop(): Promise<void> } {
  let isOver = false;
  const loop = async (): Promise<void> => {
    while (!isOver) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      await rows.poll();
      onState(rows.state());
    }
  };
  const done = loop();
  return {
    stop: async () => {
      isOver = true;
      await done;
    },
  };
}

function failure({ why, code, tail }: ChildEnd, secrets: readonly string[]): MeridianError {
  const last = tail.findLast((line) => !line.startsWith("Request Failed"));
  const said = last === undefined ? "it said nothing" : hideSecrets(last, secrets);
  const lastWords = last === undefined ? said : `last it said: ${said}`;
  if (why === "limit") {
    return new MeridianError("environment", {
      code: "K6_TOO_LONG",
      what: `k6 did not end in its time and was stopped; ${lastWords}`,
      fix: "is the machine overloaded? Bench fewer requests a second",
    });
  }
  if (why === "ended" && (code === null || KILLED.includes(code))) {
    return new MeridianError("environment", {
      code: "K6_FAILED",
      what: `k6 was killed by a signal; ${lastWords}`,
      fix: "look whether the machine ran out of memory, or who ended it; then bench fewer requests a second, or again",
    });
  }
  return new MeridianError("environment", {
    code: "K6_FAILED",
    what: `k6 ${why === "ended" ? `ended with ${code}` : `was ${why}`}: ${said}`,
    fix: "meridian doctor shows which k6 is used; 1.8 is tested",
  });
}

async function countsOf(file: string): Promise<ClientCounts | undefined> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const { metrics } = JSON.parse(text) as {
      metrics: Readonly<Record<string, { values: { count?: number } } | undefined>>;
    };
    const count = (name: string): number => metrics[name]?.values.count ?? 0;
    return {
      httpRequests: count("http_reqs"),
      attempts: count("meridian_attempts"),
      requestsEnded: count("meridian_requests_ended"),
      droppedIterations: count("dropped_iterations"),
    };
  } catch {
    return undefined;
  }
}
