import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const SERVER = join(import.meta.dirname, "forks.py");

/** LiteLLM alone takes a busy machine a minute to import. */
const CLIENT_LIMIT_MS = 180_000;

/**
 * One Python that has imported the clients, and forks for every program: LiteLLM takes five seconds to import. Not the
 * process's business when nothing runs, so it keeps no test file waiting; it ends with the process that started it.
 */
interface Forks {
  readonly child: ChildProcess;
  readonly waiting: Map<number, (code: number | undefined) => void>;
}

/** By interpreter: each has packages of its own. */
const forks = new Map<string, Forks>();
let jobs = 0;

/**
 * Runs a Python program with an environment of its own, and returns what it printed.
 *
 * @param args as they stand after `python`
 * @throws an error with `code`, `stdout` and `stderr` where it does not end with 0
 */
export async function runForked(
  python: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const { child, waiting } = forks.get(python) ?? startForks(python);
  const folder = mkdtempSync(join(tmpdir(), "meridian-python-"));
  const files = { stdout: join(folder, "stdout"), stderr: join(folder, "stderr") };
  const id = jobs++;
  try {
    hold(child, true);
    const code = await new Promise<number | undefined>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`python ${args.join(" ")} takes too long`)), CLIENT_LIMIT_MS);
      waiting.set(id, (ended) => {
        clearTimeout(late);
        resolve(ended);
      });
      child.stdin!.write(`${JSON.stringify({ id, args, env, ...files })}\n`);
    });
    if (code === undefined) throw new Error("the Python that runs the clients has ended");
    const [stdout, stderr] = [readFileSync(files.stdout, "utf8"), readFileSync(files.stderr, "utf8")];
    if (code === 0) return stdout;
    throw Object.assign(new Error(`python ${args.join(" ")} ended with ${code}: ${stderr}`), { code, stdout, stderr });
  } finally {
    waiting.delete(id);
    if (waiting.size === 0) hold(child, false);
    rmSync(folder, { recursive: true, force: true });
  }
}

function startForks(python: string): Forks {
  const env = { PATH: process.env.PATH ?? "", HOME: "/nonexistent", LITELLM_LOCAL_MODEL_COST_MAP: "True" };
  const child = spawn(python, [SERVER], { env, stdio: ["pipe", "pipe", "inherit"] });
  const waiting: Forks["waiting"] = new Map();
  createInterface(child.stdout).on("line", (line) => {
    const { id, code } = JSON.parse(line) as { readonly id: number; readonly code: number };
    waiting.get(id)?.(code);
  });
  child.on("exit", () => {
    forks.delete(python);
    for (const end of waiting.values()) end(undefined);
  });
  const started = { child, waiting };
  forks.set(python, started);
  return started;
}

function hold(child: ChildProcess, isHeld: boolean): void {
  for (const each of [child, child.stdin as Socket, child.stdout as Socket]) {
    if (isHeld) each.ref();
    else each.unref();
  }
}
