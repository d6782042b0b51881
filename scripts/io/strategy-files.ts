/** Reads the user's own strategies: TypeScript or JavaScript, bundled into one script with whatever it imports. */
import { createHash } from "node:crypto";
import { realpath, stat } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { MeridianError } from "../../simulator/base/errors.ts";
import { PACKAGE_ROOT, programFile } from "./process.ts";

/** A strategy file that has been bundled. */
export interface StrategyFile {
  /** The file as it is called in a scenario or on the command line. */
  readonly path: string;
  /** A script that sets the variable `exported`. */
  readonly source: string;
  readonly sha256: string;
}

const BYTES_MAX = 1024 * 1024;
/** What k6's JavaScript engine understands. */
const TARGET = "es2022";

/**
 * Bundles a strategy file. Types are left out and not checked; imports of `meridian/strategies` are this package's own.
 *
 * @param within folder that the file must be in, or below: a scenario must not run code from elsewhere
 * @throws MeridianError data STRATEGY_FILE_NOT_FOUND; usage STRATEGY_FILE_OUTSIDE, STRATEGY_FILE_SYNTAX,
 *         STRATEGY_FILE_TOO_LARGE
 */
export async function loadStrategyFile(path: string, baseDir: string, within?: string): Promise<StrategyFile> {
  const file = isAbsolute(path) ? path : resolve(baseDir, path);
  const entry = await stat(file).catch(() => undefined);
  if (entry?.isFile() !== true) {
    const what = `there is no strategy file "${path}"`;
    const fix = `paths are relative to ${within === undefined ? "here" : "the scenario's folder"}`;
    throw new MeridianError("data", { code: "STRATEGY_FILE_NOT_FOUND", what, where: path, fix });
  }
  if (within !== undefined) await refuseOutside(path, file, within);
  const source = await bundle(path, file);
  if (source.length > BYTES_MAX) {
    const what = `${path} and what it imports come to ${source.length} bytes`;
    const fix = "import less: a strategy needs no packages";
    throw new MeridianError("usage", { code: "STRATEGY_FILE_TOO_LARGE", what, where: path, fix });
  }
  return { path, source, sha256: createHash("sha256").update(source).digest("hex") };
}

async function refuseOutside(path: string, file: string, within: string): Promise<void> {
  const way = relative(await realpath(within), await realpath(file));
  if (!way.startsWith("..") && !isAbsolute(way)) return;
  throw new MeridianError("usage", {
    code: "STRATEGY_FILE_OUTSIDE",
    what: `"${path}" is outside of the scenario's folder, and its code would be run`,
    where: path,
    fix: "put the file beside the scenario",
  });
}

async function bundle(path: string, file: string): Promise<string> {
  const { build } = await import("esbuild");
  try {
    const { outputFiles } = await build({
      entryPoints: [file],
      absWorkingDir: dirname(file),
      bundle: true,
      write: false,
      format: "iife",
      globalName: "exported",
      platform: "neutral",
      target: TARGET,
      treeShaking: true,
      charset: "utf8",
      legalComments: "none",
      logLevel: "silent",
      tsconfigRaw: {},
      alias: { "meridian/strategies": programFile("simulator/routing.ts") },
      nodePaths: [join(PACKAGE_ROOT, "node_modules")],
    });
    return outputFiles[0]!.text;
  } catch (error) {
    throw syntaxError(path, error);
  }
}

interface BuildFailure {
  readonly errors?: readonly {
    readonly text: string;
    readonly location?: { readonly file: string; readonly line: number } | null;
  }[];
}

function syntaxError(path: string, error: unknown): MeridianError {
  const errors = (error as BuildFailure).errors ?? [];
  const problems = errors.map(({ text, location }) => ({
    code: "STRATEGY_FILE_SYNTAX",
    what: text,
    where: location == null ? path : `${path}:${location.line}`,
    fix: "a strategy is one TypeScript or JavaScript module without packages of Node",
  }));
  if (problems.length > 0) return new MeridianError("usage", problems, { cause: error });
  throw error;
}
