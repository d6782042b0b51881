/** Saved runs and sweeps as tables: brings the store up to date with their folders, and opens it for queries. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { MeridianError, type Problem } from "../../simulator/base/errors.ts";
import { readRun } from "../io/run-store.ts";
import { readTextFile } from "../io/text-files.ts";
import { baselines, tagsOf } from "./labels.ts";
import { openStoreReader, type StoreReader } from "./reader.ts";
import { syncSweeps } from "./sweeps.ts";
import { STORE_TABLES, STORE_VIEWS } from "./tables/index.ts";
import { RUN_LABELS, RUN_RECORDS, type RunFacts, runRows } from "./tables/runs.ts";
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
