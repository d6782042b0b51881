import { stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { z } from "zod";
import { MeridianError } from "../../simulator/errors.ts";
import { RESULT_SCHEMA_VERSION, type RunResult } from "../../simulator/experiment/result.ts";
import { suggest } from "./config-path.ts";
import { readTextFile } from "./read-text.ts";
import { LATEST, latestRunId, runFolder } from "./run-store.ts";

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
 * Reads a saved run, named by its folder, by its id in the store `root`, or `latest`.
 * @throws RUN_NOT_FOUND, RUN_ID, RUN_DAMAGED, RUN_VERSION
 */
export async function readRun(name: string, root: string): Promise<StoredRun> {
  const folder = await findFolder(name, root);
  const file = join(folder, "result.json");
  const text = await readTextFile(file, { code: "RUN", noun: "run result", bytesMax: RESULT_BYTES_MAX, kind: "data" });
  return { id: basename(folder), folder, result: parseResult(text, file) };
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
    fix: `name a run folder, an id in ${root}, or ${suggest(name, [LATEST])}`,
  });
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true;
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
  const head = resultHead.safeParse(value);
  if (!head.success) {
    const issue = head.error.issues[0]!;
    throw damaged(`this is no run result: ${issue.path.join(".")} ${issue.message.toLowerCase()}`);
  }
  if (head.data.schemaVersion !== RESULT_SCHEMA_VERSION) {
    throw new MeridianError("data", {
      code: "RUN_VERSION",
      what: `the result has schema version ${head.data.schemaVersion}, this Meridian reads ${RESULT_SCHEMA_VERSION}`,
      where: file,
      fix: "use the Meridian version in the result, or simulate the run's scenario.yaml again",
    });
  }
  return value as RunResult;
}
