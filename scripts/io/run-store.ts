/** The folder of saved runs: a run is published whole or not at all, and found again by id, folder or `latest`. */
import { createHash } from "node:crypto";
import { mkdir, open, readdir, readlink, rename, rm, stat, symlink } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { basename, dirname, join, resolve, sep } from "node:path";
import { z } from "zod";
import { MeridianError } from "../../simulator/base/errors.ts";
import { DAY_MS } from "../../simulator/base/time.ts";
import { RESULT_SCHEMA_VERSION, type RunResult } from "../../simulator/experiment/result.ts";
import { isAlive, packageVersion } from "./process.ts";
import { environmentProblem, isFolder, JsonPieces, makeFolder, readTextFile, stableJson } from "./text-files.ts";
/** Files of a run by name; names are plain, without folders. */
export type RunFiles = Readonly<Record<string, string | Uint8Array | JsonPieces>>;

export interface SavedRun {
  readonly id: string;
  readonly folder: string;
}

const RUN_ID = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const FILE_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/i;
const TEMP_PREFIX = ".tmp-";
const TEMP_AGE_MAX_MS = DAY_MS;
export const LATEST = "latest";

/** Folder of the run `id` inside the store `root`. @throws RUN_ID for a name that could lead anywhere else */
export function runFolder(root: string, id: string): string {
  const folder = resolve(root, id);
  if (!RUN_ID.test(id) || !folder.startsWith(resolve(root) + sep)) {
    throw new MeridianError("usage", {
      code: "RUN_ID",
      what: `"${id.slice(0, 80)}" is not a run id`,
      fix: "a run id has up to 64 of a-z 0-9 . _ - and begins with a letter or digit; see the names in the runs folder",
    });
  }
  return folder;
}

/**
 * Id of a new run: the scenario's name, a hash of the run's content, and the time it was saved. Only the name carries
 * the time; the bytes inside depend on the scenario alone.
 */
export function newRunId(
  name: string,
  content: string | readonly (string | Uint8Array | JsonPieces)[],
  savedAt: Date,
): string {
  const slug =
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-+|-+$/g, "")
      .slice(0, 32) || "run";
  const sum = createHash("sha256");
  for (const part of typeof content === "string" ? [content] : content) {
    for (const piece of part instanceof JsonPieces ? part : [part]) sum.update(piece);
  }
  const hash = sum.digest("hex").slice(0, 8);
  const time = savedAt.toISOString().slice(0, 19).replace(/[-:]/g, "").toLowerCase();
  return `${slug}-${time}-${hash}`;
}

/** Where a finished run is kept that its own folder could not take. */
const ELSEWHERE = join(tmpdir(), "meridian-runs");

/**
 * Publishes a run: writes all files into a temporary folder beside the final one, syncs them to disk, renames. A kill
 * at any moment leaves either the whole run or nothing but a temporary folder, which the next save sweeps away. Where
 * that fails the finished run is saved elsewhere, and the error says where.
 *
 * @throws RUN_NOT_SAVED (environment) naming the place when the disk is full or permission is missing
 */
export async function saveRun(root: string, id: string, files: RunFiles, elsewhere = ELSEWHERE): Promise<SavedRun> {
  try {
    return await saveAt(root, id, files);
  } catch (error) {
    if (!(error instanceof MeridianError) || error.kind !== "environment") throw error;
    const kept = await saveAt(elsewhere, id, files).catch(() => undefined);
    if (kept === undefined) throw error;
    const fix = `nothing is lost: it is in ${kept.folder}. Free some space or check permissions, and move it`;
    throw new MeridianError("environment", { ...error.problems[0]!, fix }, { cause: error });
  }
}

async function saveAt(root: string, id: string, files: RunFiles): Promise<SavedRun> {
  runFolder(root, id);
  for (const name of Object.keys(files)) {
    if (!FILE_NAME.test(name))
      throw new MeridianError("internal", { code: "RUN_FILE_NAME", what: `file name "${name}"` });
  }
  const temp = join(root, `${TEMP_PREFIX}${host()}-${process.pid}-${id}`);
  try {
    await makeFolder(root);
    await sweep(root);
    await mkdir(temp);
    for (const [name, content] of Object.entries(files)) await writeSynced(join(temp, name), content);
    await syncFolder(temp);
    const saved = await publish(root, id, temp);
    await syncFolder(root);
    await pointLatest(root, saved.id);
    return saved;
  } catch (error) {
    await rm(temp, { recursive: true, force: true }).catch(() => undefined);
    if (error instanceof MeridianError) throw error;
    const fix = "free some space or check permissions, or name another folder with --out";
    throw new MeridianError("environment", environmentProblem("RUN_NOT_SAVED", error, root, fix), { cause: error });
  }
}

/**
 * Text of a run's provenance.json: when it was made, by what. The only file of a run that holds a time of day: the
 * same scenario gives the same bytes in all others.
 *
 * @param startedAt when the command began
 * @param savedAt when its files were put together
 * @param scenarioFolder of the scenario, from the run's folder: what relative names in the saved scenario are relative to
 */
export function provenance(startedAt: Date, savedAt: Date, scenarioFolder?: string): string {
  return stableJson({
    schemaVersion: 1,
    meridian: packageVersion(),
    startedAt: startedAt.toISOString(),
    savedAt: savedAt.toISOString(),
    elapsedMs: savedAt.getTime() - startedAt.getTime(),
    node: process.versions.node,
    hostNode: process.env.MERIDIAN_HOST_NODE ?? process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    ...(scenarioFolder === undefined ? {} : { scenarioFolder }),
  });
}

/** Checks that runs can be saved under `root`, by doing it with an empty folder. Returns what went wrong, if it did. */
export async function probeStore(root: string): Promise<string | undefined> {
  const probe = join(root, `${TEMP_PREFIX}${host()}-${process.pid}-probe`);
  try {
    await makeFolder(root);
    await mkdir(probe);
    await writeSynced(join(probe, "probe"), "x");
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await rm(probe, { recursive: true, force: true }).catch(() => undefined);
  }
}

/**
 * Checks that runs can be saved under a folder, before there is one to save.
 *
 * @throws MeridianError environment RUN_FOLDER_UNUSABLE
 */
export async function requireStore(root: string, option = "--out"): Promise<void> {
  const what = await probeStore(root);
  if (what === undefined) return;
  const fix = `name a folder that can be written to with ${option}, or free some space`;
  throw new MeridianError("environment", { code: "RUN_FOLDER_UNUSABLE", what, where: `${option} ${root}`, fix });
}

/** rename() refuses a folder that exists and is not empty, so two savers of one id get two folders. */
async function publish(root: string, id: string, temp: string): Promise<SavedRun> {
  for (let copy = 1; copy <= 1000; copy++) {
    const candidate = copy === 1 ? id : `${id.slice(0, 59)}.${copy}`;
    const folder = runFolder(root, candidate);
    try {
      await rename(temp, folder);
      return { id: candidate, folder };
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code !== "ENOTEMPTY" && code !== "EEXIST" && code !== "EPERM") throw error;
    }
  }
  throw new Error(`no free name for ${id}`);
}

async function writeSynced(path: string, content: string | Uint8Array | JsonPieces): Promise<void> {
  const handle = await open(path, "wx");
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, "r").catch(() => undefined);
  if (handle === undefined) return; // Windows does not open folders.
  await handle.sync().catch(() => undefined);
  await handle.close();
}

/** `runs/latest` is a convenience: if symbolic links are unsupported, it is skipped. */
async function pointLatest(root: string, id: string): Promise<void> {
  const temp = join(root, `${TEMP_PREFIX}${host()}-${process.pid}-${LATEST}`);
  try {
    await rm(temp, { force: true });
    await symlink(id, temp);
    await rename(temp, join(root, LATEST));
  } catch {
    await rm(temp, { force: true }).catch(() => undefined);
  }
}

/** Id that `latest` points to. @throws RUN_NOT_FOUND when there is none */
export async function latestRunId(root: string): Promise<string> {
  const id = await readlink(join(root, LATEST)).catch(() => undefined);
  if (id !== undefined) return id;
  throw new MeridianError("data", {
    code: "RUN_NOT_FOUND",
    what: "no run has been saved here yet",
    where: root,
    fix: "run meridian simulate first, or name the folder of a run",
  });
}

/** Removes temporary folders of dead processes of this host, and any that a day has passed over. */
async function sweep(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    const match = TEMP_NAME.exec(name);
    if (match === null) continue;
    const [, tempHost, pid] = match;
    const dead = tempHost === host() ? !isAlive(Number(pid)) : await isOld(join(root, name));
    if (dead) await rm(join(root, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

const TEMP_NAME = /^\.tmp-([0-9a-f]{8})-(\d+)-/;

async function isOld(path: string): Promise<boolean> {
  const handle = await open(path, "r").catch(() => undefined);
  if (handle === undefined) return false;
  const { mtimeMs } = await handle.stat();
  await handle.close();
  return Date.now() - mtimeMs > TEMP_AGE_MAX_MS;
}

function host(): string {
  return createHash("sha256").update(hostname()).digest("hex").slice(0, 8);
}

export interface StoredRun {
  readonly id: string;
  readonly folder: string;
  readonly result: RunResult;
}

const RESULT_BYTES_MAX = 512 * 1024 * 1024;

/** The part of result.json that must hold before the rest can be trusted: it is our own file, of a known version. */
const resultHead = z.object({
  schemaVersion: z.number(),
  scenario: z.object({ name: z.string() }),
  strategies: z.array(z.object({ name: z.string(), total: z.object({}) })).min(1),
  comparisons: z.array(z.object({})),
  verdict: z.string(),
});

/**
 * Reads a saved run, named by its folder, by a result file, by its id in the store `root`, or `latest`.
 * @throws RUN_NOT_FOUND, RUN_ID, RUN_DAMAGED, RUN_VERSION
 */
export async function readRun(name: string, root: string): Promise<StoredRun> {
  const isFile = name.endsWith(".json") && basename(name) !== "result.json" && (await isRegularFile(name));
  const file = isFile ? resolve(name) : join(await findFolder(name, root), "result.json");
  const folder = dirname(file);
  if (!isFile && !(await isRegularFile(file))) throw noRunIn(folder, root);
  const text = await readTextFile(file, { code: "RUN", noun: "run result", bytesMax: RESULT_BYTES_MAX, kind: "data" });
  return { id: basename(isFile ? file : folder), folder, result: parseResult(text, file) };
}

async function findFolder(name: string, root: string): Promise<string> {
  if (name === LATEST) return runFolder(root, await latestRunId(root));
  if (await isFolder(name)) return resolve(name);
  if (basename(name) === "result.json" && (await isFolder(dirname(name)))) return resolve(dirname(name));
  const folder = name.includes("/") ? undefined : runFolder(root, name);
  if (folder !== undefined && (await isFolder(folder))) return folder;
  throw new MeridianError("data", {
    code: "RUN_NOT_FOUND",
    what: "there is no such run",
    where: name,
    fix: `name a run folder, an id in ${root} (meridian runs lists them), or ${LATEST}`,
  });
}

function noRunIn(folder: string, root: string): MeridianError {
  return new MeridianError("data", {
    code: "RUN_NOT_FOUND",
    what: "this folder holds no run: it has no result.json",
    where: folder,
    fix: `name a folder that simulate or bench has written, an id in ${root} (meridian runs lists them), or ${LATEST}`,
  });
}

async function isRegularFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() === true;
}

function parseResult(text: string, file: string): RunResult {
  const damaged = (what: string) =>
    new MeridianError("data", {
      code: "RUN_DAMAGED",
      what,
      where: file,
      fix: "simulate the run's scenario.yaml again",
    });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw damaged("this is not JSON");
  }
  // Before its shape: another version may have another one.
  const { schemaVersion } = (value ?? {}) as { readonly schemaVersion?: unknown };
  if (typeof schemaVersion === "number" && schemaVersion !== RESULT_SCHEMA_VERSION) {
    throw new MeridianError("data", {
      code: "RUN_VERSION",
      what: `the result has schema version ${schemaVersion}, this Meridian reads ${RESULT_SCHEMA_VERSION}`,
      where: file,
      fix: "use the Meridian version in the result, or simulate the run's scenario.yaml again",
    });
  }
  const head = resultHead.safeParse(value);
  if (!head.success) {
    const issue = head.error.issues[0]!;
    throw damaged(`this is not a run result: ${issue.path.join(".")} ${issue.message.toLowerCase()}`);
  }
  return value as RunResult;
}
