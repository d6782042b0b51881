/** Where results of jobs live, in a folder that any number of machines may share: a manifest, written last, says "done". */
import { createHash } from "node:crypto";
import { link, open, readFile, rename, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { MeridianError } from "../../simulator/base/errors.ts";
import { environmentProblem, makeFolder } from "../io/text-files.ts";

/** A store of results. Whatever queue or machine ran a job, only the store says whether it is done. */
export interface JobStore {
  /** Where it is, for messages. */
  readonly place: string;
  isDone(key: string): Promise<boolean>;
  /**
   * Keeps a result for good. Publishing a key twice keeps the first: results of a key are equal.
   * @returns false when it was there already
   */
  publish(key: string, result: string): Promise<boolean>;
  /**
   * @returns undefined for a job that is not done
   * @throws MeridianError data, JOB_DAMAGED, when the bytes are not those that the manifest names
   */
  read(key: string): Promise<string | undefined>;
  /** Keeps a job file, so that any machine with the store can run its jobs. */
  writeSweep(id: string, text: string): Promise<void>;
  /** Undefined where there is none of this id. */
  readSweep(id: string): Promise<string | undefined>;
}

/** What a manifest says of its result. */
export interface JobManifest {
  readonly schemaVersion: 1;
  readonly key: string;
  /** Of the uncompressed result. */
  readonly sha256: string;
  readonly bytes: number;
}

/** @param root folder of the store; made when the first result comes */
export function createFolderStore(root: string): JobStore {
  const fileOf = (key: string, suffix: string) => join(root, key.slice(0, 2), `${key}${suffix}`);
  const sweepFile = (id: string) => join(root, `sweep-${id}.json`);
  const manifestOf = async (key: string): Promise<JobManifest | undefined> => {
    const text = await readFile(fileOf(key, MANIFEST), "utf8").catch(absent);
    return text === undefined ? undefined : (JSON.parse(text) as JobManifest);
  };
  return {
    place: root,
    isDone: async (key) => (await manifestOf(key)) !== undefined,
    publish: async (key, result) => {
      try {
        await makeFolder(join(root, key.slice(0, 2)));
        await replace(fileOf(key, RESULT), gzipSync(result, { level: 6 }));
        return await createOnce(fileOf(key, MANIFEST), `${JSON.stringify(manifestFor(key, result))}\n`);
      } catch (error) {
        const fix = "free some space or check permissions; what is done stays done";
        throw new MeridianError("environment", environmentProblem("JOB_NOT_SAVED", error, root, fix), { cause: error });
      }
    },
    read: async (key) => {
      const manifest = await manifestOf(key);
      if (manifest === undefined) return undefined;
      return checked(manifest, await readFile(fileOf(key, RESULT)).catch(absent), fileOf(key, RESULT));
    },
    writeSweep: async (id, text) => {
      try {
        await makeFolder(root);
        await replace(sweepFile(id), text);
      } catch (error) {
        const fix = "free some space, check permissions, or name another folder";
        throw new MeridianError("environment", environmentProblem("SWEEP_NOT_SAVED", error, root, fix), {
          cause: error,
        });
      }
    },
    readSweep: async (id) => await readFile(sweepFile(id), "utf8").catch(absent),
  };
}

const RESULT = ".json.gz";
const MANIFEST = ".manifest.json";

export function manifestFor(key: string, result: string): JobManifest {
  return { schemaVersion: 1, key, sha256: sha256(result), bytes: Buffer.byteLength(result) };
}

/** The result behind a manifest. @throws MeridianError data, JOB_DAMAGED */
export function checked(manifest: JobManifest, packed: Uint8Array | undefined, where: string): string {
  const fix = "remove this job's files: the sweep will run it again";
  const fail = (what: string) => new MeridianError("data", { code: "JOB_DAMAGED", where, what, fix });
  if (packed === undefined) throw fail("the result is gone, its manifest is not");
  let text: string;
  try {
    text = gunzipSync(packed).toString("utf8");
  } catch {
    throw fail("the result cannot be unpacked");
  }
  if (sha256(text) !== manifest.sha256) throw fail("the result is not the one that its manifest names");
  return text;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

let writes = 0;

function temporary(path: string): string {
  return `${path}.${hostname()}-${process.pid}-${++writes}.tmp`;
}

/** Whole or not at all: written aside, synced, renamed. */
async function replace(path: string, content: Uint8Array | string): Promise<void> {
  const aside = temporary(path);
  await writeSynced(aside, content);
  await rename(aside, path);
}

/** The same, but the first one wins: a hard link fails where the name is taken. */
async function createOnce(path: string, content: string): Promise<boolean> {
  const aside = temporary(path);
  await writeSynced(aside, content);
  try {
    await link(aside, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

async function writeSynced(path: string, content: Uint8Array | string): Promise<void> {
  const handle = await open(path, "wx");
  try {
    await handle.writeFile(content);
    await handle.sync();
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT") return undefined;
  throw error;
}
