/** Finds the runs that people name: folders, result files, ids, patterns, `latest`, `latest~1`, baselines and tags. */
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { MeridianError } from "../../simulator/base/errors.ts";
import { suggest } from "../../simulator/base/near-names.ts";
import { LATEST, readRun, type StoredRun } from "../io/run-store.ts";
import { baselines, tagsOf } from "./labels.ts";
import { runIds, SWEEPS_FOLDER } from "./runs.ts";

/** A run with the name that it was called by. */
export interface FoundRun extends StoredRun {
  readonly label: string;
  /** Of a sweep's point, which has no folder of its own. */
  readonly scenarioYaml?: string;
}

/**
 * Runs by their names, in the order given, those of a pattern or tag by age. Each run comes once.
 *
 * @param names a folder, a result file, an id or a pattern of ids (`flagship-*`), `latest` or `latest~1` for the one
 *   before it, the name of a baseline, `tag:<tag>`, or a point of a sweep (`flagship-0011223344/3`)
 * @param root the folder of runs
 * @throws MeridianError data RUN_NOT_FOUND, RUN_DAMAGED, RUN_VERSION
 */
export async function findRuns(names: readonly string[], root: string): Promise<readonly FoundRun[]> {
  const found: FoundRun[] = [];
  for (const name of names) {
    const point = await pointOf(name, root);
    if (point !== undefined) {
      found.push({ ...point, label: point.id });
      continue;
    }
    for (const { place, label } of await placesOf(name, root)) {
      const run = await readRun(place, root);
      if (!found.some((each) => each.folder === run.folder && each.id === run.id)) found.push({ ...run, label });
    }
  }
  return found;
}

/** A point of a sweep; the code that reads it is loaded only for names that end like one. */
async function pointOf(name: string, root: string) {
  if (!/\/\d+$/.test(name) || (await exists(name))) return undefined;
  const { readPoint } = await import("../sweep/sweep-report.ts");
  return readPoint(name, join(root, SWEEPS_FOLDER));
}

interface Place {
  readonly place: string;
  readonly label: string;
}

async function placesOf(name: string, root: string): Promise<readonly Place[]> {
  const back = /^latest~(\d{1,4})$/.exec(name);
  if (back !== null) {
    const ids = await idsByAge(root);
    const id = ids.at(-1 - Number(back[1]));
    if (id === undefined) throw notFound(name, `there are ${ids.length} runs in ${root}`);
    return [{ place: join(root, id), label: name }];
  }
  if (name.startsWith("tag:")) {
    const tag = name.slice("tag:".length);
    const ids = await idsByAge(root);
    const tagged = await Promise.all(ids.map(async (id) => (await tagsOf(join(root, id))).includes(tag)));
    const matching = ids.filter((_, i) => tagged[i]);
    if (matching.length === 0) throw notFound(name, "meridian runs lists runs with their tags");
    return matching.map((id) => ({ place: join(root, id), label: id }));
  }
  if (/[*?]/.test(name) && !(await exists(name))) return matchesOf(name, root);
  if (name === LATEST || (await exists(name))) return [{ place: name, label: labelOf(name) }];
  const known = await baselines(root);
  const id = known.get(name);
  if (id !== undefined) return [{ place: join(root, id), label: name }];
  const ids = await runIds(root);
  if (ids.includes(name)) return [{ place: join(root, name), label: name }];
  throw notFound(
    name,
    `name a run folder, a result file, an id in ${root}, or ${suggest(name, [LATEST, ...known.keys(), ...ids])}`,
  );
}

/** `runs/x/` and `runs/x/result.json` are both the run x. */
function labelOf(name: string): string {
  const last = basename(name);
  return last === "result.json" && dirname(name) !== "." ? basename(dirname(name)) : last;
}

async function matchesOf(pattern: string, root: string): Promise<readonly Place[]> {
  const isPath = pattern.includes("/");
  const folder = isPath ? dirname(pattern) : root;
  const form = new RegExp(
    `^${basename(pattern)
      .replace(/[.+^${}()|[\]\\]/g, "\\$&")
      .replaceAll("*", ".*")
      .replaceAll("?", ".")}$`,
  );
  const runs = (await idsByAge(folder)).filter((id) => form.test(id));
  const files = isPath
    ? (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".json") && form.test(name))
    : [];
  if (runs.length + files.length === 0)
    throw notFound(pattern, `nothing in ${folder} has such a name; meridian runs lists runs`);
  return [...runs, ...files.sort()].map((name) => ({ place: join(folder, name), label: name }));
}

/** Ids of runs, the oldest first: by the time of their results. */
export async function idsByAge(root: string): Promise<readonly string[]> {
  const ids = await runIds(root);
  const times = await Promise.all(ids.map(async (id) => (await stat(join(root, id, "result.json"))).mtimeMs));
  return ids
    .map((id, i) => [times[i]!, id] as const)
    .sort(([a, x], [b, y]) => a - b || (x < y ? -1 : 1))
    .map(([, id]) => id);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function notFound(name: string, fix: string): MeridianError {
  return new MeridianError("data", { code: "RUN_NOT_FOUND", what: "there is no such run", where: name, fix });
}
