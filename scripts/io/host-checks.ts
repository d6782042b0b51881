import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { availableParallelism, homedir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { PACKAGE_ROOT } from "./package-info.ts";
import { probeStore } from "./run-store.ts";

/** One line of `meridian doctor`. */
export interface HostCheck {
  readonly name: string;
  readonly status: "ok" | "missing" | "warning";
  /** Without it nothing works; a missing optional thing only limits what can be done. */
  readonly required: boolean;
  readonly found: string;
  readonly fix?: string;
}

export type Env = Readonly<Record<string, string | undefined>>;

/** Looks at the host; at AWS's settings, see probe/aws-checks.ts. */
export async function checkHost(env: Env, runsFolder: string): Promise<readonly HostCheck[]> {
  return Promise.all([
    checkNode(env),
    checkPackagedNode(),
    checkRunsFolder(runsFolder),
    checkCpu(),
    checkClock(),
    checkK6(env),
    checkGo(env),
  ]);
}

async function checkNode(env: Env): Promise<HostCheck> {
  const host = env.MERIDIAN_HOST_NODE;
  const own = process.versions.node;
  const found = host === undefined ? own : `${own} (packaged; the host has ${host})`;
  const isNew = Number(own.split(".")[0]) >= 24;
  if (isNew) return { name: "node", status: "ok", required: true, found };
  return { name: "node", status: "missing", required: true, found, fix: "run npm ci, which brings Node 24" };
}

async function checkPackagedNode(): Promise<HostCheck> {
  const path = join(PACKAGE_ROOT, "node_modules", "node", "bin", "node");
  const version = await versionOf(path, ["--version"]);
  const base = { name: "packaged node", required: false };
  if (version !== undefined) return { ...base, status: "ok", found: version };
  return { ...base, status: "warning", found: "none", fix: "needed on hosts older than Node 24: run npm ci" };
}

async function checkRunsFolder(folder: string): Promise<HostCheck> {
  const trouble = await probeStore(folder);
  const base = { name: "runs folder", required: true };
  if (trouble === undefined) return { ...base, status: "ok", found: `${folder} can be written to` };
  return { ...base, status: "missing", found: trouble, fix: "make it writable, or name another with --out" };
}

async function checkCpu(): Promise<HostCheck> {
  return { name: "cpu", status: "ok", required: false, found: `${availableParallelism()} cores to use` };
}

/** AWS refuses signatures that are more than five minutes off; a clock before our own files is certainly wrong. */
async function checkClock(): Promise<HostCheck> {
  const installedMs = (await stat(join(PACKAGE_ROOT, "package.json")).catch(() => undefined))?.mtimeMs ?? 0;
  const nowMs = Date.now();
  const base = { name: "clock", required: false, found: new Date(nowMs).toISOString() };
  const day = 86_400_000;
  if (nowMs > installedMs - day && nowMs < installedMs + 3650 * day) return { ...base, status: "ok" };
  return { ...base, status: "warning", fix: "the clock disagrees with the installed files by far; set it" };
}

async function checkK6(env: Env): Promise<HostCheck> {
  const base = { name: "k6", required: false };
  const cached = join(env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "meridian", "k6", "k6");
  const named = env.K6_BIN;
  const path = named !== undefined && named !== "" ? named : ((await findOnPath("k6", env)) ?? cached);
  const version = await versionOf(path, ["version"]);
  if (version !== undefined) return { ...base, status: "ok", found: `${version} (${path})` };
  if (named !== undefined && named !== "") {
    return { ...base, status: "warning", found: "K6_BIN does not run", fix: "let K6_BIN name the k6 program" };
  }
  return { ...base, status: "warning", found: "none", fix: "only needed to replay traffic with k6: install it" };
}

async function checkGo(env: Env): Promise<HostCheck> {
  const base = { name: "go", required: false };
  const path = await findOnPath("go", env);
  const version = path === undefined ? undefined : await versionOf(path, ["version"]);
  if (version !== undefined) return { ...base, status: "ok", found: version };
  return { ...base, status: "warning", found: "none", fix: "only needed to build k6" };
}

async function findOnPath(program: string, env: Env): Promise<string | undefined> {
  for (const folder of (env.PATH ?? "").split(delimiter)) {
    const path = join(folder, program);
    if (
      folder !== "" &&
      (await access(path, constants.X_OK).then(
        () => true,
        () => false,
      ))
    )
      return path;
  }
  return undefined;
}

const run = promisify(execFile);

/** First line of what a program says its version is; undefined when it does not run or answer within 5 s. */
async function versionOf(path: string, args: readonly string[]): Promise<string | undefined> {
  const done = await run(path, args, { timeout: 5000, maxBuffer: 64 * 1024 }).catch(() => undefined);
  return done?.stdout.split("\n", 1)[0]?.slice(0, 100);
}
