import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { MeridianError } from "../../simulator/errors.ts";
import { runChild } from "./child.ts";
import type { Program, Round } from "./round.ts";

/** The newest SimPy that PyPI had when the bench was written. */
export const SIMPY_VERSION = "4.1.2";

const MODEL_FILE = join(import.meta.dirname, "simpy_r1r2.py");
const INSTALL_LIMIT_MS = 180_000;
const ROUND_LIMIT_MS = 600_000;

/** SimPy's own answer to the bench models: process style, one Python process per round. */
export async function simpyProgram(cacheFolder: string = defaultCacheFolder()): Promise<Program> {
  const python = await installSimpy(cacheFolder);
  return async (model, requests, seed) => {
    const printed = await runChild(python, [MODEL_FILE, model, String(requests), String(seed)], ROUND_LIMIT_MS);
    return JSON.parse(printed) as Round;
  };
}

export function defaultCacheFolder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  return join(env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "meridian", "bench");
}

/**
 * A virtual environment with SimPy in the cache folder, made once. Returns its Python.
 *
 * @throws MeridianError (environment) BENCH_NO_PYTHON, BENCH_NO_SIMPY
 */
async function installSimpy(cacheFolder: string): Promise<string> {
  const folder = join(cacheFolder, `simpy-${SIMPY_VERSION}`);
  const python = join(folder, "bin", "python");
  const check = ["-c", `import simpy; assert simpy.__version__ == "${SIMPY_VERSION}"`];
  if (existsSync(python) && (await succeeds(python, check))) return python;
  await mkdir(cacheFolder, { recursive: true });
  if (!(await succeeds("python3", ["-m", "venv", "--clear", folder]))) {
    throw new MeridianError("environment", {
      code: "BENCH_NO_PYTHON",
      what: "python3 with its venv module is needed for the SimPy baseline",
      fix: "install Python 3.8 or later (Debian: apt-get install python3-venv)",
    });
  }
  const install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", `simpy==${SIMPY_VERSION}`];
  if (!(await succeeds(python, install)) || !(await succeeds(python, check))) {
    throw new MeridianError("environment", {
      code: "BENCH_NO_SIMPY",
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
