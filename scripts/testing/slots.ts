/**
 * Runs test files in lanes of some processes each. Files that need a process of their own get one; the others are handed
 * to long-lived processes one by one, so that Node starts and modules load only once. Checks of the whole tree (types,
 * lint, unused code) run beside them.
 */
import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { setPriority, totalmem } from "node:os";
import { join } from "node:path";

const WORKER = join(import.meta.dirname, "worker.ts");

/** A shared process that has grown beyond this is replaced after its file; all of them leave the machine a third. */
const RESIDENT_BYTES_MAX = Math.max(1.2e9, totalmem() / 8);

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

/** A test file, or something that ends by itself and takes the place of one. */
export type Work = TestFile | (() => Promise<void>);

/** Work of a kind, in the order in which it begins. */
export interface Lane {
  readonly work: readonly Work[];
  /** Processes at a time; one more when another lane is done. */
  readonly slots: number;
  /** Its processes stand back for those of other lanes. */
  readonly isPatient?: boolean;
}

/** Work that computes cedes a little to work that measures time. */
const PATIENT_NICE = 2;

export interface SlotOptions {
  /** A file that takes longer is stopped. */
  readonly fileLimitMs: number;
  /** Called for each file as it ends, in the order in which they end. */
  readonly onFile: (outcome: FileOutcome) => void;
}

/** Runs all work of all lanes. A process that finds none left in its lane helps another, unless one does so already. */
export async function runInSlots(lanes: readonly Lane[], options: SlotOptions): Promise<void> {
  const states = lanes.map((lane) => ({ ...lane, queue: [...lane.work], running: 0 }));
  const slot = async (own: (typeof states)[number]) => {
    let shared: ChildProcess | undefined;
    const hasWork = ({ queue }: typeof own) => queue.length > 0;
    for (;;) {
      const lane = hasWork(own) ? own : states.find((each) => hasWork(each) && each.running <= each.slots);
      const next = lane?.queue.shift();
      if (lane === undefined || next === undefined) break;
      lane.running++;
      if (typeof next === "function") await next();
      else {
        const child = (next.isShared ? shared : undefined) ?? startWorker(next.isShared, own.isPatient === true);
        const outcome = await runOne(child, next, options.fileLimitMs);
        const residentBytes = outcome.end?.residentBytes ?? Number.POSITIVE_INFINITY;
        const isReusable = next.isShared && residentBytes < RESIDENT_BYTES_MAX;
        if (next.isShared) shared = isReusable ? child : undefined;
        if (!isReusable && child.connected) child.disconnect();
        options.onFile(outcome);
      }
      lane.running--;
    }
    if (shared?.connected) shared.disconnect();
  };
  await Promise.all(states.flatMap((lane) => Array.from({ length: lane.slots }, () => slot(lane))));
}

function startWorker(isShared: boolean, isPatient: boolean): ChildProcess {
  const child = fork(WORKER, isShared ? ["--shared"] : [], {
    // As the command sets it (scripts/compiler-options.mjs), but before anything is compiled.
    execArgv: [...process.execArgv, "--no-maglev-osr"],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  if (isPatient) standBack(child);
  return child;
}

function standBack({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) setPriority(pid, PATIENT_NICE);
  } catch {
    // It has ended, which is noticed elsewhere; or the host allows no such thing.
  }
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
      const heard = message as WorkerMessage;
      if (heard.kind === "test") tests.push(heard);
      else finish(heard, heard.problems);
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
      if (error !== null) finish(undefined, [`its process cannot be reached: ${error.message}`]);
    });
  });
}

/** What the test command and the processes that run test files tell each other. */

/** Asks for one file. */
export interface FileRequest {
  /** Absolute path. */
  readonly path: string;
}

/** One test, or one suite that failed by itself. */
export interface TestOutcome {
  readonly kind: "test";
  readonly outcome: "passed" | "failed" | "skipped";
  readonly name: string;
  /** Absolute path of the file the test stands in: the test file or a helper. */
  readonly file: string | undefined;
  readonly line: number | undefined;
  /** Why it failed, with the stack; why it was skipped. */
  readonly detail: string;
}

/** The file's tests are over, and nothing that they started is left in the process. */
interface FileEnd {
  readonly kind: "end";
  readonly durationMs: number;
  /** Processor time of the file's tests and of the programs that they started and saw end. */
  readonly processorMs: number;
  /** What is wrong with the file apart from its tests. */
  readonly problems: readonly string[];
  /** Memory of the process, so that one that has grown can be replaced. */
  readonly residentBytes: number;
}

export type WorkerMessage = TestOutcome | FileEnd;

export interface CheckOutcome {
  readonly name: string;
  readonly isOk: boolean;
  /** Everything that it printed, stdout and stderr together. */
  readonly text: string;
  readonly durationMs: number;
}

/**
 * Runs a script of package.json (type check, linter, search for unused code) to its end.
 *
 * @param name its name there
 * @param cwd folder of package.json
 */
export async function runCheck(name: string, cwd: string): Promise<CheckOutcome> {
  const startedMs = performance.now();
  // npm names the file that it runs from, which saves a shell and works where npm is a script of its own.
  const npm = process.env.npm_execpath;
  const [command, args] = npm === undefined ? ["npm", []] : [process.execPath, [npm]];
  const child = spawn(command, [...args, "run", "--silent", name], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    shell: npm === undefined && process.platform === "win32",
  });
  standBack(child);
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (part: string) => {
      text += part;
    });
  const [code] = (await once(child, "close")) as [number | null];
  return { name, isOk: code === 0, text, durationMs: performance.now() - startedMs };
}
