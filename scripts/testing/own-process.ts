/**
 * Which test files need a process of their own: those that start processes or threads, or change what a process has
 * once (environment, working folder, signal handlers). Computed from what the file and the test helpers it imports
 * reach, so that a file that is moved or merged is judged anew. `guard.ts` fails a file that this misses.
 */
import { posix } from "node:path";

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
 * Why a test file cannot share a process with others.
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
    const own = isTest ? sayOf(text) : undefined;
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

/** What a test file or a helper says of itself: a mark, or a change of the process. */
function sayOf(text: string): string | undefined {
  const changes = PROCESS_WIDE.map((pattern) => pattern.exec(text)?.[0]);
  return MARK.exec(text)?.[1] ?? changes.find((found) => found !== undefined);
}

/** Modules that a file loads when it is loaded; not those that it takes types from. */
function importsOf(text: string): readonly string[] {
  const pattern = /^(?:import|export)(?! type\b)[^;]*? from "([^"]+)"|^import "([^"]+)"|\bimport\("([^"]+)"\)/gm;
  return [...text.matchAll(pattern)].map((match) => (match[1] ?? match[2] ?? match[3])!);
}
