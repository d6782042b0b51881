/** The programs that are timed, each in a process of its own: Meridian's engine, SimPy's process style, a C++ kernel. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { PACKAGE_ROOT } from "../../scripts/io/process.ts";
import { compilePackage } from "../../scripts/testing/package.ts";
import { MeridianError } from "../../simulator/base/errors.ts";
import type { ModelName, Program, Round } from "./rounds.ts";

const ROUND_SOURCE = "studies/performance/engine-round.ts";
const ROUND_LIMIT_MS = 600_000;

/**
 * The public engine on the scenario files of this folder: a fresh process per round, so that no round is warm from the
 * last.
 *
 * @param roundFile the program of a round: its source, or what was compiled of it
 */
export function engineProgram(roundFile = join(PACKAGE_ROOT, ROUND_SOURCE)): Program {
  return async (model, requests, seed, size) => {
    const sizes = size === undefined ? [] : [String(size.servers), String(size.perS)];
    const args = [roundFile, import.meta.dirname, model, String(requests), String(seed), ...sizes];
    return JSON.parse(await runChild(process.execPath, args, ROUND_LIMIT_MS)) as Round;
  };
}

/**
 * The engine as users have it: compiled with the package, for as long as it is measured.
 *
 * @throws what the build said where it failed
 */
export async function withCompiledEngine<T>(measure: (engine: Program) => Promise<T>): Promise<T> {
  const { folder, remove } = await compilePackage(PACKAGE_ROOT, [ROUND_SOURCE]);
  try {
    return await measure(engineProgram(join(folder, "dist", ROUND_SOURCE.replace(/\.ts$/, ".js"))));
  } finally {
    remove();
  }
}

/** The newest SimPy that PyPI had when this study was written. */
export const SIMPY_VERSION = "4.1.2";

/** SimPy's version of a model, and what it is called there. */
function simpyModel(model: ModelName): readonly [file: string, name: string] {
  const [name, strategy] = model.split("-");
  return strategy === undefined ? ["simpy_r1r2.py", name!] : ["simpy_r3.py", strategy];
}

const INSTALL_LIMIT_MS = 180_000;

/** SimPy's own answer to the models: process style, one Python process per round. */
export async function simpyProgram(cacheFolder: string = defaultCacheFolder()): Promise<Program> {
  const python = await installSimpy(cacheFolder);
  return async (model, requests, seed) => {
    const [file, name] = simpyModel(model);
    const args = [join(import.meta.dirname, file), name, String(requests), String(seed)];
    return JSON.parse(await runChild(python, args, ROUND_LIMIT_MS)) as Round;
  };
}

const KERNEL_FILE = join(import.meta.dirname, "kernel_r3.cpp");

/** The C++ program for R3, compiled once into the cache folder; null where there is no g++. */
export async function kernelProgram(cacheFolder: string = defaultCacheFolder()): Promise<Program | null> {
  const source = createHash("sha256")
    .update(await readFile(KERNEL_FILE))
    .digest("hex")
    .slice(0, 16);
  const binary = join(cacheFolder, `kernel-r3-${source}`);
  await mkdir(cacheFolder, { recursive: true });
  if (!existsSync(binary) && !(await succeeds("g++", ["-O3", "-std=c++17", "-o", binary, KERNEL_FILE]))) return null;
  return async (model, requests, seed) => {
    const printed = await runChild(binary, [simpyModel(model)[1], String(requests), String(seed)], ROUND_LIMIT_MS);
    return JSON.parse(printed) as Round;
  };
}

export function defaultCacheFolder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  return join(env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "meridian", "perf");
}

/**
 * A virtual environment with SimPy in the cache folder, made once. Returns its Python.
 *
 * @throws MeridianError (environment) PERF_NO_PYTHON, PERF_NO_SIMPY
 */
async function installSimpy(cacheFolder: string): Promise<string> {
  const folder = join(cacheFolder, `simpy-${SIMPY_VERSION}`);
  const python = join(folder, "bin", "python");
  const check = ["-c", `import simpy; assert simpy.__version__ == "${SIMPY_VERSION}"`];
  if (existsSync(python) && (await succeeds(python, check))) return python;
  await mkdir(cacheFolder, { recursive: true });
  if (!(await succeeds("python3", ["-m", "venv", "--clear", folder]))) {
    throw new MeridianError("environment", {
      code: "PERF_NO_PYTHON",
      what: "python3 with its venv module is needed for the SimPy baseline",
      fix: "install Python 3.8 or later (Debian: apt-get install python3-venv)",
    });
  }
  const install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", `simpy==${SIMPY_VERSION}`];
  if (!(await succeeds(python, install)) || !(await succeeds(python, check))) {
    throw new MeridianError("environment", {
      code: "PERF_NO_SIMPY",
      what: `simpy ${SIMPY_VERSION} could not be installed into ${folder}`,
      fix: `see what "${python} ${install.join(" ")}" says; it needs a package index`,
    });
  }
  return python;
}

async function succeeds(command: string, args: readonly string[]): Promise<boolean> {
  try {
    await runChild(command, args, INSTALL_LIMIT_MS);
    return true;
  } catch {
    return false;
  }
}

/**
 * Runs a program to its end and returns what it printed to stdout.
 *
 * @throws MeridianError (environment) PERF_PROGRAM_FAILED with the end of its stderr; also after `timeoutMs`
 */
export function runChild(command: string, args: readonly string[], timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], timeout: timeoutMs });
    let out = "";
    let err = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      err = (err + text).slice(-2_000);
    });
    child.on("error", (error) => reject(failed(command, args, error.message)));
    child.on("close", (code, signal) => {
      if (code === 0) resolve(out);
      else reject(failed(command, args, signal === null ? err : `ended by ${signal} (limit ${timeoutMs / 1_000} s)`));
    });
  });
}

function failed(command: string, args: readonly string[], why: string): MeridianError {
  return new MeridianError("environment", {
    code: "PERF_PROGRAM_FAILED",
    what: `${[command, ...args].join(" ")} failed: ${why.trim().split("\n").slice(-5).join(" | ")}`,
    fix: "run the command by itself to see all of its output",
  });
}
