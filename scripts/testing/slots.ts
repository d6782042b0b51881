/**
 * Runs test files in as many processes as there are cores. Files that need a process of their own get one; the others
 * are handed to long-lived processes one by one, so that starting Node and loading modules is paid once.
 */
import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import type { FileEnd, FileRequest, TestOutcome, WorkerMessage } from "./messages.ts";

const WORKER = join(import.meta.dirname, "worker.ts");

/** A shared process that has grown beyond this is replaced after its file. */
const RESIDENT_BYTES_MAX = 1.2e9;

export interface TestFile {
  /** Absolute. */
  readonly path: string;
  readonly isShared: boolean;
}

export interface FileOutcome {
  readonly file: TestFile;
  readonly tests: readonly TestOutcome[];
  /** Undefined where the process died or was stopped before the file's end. */
  readonly end: FileEnd | undefined;
  readonly problems: readonly string[];
}

export interface SlotOptions {
  /** Processes at a time. */
  readonly slots: number;
  /** A file that takes longer is stopped. */
  readonly fileLimitMs: number;
  /** Called for each file as it ends, in the order in which they end. */
  readonly onFile: (outcome: FileOutcome) => void;
}

/**
 * Runs all files, in their order; other work may be mixed in.
 *
 * @param work what to run: a test file, or something that ends by itself and takes the place of one
 */
export async function runInSlots(
  work: readonly (TestFile | (() => Promise<void>))[],
  options: SlotOptions,
): Promise<void> {
  const queue = [...work];
  const slot = async () => {
    let shared: ChildProcess | undefined;
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      if (typeof next === "function") {
        await next();
        continue;
      }
      const child: ChildProcess = (next.isShared ? shared : undefined) ?? startWorker(next.isShared);
      const outcome = await runOne(child, next, options.fileLimitMs);
      const isReusable = next.isShared && (outcome.end?.residentBytes ?? Number.POSITIVE_INFINITY) < RESIDENT_BYTES_MAX;
      if (next.isShared) shared = isReusable ? child : undefined;
      if (!isReusable && child.connected) child.disconnect();
      options.onFile(outcome);
    }
    if (shared?.connected) shared.disconnect();
  };
  await Promise.all(Array.from({ length: options.slots }, slot));
}

function startWorker(isShared: boolean): ChildProcess {
  return fork(WORKER, isShared ? ["--shared"] : [], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
}

function runOne(child: ChildProcess, file: TestFile, limitMs: number): Promise<FileOutcome> {
  return new Promise((resolve) => {
    const tests: TestOutcome[] = [];
    const finish = (end: FileEnd | undefined, problems: readonly string[]) => {
      clearTimeout(timer);
      child.off("message", onMessage).off("exit", onExit);
      resolve({ file, tests, end, problems });
    };
    const onMessage = (message: unknown) => {
      const told = message as WorkerMessage;
      if (told.kind === "test") tests.push(told);
      else finish(told, told.problems);
    };
    const onExit = (code: number | null, signal: NodeJS.Signals | null) =>
      finish(undefined, [`its process ended (${signal ?? `exit code ${code}`}) before its tests did`]);
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      finish(undefined, [`it was stopped after ${limitMs / 1000} s; last test that ended: ${tests.at(-1)?.name}`]);
    }, limitMs);
    child.on("message", onMessage).on("exit", onExit);
    const request: FileRequest = { path: file.path };
    child.send(request, (error) => {
      if (error !== null) finish(undefined, [`its process does not listen: ${error.message}`]);
    });
  });
}
