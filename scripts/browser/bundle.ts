/** Bundles what browsers run: the playground's worker and its page, one file each without imports. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { BuildOptions, Plugin } from "esbuild";
import { strategyScriptText } from "../../simulator/client/own-strategy.ts";
import { IS_COMPILED, PACKAGE_ROOT, programFile } from "../io/process.ts";

/** What browsers run, by source file. */
export const BROWSER_PROGRAMS = {
  worker: "scripts/browser/playground-worker.ts",
  page: "scripts/browser/page/playground.ts",
} as const;

/** Leaves out zod's messages in fifty other languages: half of its code, which each start would read. */
export const ENGLISH_ONLY: Plugin = {
  name: "english-only",
  setup: ({ onLoad }) =>
    onLoad({ filter: /zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: 'export { default as en } from "./en.js";',
    })),
};

/** Leaves out the log of stdlib's developers, which asks for Node's modules by require. */
export const NO_DEBUG_LOG: Plugin = {
  name: "no-debug-log",
  setup: ({ onLoad }) =>
    onLoad({ filter: /[\\/]debug[\\/]src[\\/]index\.js$/ }, () => ({ contents: "module.exports = () => () => {};" })),
};

/** How esbuild makes one classic script of each program. Its texts may stand inside an HTML page. */
export const BROWSER_BUILD = {
  absWorkingDir: PACKAGE_ROOT,
  bundle: true,
  preserveSymlinks: true,
  platform: "browser",
  format: "iife",
  target: "es2022",
  minify: true,
  legalComments: "none",
  logLevel: "silent",
  plugins: [ENGLISH_ONLY, NO_DEBUG_LOG],
} as const satisfies BuildOptions;

const made = new Map<string, Promise<string>>();

/**
 * The text of a program: of the package what its build made, from the sources bundled now, once in a process.
 *
 * @throws Error of esbuild where a program has come to need something that browsers do not have
 */
export function browserProgram(name: keyof typeof BROWSER_PROGRAMS): Promise<string> {
  const source = BROWSER_PROGRAMS[name];
  const known = made.get(source);
  if (known !== undefined) return known;
  const text = IS_COMPILED ? readFile(programFile(source), "utf8") : bundle(source);
  made.set(source, text);
  return text;
}

/**
 * The worker's text with the code of a user's own strategies in it: a page's policy lets no text be run as code later.
 *
 * @param sources bundled code by path
 */
export async function workerWith(sources: Readonly<Record<string, string>>): Promise<string> {
  const worker = await browserProgram("worker");
  const codes = [...new Set(Object.values(sources))];
  if (codes.length === 0) return worker;
  const pairs = codes.map((source) => `[${JSON.stringify(source)},${strategyScriptText(source)}]`);
  return `globalThis.meridianStrategies=[${pairs.join(",\n")}];\n${worker}`;
}

async function bundle(source: string): Promise<string> {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({ ...BROWSER_BUILD, entryPoints: [join(PACKAGE_ROOT, source)], write: false });
  return outputFiles[0]!.text;
}
