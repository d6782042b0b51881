/** Imported requests in the store: where they lie, which ids are there, and how more are added. */
import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { MeridianError } from "../../simulator/base/errors.ts";
import { nearNames } from "../../simulator/base/near-names.ts";
import type { RecordedRow } from "../../simulator/traffic/recorded-rows.ts";
import { SeenIds } from "../../simulator/traffic/request-reader.ts";
import { openParquet } from "../io/parquet-rows.ts";
import { readBlocks, readRequests, type TraceFileOptions, traceFiles } from "../io/trace-file.ts";
import { REQUESTS, requestsFile } from "../store/tables/requests.ts";
import { openStoreWriter, tableFolder } from "../store/writer.ts";

/** What an import did. */
export interface Imported {
  readonly name: string;
  readonly format: string;
  readonly files: number;
  readonly rows: number;
  /** Requests that were there before, or stand twice in the files. */
  readonly duplicates: number;
  readonly notes: readonly string[];
}

const NAME = /^[a-z0-9][a-z0-9_-]{0,47}$/;
const DIGEST_LENGTH = 12;

/** @throws MeridianError usage IMPORT_NAME */
export function checkImportName(name: string): void {
  if (NAME.test(name)) return;
  const fix = "use up to 48 of a-z 0-9 _ -, beginning with a letter or digit: prod-week-36";
  const what = `"${name.slice(0, 60)}" cannot be the name of an import`;
  throw new MeridianError("usage", { code: "IMPORT_NAME", what, fix });
}

/**
 * The files of an import, in order of their names.
 *
 * @throws MeridianError data IMPORT_NOT_FOUND
 */
export async function importFiles(root: string, name: string): Promise<readonly string[]> {
  const folder = tableFolder(root, REQUESTS);
  const all = (await readdir(folder).catch(() => [])).filter((file) => IMPORT_FILE.test(file)).sort();
  const nameOf = (file: string) => IMPORT_FILE.exec(file)![1]!;
  const own = all.filter((file) => nameOf(file) === name);
  if (own.length > 0) return own.map((file) => join(folder, file));
  const names = [...new Set(all.map(nameOf))];
  const near = nearNames(name, names);
  throw new MeridianError("data", {
    code: "IMPORT_NOT_FOUND",
    where: name,
    what: "nothing was imported under this name",
    fix: near.length > 0 ? `did you mean ${near[0]}?` : `meridian import FILE... --name ${name} brings it`,
  });
}

const IMPORT_FILE = /^([a-z0-9][a-z0-9_-]{0,47})\.[0-9a-f]{12}\.parquet$/;

/**
 * Adds the requests of files and folders to an import. A request whose id is there already, from whatever file, is left
 * out; files that were imported before are read again and stand once.
 *
 * @param rename gives labels other names, for pseudonyms
 * @throws MeridianError usage IMPORT_NAME; data TRACE_*; environment STORE_NOT_WRITTEN
 */
export async function importRequests(
  root: string,
  name: string,
  paths: readonly { readonly path: string; readonly source: string }[],
  options: TraceFileOptions,
  rename: (row: RecordedRow) => RecordedRow,
): Promise<Imported> {
  checkImportName(name);
  const key = `${name}.${(await digestOf(paths)).slice(0, DIGEST_LENGTH)}`;
  const seen = await idsOf(root, name, key);
  const found = { rows: 0, format: "", files: 0, duplicates: 0, notes: [] as readonly string[] };
  const writer = openStoreWriter(root);
  try {
    await writer.put(REQUESTS, key, async (file) => {
      const target = requestsFile(file, key);
      try {
        const { reader, files } = await readRequests(
          paths,
          { ...options, seen, withoutDigest: true },
          (row, _place, times) => {
            target.add(rename(row), times.epochMs(row.timeMs) ?? row.timeMs);
            found.rows++;
          },
        );
        const { format = "", duplicates, notes } = reader;
        Object.assign(found, { format, files, duplicates, notes });
      } finally {
        target.close();
      }
    });
    if (found.rows === 0) await writer.remove(REQUESTS, key);
  } finally {
    writer.close();
  }
  return { name, ...found };
}

async function digestOf(paths: readonly { readonly path: string; readonly source: string }[]): Promise<string> {
  const hash = createHash("sha256");
  for (const { path, source } of paths) {
    for (const file of await traceFiles(path, source)) {
      for await (const bytes of readBlocks(file.path, file.bytes)) hash.update(bytes);
    }
  }
  return hash.digest("hex");
}

/** Request ids that an import has already, but for the file that is written anew. */
async function idsOf(root: string, name: string, key: string): Promise<SeenIds> {
  const seen = new SeenIds();
  const files = await importFiles(root, name).catch((error: unknown) => {
    if (error instanceof MeridianError && error.problems[0]?.code === "IMPORT_NOT_FOUND") return [];
    throw error;
  });
  for (const file of files) {
    if (file.endsWith(`${key}.parquet`)) continue;
    const table = await openParquet(file, file);
    for await (const block of table.blocks(["request_id"])) {
      for (const { request_id: id } of block) if (typeof id === "string" && id !== "") seen.add(id);
    }
  }
  return seen;
}
