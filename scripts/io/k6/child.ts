import { spawn } from "node:child_process";

export interface ChildOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Wall-clock limit, ms: the child and all that it started are killed then. */
  readonly limitMs: number;
  readonly signal: AbortSignal;
  /** Each line of stdout and stderr as it comes. */
  readonly onLine?: (line: string) => void;
}

export interface ChildEnd {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly why: "ended" | "limit" | "aborted" | "not started";
  /** Its last lines. */
  readonly tail: readonly string[];
}

/** After a polite request to end, this long before the kill. */
const GRACE_MS = 2000;
const TAIL_LINES = 12;

/**
 * Runs a program to its end. It gets a process group of its own, so that whatever it starts can be ended with it: when
 * its time is up, when the signal fires, and when this process exits for whatever reason.
 */
export async function runChild(program: string, args: readonly string[], options: ChildOptions): Promise<ChildEnd> {
  if (options.signal.aborted) return { code: null, why: "aborted", tail: [] };
  const child = spawn(program, args, {
    env: definedOnly(options.env),
    cwd: options.cwd,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let why: ChildEnd["why"] = "ended";
  const tail: string[] = [];
  const hear = (line: string): void => {
    tail.push(line);
    if (tail.length > TAIL_LINES) tail.shift();
    options.onLine?.(line);
  };
  const kill = (name: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, name);
    } catch {
      // It has ended by itself.
    }
  };
  let killer: NodeJS.Timeout | undefined;
  const stop = (reason: "limit" | "aborted"): void => {
    if (why === "ended") why = reason;
    kill("SIGTERM");
    killer ??= setTimeout(() => kill("SIGKILL"), GRACE_MS);
  };
  const onExit = (): void => kill("SIGKILL");
  const onAbort = (): void => stop("aborted");
  const limit = setTimeout(() => stop("limit"), options.limitMs);
  process.once("exit", onExit);
  options.signal.addEventListener("abort", onAbort, { once: true });
  try {
    const code = await new Promise<number | null>((resolve) => {
      child.once("error", (error) => {
        why = "not started";
        hear(error.message);
        resolve(null);
      });
      for (const stream of [child.stdout, child.stderr]) readLines(stream, hear);
      child.once("close", (exitCode) => resolve(exitCode));
    });
    return { code, why, tail };
  } finally {
    clearTimeout(limit);
    clearTimeout(killer);
    process.off("exit", onExit);
    options.signal.removeEventListener("abort", onAbort);
    kill("SIGKILL");
  }
}

function readLines(stream: NodeJS.ReadableStream, hear: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!.slice(-10_000);
    for (const line of lines) if (line.trim() !== "") hear(line.slice(0, 500));
  });
  stream.on("end", () => {
    if (rest.trim() !== "") hear(rest.slice(0, 500));
  });
}

function definedOnly(env: ChildOptions["env"]): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined));
}
