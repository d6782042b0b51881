/**
 * Saved runs and sweeps as tables: brings the store up to date with their folders (new and changed ones are read, those that are
 * gone taken out), and opens it for queries.
 */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { MeridianError, type Problem } from "../../simulator/base/errors.ts";
import { readRun } from "../io/run-store.ts";
import { readTextFile } from "../io/text-files.ts";
import { readFolder } from "../sweep/sweep-report.ts";
import { baselines, tagsOf } from "./labels.ts";
import { openStoreReader, type StoreReader } from "./reader.ts";
import { STORE_TABLES, STORE_VIEWS } from "./tables/index.ts";
import { RUN_LABELS, RUN_RECORDS, type RunFacts, runRows } from "./tables/runs.ts";
import { SWEEP_POINTS, sweepRows } from "./tables/sweeps.ts";
import { openStoreWriter, type StoreWriter } from "./writer.ts";

const RUN_ID = /^[a-z0-9][a-z0-9._-]{0,63}$/;

export interface RunStore extends StoreReader {
  /** Ids of all runs that are in the tables. */
  readonly ids: readonly string[];
  /** Runs that could not be read, each with the reason: they are in no table. */
  readonly problems: readonly Problem[];
}

/**
 * Opens all runs under `root` for queries. Folders of runs are what counts; their tables follow: runs that are new or
 * have changed are read, those whose folders are gone are taken out.
 */
export async function openRunStore(root: string): Promise<RunStore> {
  const { ids, problems } = await syncRuns(root);
  const named = await baselines(root);
  const rows = await Promise.all(
    ids.map(async (run) => ({
      run,
      tags: (await tagsOf(join(root, run))).join(","),
      baselines: [...named]
        .filter(([, id]) => id === run)
        .map(([name]) => name)
        .join(","),
    })),
  );
  const reader = await openStoreReader(root, {
    tables: STORE_TABLES,
    views: STORE_VIEWS,
    live: [{ table: RUN_LABELS, rows }],
  });
  return { ...reader, ids, problems };
}

/** Ids of the folders under `root` that hold a result, in order. */
export async function runIds(root: string): Promise<readonly string[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => entry.isDirectory() && RUN_ID.test(entry.name)).map(({ name }) => name);
  const withResult = await Promise.all(names.map(async (name) => (await changedMs(root, name)) !== undefined));
  return names.filter((_, i) => withResult[i]).sort();
}

async function changedMs(root: string, id: string): Promise<number | undefined> {
  return (await stat(join(root, id, "result.json")).catch(() => undefined))?.mtimeMs;
}

async function syncRuns(
  root: string,
): Promise<{ readonly ids: readonly string[]; readonly problems: readonly Problem[] }> {
  const writer = openStoreWriter(root);
  try {
    const all = await runIds(root);
    // The table of records is written last, so a run that is in it is in all.
    const known = await writer.keys(RUN_RECORDS);
    for (const id of known.keys()) if (!all.includes(id)) await takeOut(writer, id);
    const ids: string[] = [];
    const problems: Problem[] = [];
    for (const id of all) {
      const writtenMs = known.get(id);
      if (writtenMs !== undefined && writtenMs >= (await changedMs(root, id))!) {
        ids.push(id);
        continue;
      }
      try {
        await takeIn(writer, root, id);
        ids.push(id);
      } catch (error) {
        if (!(error instanceof MeridianError) || error.kind !== "data") throw error;
        if (writtenMs !== undefined) await takeOut(writer, id);
        problems.push(...error.problems);
      }
    }
    return { ids, problems: [...problems, ...(await syncSweeps(writer, root))] };
  } finally {
    writer.close();
  }
}

async function takeIn(writer: StoreWriter, root: string, id: string): Promise<void> {
  const { result, folder } = await readRun(id, root);
  const tables = [...runRows(result, await factsOf(folder))];
  const last = tables.findIndex(([table]) => table === RUN_RECORDS);
  for (const [table, rows] of [...tables.filter((_, i) => i !== last), tables[last]!])
    await writer.replace(table, id, rows);
}

async function takeOut(writer: StoreWriter, id: string): Promise<void> {
  await writer.remove(RUN_RECORDS, id);
  for (const table of runTables()) await writer.remove(table, id);
}

function runTables() {
  return STORE_TABLES.filter(({ keyColumn }) => keyColumn === RUN_RECORDS.keyColumn);
}

const provenanceForm = z.object({ savedAt: z.string().optional(), elapsedMs: z.number().optional() });

/** What provenance.json says; runs without one are kept all the same. */
async function factsOf(folder: string): Promise<RunFacts> {
  try {
    const file = { code: "PROVENANCE", noun: "provenance", bytesMax: 1024 * 1024, kind: "data" } as const;
    const { savedAt, elapsedMs } = provenanceForm.parse(
      JSON.parse(await readTextFile(join(folder, "provenance.json"), file)),
    );
    const isInstant = savedAt !== undefined && !Number.isNaN(Date.parse(savedAt));
    return { savedAt: isInstant ? savedAt : undefined, elapsedMs };
  } catch {
    return { savedAt: undefined, elapsedMs: undefined };
  }
}

/** Folder of sweeps inside the folder of runs. */
export const SWEEPS_FOLDER = "sweeps";

/** @returns problems of sweeps that cannot be read: they are in no table */
export async function syncSweeps(writer: StoreWriter, root: string): Promise<readonly Problem[]> {
  const folders = await sweepFolders(root);
  const known = await writer.keys(SWEEP_POINTS);
  const kept = new Set(folders.map(({ key }) => key));
  for (const key of known.keys()) if (!kept.has(key)) await takeOutSweep(writer, key);
  const problems: Problem[] = [];
  for (const { key, folder, changedMs } of folders) {
    if ((known.get(key) ?? 0) >= changedMs) continue;
    try {
      const { sweep, found } = await readFolder(folder);
      for (const [table, rows] of sweepRows(sweep, found.rows)) await writer.replace(table, key, rows);
    } catch (error) {
      if (!(error instanceof MeridianError) || error.kind !== "data") throw error;
      if (known.has(key)) await takeOutSweep(writer, key);
      problems.push(...error.problems);
    }
  }
  return problems;
}

async function takeOutSweep(writer: StoreWriter, key: string): Promise<void> {
  for (const table of sweepRows({ factors: [], jobs: [] }, []).keys()) await writer.remove(table, key);
}

interface SweepPlace {
  readonly key: string;
  readonly folder: string;
  readonly changedMs: number;
}

/** Folders that hold points, in order of their names. */
async function sweepFolders(root: string): Promise<readonly SweepPlace[]> {
  const parent = join(root, SWEEPS_FOLDER);
  const entries = await readdir(parent, { withFileTypes: true }).catch(() => []);
  const places: SweepPlace[] = [];
  for (const { name } of entries.filter((entry) => entry.isDirectory()).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const folder = join(parent, name);
    const changedMs = (await stat(join(folder, "points.json")).catch(() => undefined))?.mtimeMs;
    if (changedMs !== undefined) places.push({ key: keyOf(name), folder, changedMs });
  }
  return places;
}

/** A folder's name as the store's keys are: small letters, and its end, which tells sweeps apart. */
function keyOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9._-]/g, "-")
    .slice(-64)
    .replace(/^[._-]+/, "");
}
