import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { runForked } from "./python-forks.ts";

const run = promisify(execFile);

/** The retry behaviour that the tests expect is that of these versions on; changing one makes a new environment. */
const PACKAGES = ["boto3>=1.44.5", "awscli>=1.46.2", "litellm>=1.106.2"];
/** Clients of Anthropic and agent frameworks, apart, since they want other versions of what they share with the above. */
const FRAMEWORKS = ["anthropic[bedrock]>=2.10", "langchain-aws>=1.9", "pydantic-ai-slim[bedrock]>=2.62"];
const INSTALL_LIMIT_MS = 600_000;

export interface PythonClients {
  /** Path of an interpreter that has the packages; undefined where it cannot be had. */
  readonly python: string | undefined;
  /** Why there is none, for tests to skip with. */
  readonly reason: string;
}

/**
 * A Python with boto3, the AWS CLI and LiteLLM, made once in the user's cache folder.
 *
 * @returns its interpreter, or why there is none: no Python, no pip in it, or no package index
 * @throws where the index answers and the packages still cannot be installed: a test must not skip for that
 */
export function pythonWithClients(): Promise<PythonClients> {
  return pythonWith(PACKAGES);
}

/** A Python with Anthropic's client, langchain-aws and pydantic-ai, likewise. */
export function pythonWithFrameworks(): Promise<PythonClients> {
  return pythonWith(FRAMEWORKS);
}

async function pythonWith(packages: readonly string[]): Promise<PythonClients> {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "meridian");
  const folder = join(cache, `emulator-clients-${packages.join("-").replaceAll(/[^a-z0-9.-]/g, "")}`);
  const python = join(folder, "bin", "python");
  if (existsSync(python)) return { python, reason: "" };
  const reason = await whyNoPip();
  if (reason !== undefined) return { python: undefined, reason };
  mkdirSync(dirname(folder), { recursive: true });
  const made = mkdtempSync(`${folder}.part-`);
  try {
    await run("python3", ["-m", "venv", made], { timeout: INSTALL_LIMIT_MS });
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...packages];
    await run(join(made, "bin", "python"), pip, { timeout: INSTALL_LIMIT_MS });
    // Only a whole environment gets the name, so an interrupted install is never used.
    renameSync(made, folder);
    return { python, reason: "" };
  } catch (error) {
    rmSync(made, { recursive: true, force: true });
    if (existsSync(python)) return { python, reason: "" };
    if (await indexAnswers()) throw error;
    return { python: undefined, reason: `no package index answers, so ${packages.join(", ")} are not here` };
  }
}

/** What of Python's own is missing; undefined if nothing is. `ensurepip` is what puts pip into a new environment. */
async function whyNoPip(): Promise<string | undefined> {
  for (const [args, reason] of [
    [["--version"], "there is no python3 here"],
    [["-m", "pip", "--version"], "python3 has no pip here"],
    [["-c", "import venv, ensurepip"], "python3 cannot make environments with pip here"],
  ] as const) {
    const works = await run("python3", [...args], { timeout: 60_000 }).then(
      () => true,
      () => false,
    );
    if (!works) return reason;
  }
  return undefined;
}

async function indexAnswers(): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), "meridian-pip-"));
  try {
    const ask = ["-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, "jmespath"];
    await run("python3", ask, { timeout: 60_000 });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const CLIENT_LIMIT_MS = 180_000;

/** Runs Python without the host's own AWS settings, and returns what it printed. */
export async function runPython(
  python: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  const env = { PATH: process.env.PATH ?? "", HOME: "/nonexistent", AWS_EC2_METADATA_DISABLED: "true", ...environment };
  // The AWS CLI brings SDK parts of its own, which must not meet those of boto3.
  if (args[0] !== "-m") return runForked(python, args, env);
  const { stdout } = await run(python, [...args], { env, timeout: CLIENT_LIMIT_MS, maxBuffer: 16 * 2 ** 20 });
  return stdout;
}
