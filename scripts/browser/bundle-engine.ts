/** Bundles the engine for browsers: one file without imports, for a Web Worker. Used where pages are built. */
import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import { PACKAGE_ROOT } from "../io/process.ts";

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

/**
 * The text of a classic worker script: `new Worker(URL.createObjectURL(new Blob([text])))` runs it.
 *
 * @throws Error of esbuild where the engine has come to need something that browsers do not have
 */
export async function bundleEngine(): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: PACKAGE_ROOT,
    entryPoints: [join("scripts", "browser", "engine-worker.ts")],
    bundle: true,
    preserveSymlinks: true,
    platform: "browser",
    format: "iife",
    target: "es2022",
    minify: true,
    legalComments: "none",
    logLevel: "silent",
    plugins: [ENGLISH_ONLY, NO_DEBUG_LOG],
    write: false,
  });
  return outputFiles[0]!.text;
}
