/**
 * The process that runs test files for `scripts/test.ts`, one after the other as the parent asks for them: each file
 * in a run of its own, so that its hooks, its tests and its failures belong to it alone. `--shared` guards the
 * process against files that would disturb the next.
 */
import { readFileSync } from "node:fs";
import { run } from "node:test";
import { pathToFileURL } from "node:url";
import { setFlagsFromString } from "node:v8";
import { guardSharedProcess } from "./own-process.ts";
import type { FileRequest, TestOutcome, WorkerMessage } from "./slots.ts";

/** Longer than any test takes; a test that hangs is reported by its name. */
const TEST_TIMEOUT_MS = 600_000;

/** Calls of a function before V8 optimises it fully, ten times its default. */
const CALLS_BEFORE_OPTIMISING = 30_000;

// Most code of a test runs for seconds: optimising it costs a fifth of the processor time, and gains less than that.
setFlagsFromString(`--invocation-count-for-turbofan=${CALLS_BEFORE_OPTIMISING}`);

/** V8's own value. A file whose threads simulate sets another, for the whole process (scripts/compiler-options.mjs). */
const INLINED_BYTECODE = "--max-inlined-bytecode-size-cumulative=920";

const guard = process.argv.includes("--shared") ? guardSharedProcess() : undefined;

process.on("message", (request: FileRequest) => runFile(request.path));
// The parent has no more files, or is gone.
process.on("disconnect", () => process.exit());

function send(message: WorkerMessage): void {
  process.send?.(message);
}

function runFile(path: string): void {
  setFlagsFromString(INLINED_BYTECODE);
  // Waiting for the parent must not count as something left to happen.
  process.channel?.unref();
  const startedMs = performance.now();
  const processorStartMs = processorMs();
  const diagnostics: string[] = [];
  let failures = 0;
  const stream = run({ files: [path], isolation: "none", timeout: TEST_TIMEOUT_MS });
  stream.on("test:pass", (event) => {
    const { skip } = event;
    // A file without tests is reported as one test that has the file's path as its name; a suite that is left out as a
    // whole, without its tests, stands for them.
    if ((event.details.type === "suite" && skip === undefined) || event.name === path) return;
    const detail = typeof skip === "string" ? skip : "";
    send({ ...placeOf(event), outcome: skip === undefined ? "passed" : "skipped", detail });
  });
  stream.on("test:fail", (event) => {
    failures += 1;
    const { error } = event.details;
    // A suite that failed only because a test in it did: that test has been reported.
    if (event.details.type === "suite" && failureTypeOf(error) === "subtestsFailed") return;
    send({ ...placeOf(event), outcome: "failed", detail: textOf(error) });
  });
  stream.on("test:diagnostic", ({ message }) => diagnostics.push(message));
  // Comes when all tests are over and nothing is left to happen in the process.
  stream.on("test:summary", ({ success }) =>
    setImmediate(async () => {
      const problems = [...(await loadProblems(path, failures)), ...(guard?.violations() ?? [])];
      if (!success && failures === 0) problems.push(...diagnostics.filter((text) => /^(?:Error|Warning):/.test(text)));
      process.exitCode = 0;
      process.channel?.ref();
      const residentBytes = process.memoryUsage().rss;
      const usedMs = processorMs() - processorStartMs;
      send({ kind: "end", durationMs: performance.now() - startedMs, processorMs: usedMs, problems, residentBytes });
    }),
  );
  stream.resume();
}

/** Processor time of this process and of its children that have ended; of itself alone where the kernel does not tell. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000 + childrenMs();
}

/** Field 16 and 17 of Linux's process status, in hundredths of a second: time of children, and of theirs. */
function childrenMs(): number {
  try {
    const fields = readFileSync("/proc/self/stat", "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return (Number(fields[13]) + Number(fields[14])) * 10;
  } catch {
    return 0;
  }
}

/** A file that threw after its first tests were declared: the run itself does not report that. */
async function loadProblems(path: string, failures: number): Promise<readonly string[]> {
  try {
    await import(pathToFileURL(path).href);
    return [];
  } catch (error) {
    return failures > 0 ? [] : [`it cannot be loaded: ${textOf(error as Error)}`];
  }
}

type PlacedEvent = { readonly name: string; readonly file?: string; readonly line?: number };

function placeOf({ name, file, line }: PlacedEvent): Pick<TestOutcome, "kind" | "name" | "file" | "line"> {
  return { kind: "test", name, file, line };
}

function failureTypeOf(error: Error): unknown {
  return (error as { failureType?: unknown }).failureType;
}

/** Without the frames of the test runner itself. */
function textOf(error: Error): string {
  const { cause } = error;
  const text = cause instanceof Error ? (cause.stack ?? String(cause)) : String(cause ?? error.stack ?? error);
  return text
    .split("\n")
    .filter((line) => !/^\s+at .*node:internal/.test(line))
    .join("\n");
}
