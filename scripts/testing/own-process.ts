/**
 * Which test files need a process of their own: those that start processes or threads, or change what a process has
 * once (environment, working folder, signal handlers). Computed from what the file and the test helpers it imports
 * say, so that a file that is moved or merged is judged anew. `guard.ts` fails a file that this misses.
 */
import { posix } from "node:path";

/** Modules that start processes or threads. */
const STARTERS = /^(?:node:)?(?:child_process|worker_threads|cluster)$|^tinypool$/;

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
    const mark = MARK.exec(text)?.[1];
    if (mark !== undefined) return `${place}${mark}`;
    const change = PROCESS_WIDE.map((pattern) => pattern.exec(text)?.[0]).find((found) => found !== undefined);
    if (change !== undefined) return `${place}${change}`;
    for (const imported of importsOf(text)) {
      if (STARTERS.test(imported)) return `${place}imports ${imported}`;
      if (!imported.startsWith(".")) continue;
      const target = posix.join(posix.dirname(path), imported);
      if (target.startsWith("test/")) queue.push(target);
      else if (path === file && importsOf(read(target) ?? "").some((name) => STARTERS.test(name)))
        return `${target} starts processes or threads`;
    }
  }
  return undefined;
}

/** Modules that a file loads when it is loaded; not those that it takes types from. */
function importsOf(text: string): readonly string[] {
  const pattern = /^(?:import|export)(?! type\b)[^;]*? from "([^"]+)"|^import "([^"]+)"|\bimport\("([^"]+)"\)/gm;
  return [...text.matchAll(pattern)].map((match) => (match[1] ?? match[2] ?? match[3])!);
}
