import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "..", "..");
export const BIN = join(ROOT, "scripts", "meridian.mjs");
export const TINY = join(ROOT, "test", "scripts", "fixtures", "tiny.yaml");

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Node that starts the command. */
  readonly node?: string;
  /** Called once, when stderr or stdout first says something. */
  readonly onFirstOutput?: (child: ChildProcess) => void;
}

const LIMIT_MS = 120_000;

/** Runs the real command as a process, as a user's shell would. */
export async function meridian(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  // NODE_TEST_CONTEXT would make a child of the test runner report in its protocol.
  const { NODE_TEST_CONTEXT, GITHUB_STEP_SUMMARY, MERIDIAN_HOST_NODE, ...env } = process.env;
  const child = spawn(options.node ?? process.execPath, [BIN, ...args], {
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
