/**
 * Which test files need a process of their own: those that say so. All others share processes, and may change what a
 * process has only once (environment, working folder, signal handlers) as long as they put it back: the second half
 * guards a shared process, fails a file that leaves it changed, and puts it back itself for the files that follow.
 */
import { posix } from "node:path";

/** For what no file could put back: `// Own process: <reason>` in the test file or a helper of it. */
const OWN = /^\/\/ Own process: (.+)$/m;

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
    const reason = OWN.exec(text)?.[1];
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

/** Modules that a file loads when it is loaded; not those that it takes types from. */
function importsOf(text: string): readonly string[] {
  const pattern = /^(?:import|export)(?! type\b)[^;]*? from "([^"]+)"|^import "([^"]+)"|\bimport\("([^"]+)"\)/gm;
  return [...text.matchAll(pattern)].map((match) => (match[1] ?? match[2] ?? match[3])!);
}

/** A process that test files share. */
export interface Guard {
  /** What the files since the last call left changed, each with what to do about it. All of it is put back. */
  violations(): readonly string[];
}

/** What a process has only once. */
interface Shared {
  readonly name: string;
  /** The same as long as nothing has changed. */
  readonly value: () => unknown;
  readonly putBack: () => void;
}

const ADVICE =
  'put it back when the tests are over, or say why the file cannot share: "// Own process: <reason>" in the test file';
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const GLOBALS = ["setTimeout", "fetch", "Date"];

/** Guards this process from here on. Call it once, before any test file is loaded. */
export function guardSharedProcess(): Guard {
  const environment = { ...process.env };
  const shared = [folderNow(), ...SIGNALS.map(handlersNow), ...GLOBALS.map(globalNow)];
  const before = shared.map(({ value }) => value());
  return {
    violations() {
      const changed = shared.filter(({ value }, i) => value() !== before[i]);
      for (const { putBack } of changed) putBack();
      const names = [...changed.map(({ name }) => name), ...putBackEnvironment(environment)];
      return names.length === 0 ? [] : [`leaves ${names.join(", ")} changed; ${ADVICE}`];
    },
  };
}

function folderNow(): Shared {
  const folder = process.cwd();
  return { name: "the working folder", value: folderName, putBack: () => process.chdir(folder) };
}

function folderName(): string {
  try {
    return process.cwd();
  } catch {
    return "(a folder that is gone)";
  }
}

function handlersNow(signal: NodeJS.Signals): Shared {
  const handlers = process.listeners(signal);
  return {
    name: `handlers of ${signal}`,
    value: () => process.listenerCount(signal),
    putBack() {
      process.removeAllListeners(signal);
      for (const handler of handlers) process.on(signal, handler);
    },
  };
}

function globalNow(name: string): Shared {
  const all = globalThis as unknown as Record<string, unknown>;
  const value = all[name];
  const putBack = () => {
    all[name] = value;
  };
  return { name: `global ${name}`, value: () => all[name], putBack };
}

/** Names of the variables that had changed. */
function putBackEnvironment(before: Readonly<Record<string, string | undefined>>): readonly string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(process.env)])].filter(
    // Node's runner numbers the processes that run tests.
    (name) => process.env[name] !== before[name] && !name.startsWith("NODE_TEST_"),
  );
  for (const name of names) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
  return names.map((name) => `environment variable ${name}`);
}
