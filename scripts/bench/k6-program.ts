/** Finds the k6 program, builds it where there is none, and runs it (or any other program) to its end. */
import { spawn } from "node:child_process";
import { constants } from "node:fs";
import { access, open, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { MeridianError } from "../../simulator/base/errors.ts";
import { MINUTE_MS } from "../../simulator/base/time.ts";
import { isAlive } from "../io/process.ts";
import { makeFolder } from "../io/text-files.ts";
import { interrupted } from "../io/worker-pool.ts";

type Env = Readonly<Record<string, string | undefined>>;

export interface K6Program {
  readonly path: string;
  /** `1.8.1`. */
  readonly version: string;
}

/** Scripts in TypeScript need k6 1.0; asked for with a limit, since anything may be called k6. */
const MAJOR_MIN = 1;
const VERSION_LIMIT_MS = 10_000;

/** Where a k6 that was built here is kept. */
export function cachedK6(env: Env): string {
  return join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), ".cache"), "meridian", "k6", "k6");
}

/**
 * The k6 to use: `K6_BIN`, else the one on the PATH, else the one in our cache.
 *
 * @returns undefined when there is none that is new enough
 * @throws MeridianError environment K6_BIN_UNUSABLE when `K6_BIN` names something else
 */
export async function findK6(env: Env): Promise<K6Program | undefined> {
  const named = env.K6_BIN;
  if (named !== undefined && named !== "") {
    const version = await versionOf(named);
    if (isNewEnough(version)) return { path: named, version };
    throw new MeridianError("environment", {
      code: "K6_BIN_UNUSABLE",
      what:
        version === undefined ? "this does not run as k6" : `this is k6 ${version}; ${MAJOR_MIN}.0 or newer is needed`,
      where: `K6_BIN=${named}`,
      fix: "let K6_BIN name a newer k6, or unset it",
    });
  }
  for (const path of [await onPath("k6", env), cachedK6(env)]) {
    const version = path === undefined ? undefined : await versionOf(path);
    if (path !== undefined && isNewEnough(version)) return { path, version };
  }
  return undefined;
}

/** The program of this name on the PATH. */
export async function onPath(program: string, env: Env): Promise<string | undefined> {
  for (const folder of (env.PATH ?? "").split(delimiter)) {
    if (folder === "") continue;
    const path = join(folder, program);
    const runs = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) return path;
  }
  return undefined;
}

async function versionOf(path: string): Promise<string | undefined> {
  const { code, tail } = await runChild(path, ["version"], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME },
    limitMs: VERSION_LIMIT_MS,
    signal: new AbortController().signal,
  });
  return code === 0 ? /^k6(?:\.exe)? v(\d+\.\d+\.\d+)/.exec(tail[0] ?? "")?.[1] : undefined;
}

function isNewEnough(version: string | undefined): version is string {
  return version !== undefined && Number(version.split(".", 1)[0]) >= MAJOR_MIN;
}

/** The newest k6 that its Go module gives. */
export const K6_MODULE = "go.k6.io/k6@v1.8.1";
const BUILD_LIMIT_MS = 15 * MINUTE_MS;
const LOCK_POLL_MS = 1000;

export interface EnsureOptions {
  readonly env: Env;
  readonly signal: AbortSignal;
  /** Takes remarks about steps that take long. */
  readonly note: (text: string) => void;
  readonly limitMs?: number;
}

/**
 * Finds k6, or builds it from its Go module into our cache. k6 is a program of its own under the AGPL: it is run, never
 * linked or shipped.
 *
 * @throws MeridianError environment K6_BIN_UNUSABLE, K6_MISSING (no k6 and no Go), K6_BUILD_FAILED; INTERRUPTED
 */
export async function ensureK6(options: EnsureOptions): Promise<K6Program> {
  const { env, note } = options;
  const found = await findK6(env);
  if (found !== undefined) return found;
  const go = await onPath("go", env);
  if (go === undefined) {
    throw new MeridianError("environment", {
      code: "K6_MISSING",
      what: "k6 is not installed, and there is no Go to build it with",
      where: "PATH",
      fix: "install k6 1.0 or newer, or let K6_BIN name it, or install Go",
    });
  }
  note(`k6 is not installed: building ${K6_MODULE} with Go, once; this takes one to five minutes`);
  const built = (await oneAtATime(options, () => build(go, options))) ?? (await findK6(env));
  if (built === undefined) throw buildFailed("the program that was built does not run");
  note(`k6 ${built.version} is ready: ${built.path}`);
  return built;
}

/**
 * Lets one process build while others wait for what it builds. The lock of a process that is gone counts for nothing.
 *
 * @returns the k6 that another process has built, undefined when the work was done here
 */
async function oneAtATime({ env, signal }: EnsureOptions, work: () => Promise<void>): Promise<K6Program | undefined> {
  const lock = join(dirname(cachedK6(env)), ".building");
  await makeFolder(dirname(lock)).catch((error: Error) => {
    throw buildFailed(error.message);
  });
  for (;;) {
    if (signal.aborted) throw interrupted();
    const handle = await open(lock, "wx").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "EEXIST") return undefined;
      throw buildFailed(error.message);
    });
    if (handle !== undefined) {
      try {
        await handle.writeFile(String(process.pid));
        await handle.close();
        await work();
        return undefined;
      } finally {
        await rm(lock, { force: true });
      }
    }
    await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS));
    const built = await findK6(env);
    if (built !== undefined) return built;
    const owner = Number(await readFile(lock, "utf8").catch(() => ""));
    if (owner > 0 && !isAlive(owner)) await rm(lock, { force: true });
  }
}

/** Builds beside the final place and renames, so that a build that was stopped leaves no half a program. */
async function build(go: string, { env, signal, note, limitMs = BUILD_LIMIT_MS }: EnsureOptions): Promise<void> {
  const target = cachedK6(env);
  const folder = join(dirname(target), `.build-${process.pid}`);
  let packages = 0;
  try {
    await makeFolder(folder);
    const end = await runChild(go, ["install", "-v", "-trimpath", "-ldflags", "-s -w", K6_MODULE], {
      env: { ...env, GOBIN: folder },
      limitMs,
      signal,
      endsWithParent: true,
      onLine: (line) => {
        if (!line.startsWith("go: ") && ++packages % 200 === 0) note(`building k6: ${packages} packages done`);
      },
    });
    if (end.why === "aborted") throw interrupted();
    if (end.why === "limit") throw buildFailed(`it did not end within ${limitMs / MINUTE_MS} minutes`);
    if (end.code !== 0) throw buildFailed(end.tail.at(-1) ?? `go ended with ${end.code}`);
    await rename(join(folder, "k6"), target);
  } catch (error) {
    throw error instanceof MeridianError ? error : buildFailed(error instanceof Error ? error.message : String(error));
  } finally {
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

function buildFailed(what: string): MeridianError {
  return new MeridianError("environment", {
    code: "K6_BUILD_FAILED",
    what: what.slice(0, 300),
    where: `go install ${K6_MODULE}`,
    fix: "install k6 1.0 or newer by hand, or let K6_BIN name it",
  });
}

export interface ChildOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Wall-clock limit, ms: the child and all that it started are killed then. */
  readonly limitMs: number;
  readonly signal: AbortSignal;
  /** Whether it ends at once when this process does, also by a kill that nothing can catch. */
  readonly endsWithParent?: boolean;
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

/**
 * Starts a program and kills it when its own input ends, which the death of the parent does whatever caused it. Signals
 * reach the program by itself, as one of the group; they are taken before it starts, since one may come with its first
 * line, and a supervisor that dies of it would take the program along without its last words.
 */
const SUPERVISOR = `
const { spawn } = require("node:child_process");
const [program, ...args] = process.argv.slice(1);
for (const name of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"]) process.on(name, () => {});
const end = () => process.kill(-process.pid, "SIGKILL");
process.stdin.on("end", end).on("error", end).resume();
const child = spawn(program, args, { stdio: ["ignore", "inherit", "inherit"] });
child.on("error", (error) => { process.stderr.write(error.message + "\\n"); process.exit(127); });
child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGKILL" ? 137 : 143)));
`;

/** After a polite request to end, this long before the kill. */
const GRACE_MS = 2000;
const TAIL_LINES = 12;

/**
 * Runs a program to its end. It gets a process group of its own, so that whatever it starts can be ended with it: when
 * its time is up, when the signal fires, and when this process exits for whatever reason.
 */
export async function runChild(program: string, args: readonly string[], options: ChildOptions): Promise<ChildEnd> {
  if (options.signal.aborted) return { code: null, why: "aborted", tail: [] };
  const isSupervised = options.endsWithParent === true;
  const [file, ...rest] = isSupervised
    ? [process.execPath, "-e", SUPERVISOR, "--", program, ...args]
    : [program, ...args];
  const child = spawn(file, rest, {
    env: definedOnly(options.env),
    cwd: options.cwd,
    stdio: [isSupervised ? "pipe" : "ignore", "pipe", "pipe"],
    detached: true,
  });
  child.stdin?.on("error", () => undefined);
  // A supervisor that was killed must not leave what it has started.
  if (isSupervised) child.once("exit", () => kill("SIGKILL"));
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
      for (const stream of [child.stdout!, child.stderr!]) readLines(stream, hear);
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
