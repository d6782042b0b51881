/**
 * Which test files need a process of their own: those that start processes or threads, or change what a process has
 * only once (environment, working folder, signal handlers). The first half decides it before the run; the second half
 * guards a shared process and fails a file that the first half missed.
 */
import childProcess from "node:child_process";
import { syncBuiltinESMExports } from "node:module";
import { posix } from "node:path";
import workerThreads from "node:worker_threads";

/** Modules that start processes: what reaches one may start some. */
const PROCESSES = /^(?:node:)?(?:child_process|cluster)$/;

/** Modules that start threads. Much reaches the pool and has no jobs for it: only those next to it count. */
const THREADS = /^(?:node:)?worker_threads$|^tinypool$/;

/** Changes of what all files in one process would share. */
const PROCESS_WIDE = [
  /\bprocess\.env(?:\.\w+|\[[^\]]+\])\s*=[^=]/,
  /\bdelete process\.env\b/,
  /\bassign\(process\.env\b/,
  /\bprocess\.(?:chdir|umask|kill|on|once|emit|setSourceMapsEnabled)\(/,
];

/** For what neither imports nor text show: `// Own process: <reason>` in the test file or a helper of it. */
const MARK = /^\/\/ Own process: (.+)$/m;

/**
 * Why a test file cannot share a process with others. Computed from what the file and the test helpers that it imports
 * reach, so a file that is moved or merged is judged anew.
 *
 * @param file path from the root of the project, with forward slashes
 * @param read text of a file at such a path; undefined where there is none
 * @returns undefined for a file that can share
 */
export function whyOwnProcess(file: string, read: (path: string) => string | undefined): string | undefined {
  const seen = new Set<string>();
  const queue = [file];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    const text = read(path) ?? "";
    const place = path === file ? "" : `${path}: `;
    const isTest = path.startsWith("test/");
    const own = isTest ? declaredReason(text) : undefined;
    if (own !== undefined) return `${place}${own}`;
    for (const imported of importsOf(text)) {
      if (PROCESSES.test(imported) || (isTest && THREADS.test(imported))) return `${place}imports ${imported}`;
      if (!imported.startsWith(".")) continue;
      const target = posix.join(posix.dirname(path), imported);
      queue.push(target);
      if (path === file && importsOf(read(target) ?? "").some((name) => THREADS.test(name)))
        return `${target} starts threads`;
    }
  }
  return undefined;
}

/** The reason that stands in a test file or a helper itself: a mark, or a change of the process. */
function declaredReason(text: string): string | undefined {
  const changes = PROCESS_WIDE.map((pattern) => pattern.exec(text)?.[0]);
  return MARK.exec(text)?.[1] ?? changes.find((found) => found !== undefined);
}

/** Modules that a file loads when it is loaded; not those that it takes types from. */
function importsOf(text: string): readonly string[] {
  const pattern = /^(?:import|export)(?! type\b)[^;]*? from "([^"]+)"|^import "([^"]+)"|\bimport\("([^"]+)"\)/gm;
  return [...text.matchAll(pattern)].map((match) => (match[1] ?? match[2] ?? match[3])!);
}

const ADVICE = 'say why in the test file: "// Own process: <reason>"';

export interface Guard {
  /** What the files did since the last call that a shared process forbids, each with what to do about it. */
  violations(): readonly string[];
}

/**
 * Guards this process from here on: starting a process or a thread throws, and so does changing the working folder.
 * Call it once, before any test file is loaded.
 */
export function guardSharedProcess(): Guard {
  let found: string[] = [];
  const refuse = (what: string) =>
    function refused(): never {
      found.push(`${what} in a process that it shares with other test files; ${ADVICE}`);
      throw new Error(`a test that shares its process ${what}; ${ADVICE}`);
    };
  Object.assign(childProcess.ChildProcess.prototype, { spawn: refuse("starts a process") });
  for (const name of ["spawnSync", "execSync", "execFileSync"] as const)
    Object.assign(childProcess, { [name]: refuse("starts a process") });
  Object.assign(workerThreads, { Worker: refuse("starts a thread") });
  process.chdir = refuse("changes the working folder");
  syncBuiltinESMExports();
  let before = stateOfProcess();
  return {
    violations() {
      const after = stateOfProcess();
      const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
        (name) => before[name] !== after[name],
      );
      if (changed.length > 0) found.push(`leaves ${changed.join(", ")} changed; ${ADVICE}`);
      before = after;
      const violations = [...new Set(found)];
      found = [];
      return violations;
    },
  };
}

/** What files could leave changed to those after them. */
function stateOfProcess(): Readonly<Record<string, string | undefined>> {
  // Node's runner numbers the processes that run tests.
  const environment = Object.entries(process.env)
    .filter(([name]) => !name.startsWith("NODE_TEST_"))
    .map(([name, value]) => [`environment variable ${name}`, value]);
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"].map((name) => [
    `handlers of ${name}`,
    String(process.listenerCount(name)),
  ]);
  const globals = ["setTimeout", "fetch", "Date"].map((name) => [
    `global ${name}`,
    String((globalThis as unknown as Record<string, unknown>)[name] === ORIGINALS[name]),
  ]);
  return Object.fromEntries([...environment, ...signals, ...globals]);
}

const ORIGINALS: Readonly<Record<string, unknown>> = { setTimeout, fetch, Date };
