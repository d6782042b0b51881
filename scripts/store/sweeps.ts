/** Brings the store up to date with the folders of sweeps: new and changed ones are read, those that are gone taken out. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { MeridianError, type Problem } from "../../simulator/base/errors.ts";
import { readFolder } from "../sweep/sweep-report.ts";
import { SWEEP_POINTS, sweepRows } from "./tables/sweeps.ts";
import type { StoreWriter } from "./writer.ts";

/** Folder of sweeps inside the folder of runs. */
export const SWEEPS_FOLDER = "sweeps";

/** @returns problems of sweeps that cannot be read: they are in no table */
export async function syncSweeps(writer: StoreWriter, root: string): Promise<readonly Problem[]> {
  const folders = await sweepFolders(root);
  const known = await writer.keys(SWEEP_POINTS);
  const kept = new Set(folders.map(({ key }) => key));
  for (const key of known.keys()) if (!kept.has(key)) await takeOut(writer, key);
  const problems: Problem[] = [];
  for (const { key, folder, changedMs } of folders) {
    if ((known.get(key) ?? 0) >= changedMs) continue;
    try {
      const { sweep, found } = await readFolder(folder);
      for (const [table, rows] of sweepRows(sweep, found.rows)) await writer.replace(table, key, rows);
    } catch (error) {
      if (!(error instanceof MeridianError) || error.kind !== "data") throw error;
      if (known.has(key)) await takeOut(writer, key);
      problems.push(...error.problems);
    }
  }
  return problems;
}

async function takeOut(writer: StoreWriter, key: string): Promise<void> {
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
