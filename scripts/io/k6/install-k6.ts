import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { MeridianError } from "../../../simulator/errors.ts";
import { interrupted } from "../worker-pool.ts";
import { runChild } from "./child.ts";
import { cachedK6, type Env, findK6, type K6Program, onPath } from "./find-k6.ts";

/** The newest k6 that its Go module gives. */
export const K6_MODULE = "go.k6.io/k6@v1.8.1";
const BUILD_LIMIT_MS = 15 * 60_000;
const LOCK_POLL_MS = 1000;

export interface EnsureOptions {
  readonly env: Env;
  readonly signal: AbortSignal;
  /** Told in words what is done, when something takes long. */
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
  await mkdir(dirname(lock), { recursive: true }).catch((error: Error) => {
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

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Builds beside the final place and renames, so that a build that was stopped leaves no half a program. */
async function build(go: string, { env, signal, note, limitMs = BUILD_LIMIT_MS }: EnsureOptions): Promise<void> {
  const target = cachedK6(env);
  const folder = join(dirname(target), `.build-${process.pid}`);
  let packages = 0;
  try {
    await mkdir(folder, { recursive: true });
    const end = await runChild(go, ["install", "-v", "-trimpath", "-ldflags", "-s -w", K6_MODULE], {
      env: { ...env, GOBIN: folder },
      limitMs,
      signal,
      onLine: (line) => {
        if (!line.startsWith("go: ") && ++packages % 200 === 0) note(`building k6: ${packages} packages done`);
      },
    });
    if (end.why === "aborted") throw interrupted();
    if (end.why === "limit") throw buildFailed(`it did not end within ${limitMs / 60_000} minutes`);
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
