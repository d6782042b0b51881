/**
 * Which test files need a process of their own: those that change what a process has only once (environment, working
 * folder, signal handlers). The first half decides it before the run; the second half guards a shared process and fails
 * a file that the first half missed. Starting processes and threads changes nothing for the files that follow.
 */
import { posix } from "node:path";

/** Changes of what all files in one process would share. */
const PROCESS_WIDE = [
  /\bprocess\.env(?:\.\w+|\[[^\]]+\])\s*=[^=]/,
  /\bdelete process\.env\b/,
  /\bassign\(process\.env\b/,
  /\bprocess\.(?:chdir|umask|kill|on|once|emit|setSourceMapsEnabled)\(/,
];

/** For what neither imports nor text show: `// Own process: <reason>` in the test file or a helper of it. */
const OWN = /^\/\/ Own process: (.+)$/m;

/** For what puts back all that it changes, and is held to it by the guard: `// Shared process: <reason>`. */
const SHARED = /^\/\/ Shared process: (.+)$/m;

/**
 * Why a test file cannot share a process with others. Computed from what stands in the file and in the test helpers
 * that it imports, so a file that is moved or merged is judged anew.
 *
 * @param file path from the root of the project, with forward slashes
 * @param read text of a file at such a path; undefined where there is none
 * @returns undefined for a file that can share
 */
export function whyOwnProcess(file: string, read: (path: string) => string | undefined): string | undefined {
  for (const [path, text] of helpersOf(file, read)) {
    const reason = declaredReason(text);
    if (reason !== undefined) return path === file ? reason : `${path}: ${reason}`;
  }
  return undefined;
}

/**
 * A test file and the test helpers that it reaches, with their texts.
 *
 * @param file path from the root of the project, with forward slashes
 * @param read text of a file at such a path; undefined where there is none
 */
export function helpersOf(file: string, read: (path: string) => string | undefined): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  const queue = [file];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (texts.has(path) || !path.startsWith("test/")) continue;
    const text = read(path) ?? "";
    texts.set(path, text);
    const folder = posix.dirname(path);
    queue.push(...importsOf(text).flatMap((name) => (name.startsWith(".") ? [posix.join(folder, name)] : [])));
  }
  return texts;
}

/** The reason that stands in a test file or a helper itself: a mark, or a change of the process. */
function declaredReason(text: string): string | undefined {
  const own = OWN.exec(text)?.[1];
  if (own !== undefined || SHARED.test(text)) return own;
  return PROCESS_WIDE.map((pattern) => pattern.exec(text)?.[0]).find((found) => found !== undefined);
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
 * Guards this process from here on: changing the working folder throws, and what else a file leaves changed is noticed.
 * Call it once, before any test file is loaded.
 */
export function guardSharedProcess(): Guard {
  let found: string[] = [];
  process.chdir = () => {
    found.push(`changes the working folder of a process that it shares with other test files; ${ADVICE}`);
    throw new Error(`a test that shares its process changes the working folder; ${ADVICE}`);
  };
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
