import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { MeridianError } from "../../../simulator/errors.ts";
import { runChild } from "./child.ts";

export type Env = Readonly<Record<string, string | undefined>>;

export interface K6Program {
  readonly path: string;
  /** `1.8.1`. */
  readonly version: string;
}

/** Scripts in TypeScript need k6 1.0; asked for with a limit, since anything may be called k6. */
const MAJOR_MIN = 1;
const VERSION_LIMIT_MS = 10_000;

/** Where a k6 that we built is kept. */
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
