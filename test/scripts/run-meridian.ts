import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { PACKAGE_VARIABLE } from "../../scripts/testing/package.ts";

export const ROOT = join(import.meta.dirname, "..", "..");
/** The command of the sources; and the one to test, which is compiled where the test command has done so. */
export const SOURCE_BIN = join(ROOT, "scripts", "meridian.mjs");
const PACKAGE = process.env[PACKAGE_VARIABLE];
export const BIN = PACKAGE === undefined ? SOURCE_BIN : join(PACKAGE, "scripts", "meridian.mjs");
const MAIN = PACKAGE === undefined ? join(ROOT, "scripts", "cli.ts") : join(PACKAGE, "dist", "scripts", "cli.js");
export const TINY = join(ROOT, "test", "scripts", "fixtures", "tiny.yaml");

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Node that starts the command of the sources. */
  readonly node?: string;
  /** Called once, when stderr or stdout first says something. */
  readonly onFirstOutput?: (child: ChildProcess) => void;
}

const LIMIT_MS = 120_000;

/** Runs the real command as a process, as a user's shell would. */
export async function meridian(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  // NODE_TEST_CONTEXT would make a child of the test runner report in its protocol.
  const { NODE_TEST_CONTEXT, GITHUB_STEP_SUMMARY, MERIDIAN_HOST_NODE, ...env } = process.env;
  const child = spawn(options.node ?? process.execPath, [options.node === undefined ? BIN : SOURCE_BIN, ...args], {
    cwd: options.cwd ?? ROOT,
    env: { ...env, NO_COLOR: "1", ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: LIMIT_MS,
    killSignal: "SIGKILL",
  });
  let stdout = "";
  let stderr = "";
  let first = options.onFirstOutput;
  const said = () => {
    first?.(child);
    first = undefined;
  };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    said();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    said();
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}

/**
 * Runs the command in this process: the same exit code and the same output without the start of a process, for tests
 * that are about what a command says and writes. Not for signals or terminals. One call waits for the other, since it
 * takes over the streams, the environment and the working folder of the process, and puts them back.
 *
 * @param cwd working folder
 */
export function meridianHere(args: readonly string[], env: RunOptions["env"] = {}, cwd = ""): Promise<Finished> {
  const done = turn.then(() => (cwd === "" ? runHere(args, env) : runThere(args, env, cwd)));
  turn = done.catch(() => {});
  return done;
}

let turn: Promise<unknown> = Promise.resolve();

async function runThere(args: readonly string[], env: RunOptions["env"], cwd: string): Promise<Finished> {
  const before = process.cwd();
  process.chdir(cwd);
  try {
    return await runHere(args, env);
  } finally {
    process.chdir(before);
  }
}

async function runHere(args: readonly string[], env: RunOptions["env"]): Promise<Finished> {
  const { main } = (await import(pathToFileURL(MAIN).href)) as typeof import("../../scripts/cli.ts");
  const before = { ...process.env };
  const said = { stdout: "", stderr: "" };
  const restores = (["stdout", "stderr"] as const).map((name) => {
    const stream = process[name];
    const { write } = stream;
    const listeners = stream.listeners("error");
    stream.write = (text: string | Uint8Array) => {
      said[name] += typeof text === "string" ? text : Buffer.from(text).toString("utf8");
      return true;
    };
    return () => {
      stream.write = write;
      for (const each of stream.listeners("error").filter((listener) => !listeners.includes(listener)))
        stream.off("error", each as () => void);
    };
  });
  for (const name of ["GITHUB_STEP_SUMMARY", "MERIDIAN_HOST_NODE"]) delete process.env[name];
  Object.assign(process.env, { NO_COLOR: "1", ...env });
  try {
    const code = await main(args);
    return { code, ...said };
  } finally {
    for (const restore of restores) restore();
    for (const name of Object.keys(process.env)) if (!Object.hasOwn(before, name)) delete process.env[name];
    Object.assign(process.env, before);
  }
}
