/** The files of a recording: one file, or those below a folder that hold records, as deliveries to S3 lay them out. */
import { readdir, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { MeridianError } from "../../simulator/base/errors.ts";

/** One file of a recording. */
export interface TraceFile {
  readonly path: string;
  /** The name to print in messages. */
  readonly source: string;
  readonly bytes: number;
}

/** Endings of files that may hold records, besides `.gz` after them. */
const ENDINGS = /\.(jsonl?|ndjson|csv|tsv|parquet|log|txt|sql)(\.gz)?$|\.gz$/i;
/** Folders of deliveries that hold no records of calls: bodies on their own, digests. */
const OTHER_FOLDERS = ["data", "CloudTrail-Digest", "CloudTrail-Insight"];
const OTHER_FILES = /^[._]|permission-check|^aws-logs-write-test|^(readme|license)/i;
const FILES_MAX = 100_000;
const DEPTH_MAX = 32;

/**
 * The files of a recording, in order of their paths. Links and hidden files are passed over.
 *
 * @param source the name to print in messages
 * @throws the system's error if there is no such file; MeridianError data TRACE_NOT_A_FILE, TRACE_EMPTY, TRACE_TOO_LARGE
 */
export async function traceFiles(path: string, source: string): Promise<readonly TraceFile[]> {
  const info = await stat(path);
  if (info.isFile()) return [{ path, source, bytes: info.size }];
  if (!info.isDirectory()) {
    throw problem("TRACE_NOT_A_FILE", source, "this is not a file", "give the path of a trace file, or of a folder");
  }
  const found: TraceFile[] = [];
  await collect(path, 0, found, (file) => join(source, relative(path, file)));
  if (found.length > 0) return found;
  const fix = "records stand in files such as .json, .jsonl, .csv and .parquet, or .gz";
  throw problem("TRACE_EMPTY", source, "the folder holds no files of records", fix);
}

async function collect(folder: string, depth: number, found: TraceFile[], nameOf: (path: string) => string) {
  const entries = await readdir(folder, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (OTHER_FILES.test(entry.name)) continue;
    if (entry.isDirectory()) {
      if (depth > 0 && OTHER_FOLDERS.includes(entry.name)) continue;
      if (depth < DEPTH_MAX) await collect(path, depth + 1, found, nameOf);
    } else if (entry.isFile() && ENDINGS.test(entry.name)) {
      if (found.length === FILES_MAX) {
        const what = `the folder has more than ${FILES_MAX.toLocaleString("en-US")} files`;
        throw problem("TRACE_TOO_LARGE", nameOf(folder), what, "read a part of it");
      }
      found.push({ path, source: nameOf(path), bytes: (await stat(path)).size });
    }
  }
}

function problem(code: string, where: string, what: string, fix: string): MeridianError {
  return new MeridianError("data", { code, where, what, fix });
}
