/**
 * Streams a recording within limits and collects it into columns: one file, plain or gzipped, or those below a folder that hold
 * records, as deliveries to S3 lay them out.
 */
import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { createGunzip } from "node:zlib";
import { MeridianError } from "../../simulator/base/errors.ts";
import { findColumns } from "../../simulator/traffic/column-map.ts";
import { RowBuffer } from "../../simulator/traffic/recorded-rows.ts";
import { type ReadingOptions, RequestReader, type TakeRequest } from "../../simulator/traffic/request-reader.ts";
import type { RecordedColumns } from "../../simulator/traffic/traffic.ts";
import { openParquet } from "./parquet-rows.ts";

/** What a trace may unpack to: beyond, it is a bomb and not a trace. */
export interface UnpackLimits {
  readonly bytesMax: number;
  /** Unpacked bytes per packed byte, once a file is larger than `freeBytes`. */
  readonly ratioMax: number;
  readonly freeBytes: number;
  /** Rows per packed byte, once there are more than `freeRows`: recorded rows take some bytes each even packed. */
  readonly rowRatioMax: number;
  readonly freeRows: number;
}

export interface TraceFileOptions extends ReadingOptions {
  readonly limits?: UnpackLimits;
  /** Leaves the checksum out, where it is not asked for. */
  readonly withoutDigest?: boolean;
}

/** Read at a time: each read takes its way through another thread. */
const BLOCK_BYTES = 2 ** 18;
/** Decoded at a time: a longer text would be an object of its own kind to the heap, which then grows far. */
const CHUNK_BYTES = 2 ** 15;

export const UNPACK_LIMITS: UnpackLimits = {
  bytesMax: 8 * 2 ** 30,
  ratioMax: 500,
  freeBytes: 64 * 2 ** 20,
  rowRatioMax: 4,
  freeRows: 4e6,
};

/** What was read. */
export interface ReadRecording {
  readonly reader: RequestReader;
  /** Of the unpacked content, all files in order; empty without a digest. */
  readonly sha256: string;
  readonly files: number;
}

/**
 * Reads a trace file or a folder of them into columns, through the format that its beginning shows.
 *
 * @param source the name to print in messages
 * @throws the system's error if the file cannot be opened; MeridianError TRACE_* if it cannot be read
 */
export async function readTraceFile(
  path: string,
  source: string,
  options: TraceFileOptions = {},
): Promise<{ columns: RecordedColumns; sha256: string; notes: readonly string[]; format: string; files: number }> {
  const rows = new RowBuffer(source);
  const { reader, sha256, files } = await readRequests([{ path, source }], options, (row, place) =>
    rows.add(row, place),
  );
  if (rows.length === 0) throw emptyRecording(source, reader);
  return { columns: rows.finish(reader.times), sha256, notes: reader.notes, format: reader.format!, files };
}

/** Streams the requests of files and folders, in order. @throws as `readTraceFile` */
export async function readRequests(
  paths: readonly { readonly path: string; readonly source: string }[],
  options: TraceFileOptions,
  take: TakeRequest,
): Promise<ReadRecording> {
  const reader = new RequestReader(options, take);
  const hash = options.withoutDigest === true ? undefined : createHash("sha256");
  let files = 0;
  for (const { path, source } of paths) {
    const passedOver: string[] = [];
    const found = await traceFiles(path, source, passedOver);
    if (passedOver.length > 0) reader.remark(passedNote(passedOver));
    for (const file of found) {
      files++;
      if (/\.parquet$/i.test(file.path)) await readParquet(file, reader, options, hash);
      else await readText(file, reader, options, hash);
    }
  }
  reader.finish();
  return { reader, sha256: hash?.digest("hex") ?? "", files };
}

async function readText(
  file: TraceFile,
  reader: RequestReader,
  options: TraceFileOptions,
  hash: Hash | undefined,
): Promise<void> {
  const { limits = UNPACK_LIMITS } = options;
  let decoder: InstanceType<typeof TextDecoder> | undefined;
  const records = reader.file(file.source);
  let unpacked = 0;
  try {
    for await (const block of openBytes(file)) {
      unpacked += block.length;
      checkSize(unpacked, file, limits);
      hash?.update(block);
      if (decoder === undefined && startsWith(block.subarray(TAR_MARK_AT), TAR_MARK))
        throw problem("TRACE_NOT_TEXT", file.source, "this is a tar archive", "unpack it, and name its folder");
      decoder ??= new TextDecoder(encodingOf(block), { fatal: true });
      for (let from = 0; from < block.length; from += CHUNK_BYTES) {
        records.push(decoder.decode(block.subarray(from, from + CHUNK_BYTES), { stream: true }));
        checkRows(records.lineNumber, file, limits);
      }
    }
    if (decoder !== undefined) records.push(decoder.decode());
  } catch (cause) {
    throw readProblem(cause, file.source);
  }
  records.end();
}

async function readParquet(
  file: TraceFile,
  reader: RequestReader,
  options: TraceFileOptions,
  hash: Hash | undefined,
): Promise<void> {
  if (hash !== undefined) for await (const bytes of readBlocks(file.path)) hash.update(bytes);
  const table = await openParquet(file.path, file.source);
  const found = Object.values(findColumns(table.columns, options.columns ?? null)).map(({ name }) => name);
  const wanted = [...new Set([...found, ...(options.tag == null ? [] : [options.tag])])];
  const columns = table.columns.filter((name) => wanted.includes(name) || /^(message|Timestamps?)$/i.test(name));
  const take = reader.table(file.source, columns.length === 0 ? table.columns : columns);
  let row = 0;
  for await (const block of table.blocks(columns)) {
    for (const record of block) take(record, ++row);
  }
}

/** PowerShell and spreadsheets write UTF-16, which begins with a byte order mark. */
function encodingOf([first, second]: Uint8Array): "utf-8" | "utf-16le" | "utf-16be" {
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
}

/**
 * The bytes of a file, unpacked where they are packed, whatever its name says: browsers unpack and keep the name. A block
 * is valid until the next is asked for.
 */
async function* openBytes({ path, source, bytes }: TraceFile): AsyncGenerator<Uint8Array> {
  let isFirst = true;
  for await (const block of readBlocks(path, bytes)) {
    if (isFirst && startsWith(block, GZIP)) {
      yield* unpacked(path, bytes <= block.length ? block : undefined);
      return;
    }
    const other = isFirst ? NO_TEXT.find(({ start }) => startsWith(block, start)) : undefined;
    if (other !== undefined) throw problem("TRACE_NOT_TEXT", source, other.what, other.fix);
    isFirst = false;
    yield block;
  }
}

const GZIP = [0x1f, 0x8b];
/** What a tar archive, packed or not, has in the header of its first file. */
const TAR_MARK = [...Buffer.from("ustar")];
const TAR_MARK_AT = 257;

/** Files that are taken for text by mistake, by their first bytes. */
const NO_TEXT = [
  {
    start: [...Buffer.from("PGDMP")],
    what: "this is a dump of Postgres in its own packed form",
    fix: "pg_restore --data-only -t LiteLLM_SpendLogs -f spend.sql makes text of it",
  },
  {
    start: [...Buffer.from("PK\x03\x04")],
    what: "this is a zip archive or a spreadsheet",
    fix: "unpack it, or save it as CSV",
  },
  { start: [...Buffer.from("PAR1")], what: "this is Parquet", fix: "give it a name that ends in .parquet" },
];

function startsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, i) => bytes[i] === byte);
}

/** @param whole the file, where it is short: folders of deliveries hold thousands of files */
function unpacked(path: string, whole: Uint8Array | undefined): AsyncIterable<Uint8Array> {
  if (whole !== undefined) {
    const chunkSize = Math.min(BLOCK_BYTES, Math.max(CHUNK_BYTES, UNPACKED_RATIO * whole.length));
    const gunzip = createGunzip({ chunkSize });
    gunzip.end(whole);
    return gunzip;
  }
  const file = createReadStream(path, { highWaterMark: BLOCK_BYTES });
  const gunzip = createGunzip({ chunkSize: BLOCK_BYTES });
  file.on("error", (error) => gunzip.destroy(error));
  return file.pipe(gunzip);
}

/** Logs usually unpack to less than so many times their size. */
const UNPACKED_RATIO = 16;

/** The bytes of a file as they are. @param size of the file, where it is known: what is read at a time */
export async function* readBlocks(path: string, size = BLOCK_BYTES): AsyncGenerator<Uint8Array> {
  const file = await open(path);
  try {
    const block = new Uint8Array(Math.min(BLOCK_BYTES, Math.max(1024, size)));
    for (;;) {
      const { bytesRead } = await file.read(block, 0, block.length);
      if (bytesRead === 0) return;
      yield block.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

function checkSize(unpacked: number, { bytes, source }: TraceFile, limits: UnpackLimits): void {
  if (unpacked > limits.bytesMax || unpacked > limits.freeBytes + bytes * limits.ratioMax) {
    const mib = Math.floor(unpacked / 2 ** 20);
    throw problem("TRACE_TOO_LARGE", source, `the file unpacks to over ${mib} MiB`, "cut it into smaller traces");
  }
}

function checkRows(rows: number, { bytes, source }: TraceFile, limits: UnpackLimits): void {
  if (rows > limits.freeRows + bytes * limits.rowRatioMax) {
    const what = `${bytes.toLocaleString("en-US")} bytes unpack to over ${rows.toLocaleString("en-US")} rows`;
    throw problem("TRACE_TOO_LARGE", source, what, "no recording packs so well; if it is one, unpack it first");
  }
}

/** That there is no request, with what was said while it was read. */
export function emptyRecording(source: string, reader: RequestReader): MeridianError {
  if (reader.format !== undefined) {
    const what = ["the recording has no requests", ...reader.notes].join("; ");
    return problem("TRACE_EMPTY", source, what, "a trace needs at least one row below its header");
  }
  return problem("TRACE_EMPTY", source, "there are no records in it", "a trace needs at least one row");
}

function readProblem(cause: unknown, source: string): unknown {
  if (cause instanceof MeridianError) return cause;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (code.startsWith("Z_")) {
    const what = "the gzip file is damaged or cut off";
    return problem("TRACE_DAMAGED_GZIP", source, what, "copy or pack the file again; `gzip -t` checks it", cause);
  }
  if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") {
    const fix = "traces are CSV or JSON text, or .gz, or .parquet";
    return problem("TRACE_NOT_TEXT", source, "the file is not text in UTF-8 or UTF-16", fix, cause);
  }
  return problem("TRACE_UNREADABLE", source, `the file cannot be read (${code || cause})`, "check the file", cause);
}

function problem(code: string, where: string, what: string, fix: string, cause?: unknown): MeridianError {
  return new MeridianError("data", { code, where, what, fix }, { cause });
}

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
 * @param source     the name to print in messages
 * @param passedOver gets the names of what is passed over and may hold requests
 * @throws the system's error if there is no such file; MeridianError data TRACE_NOT_A_FILE, TRACE_EMPTY, TRACE_TOO_LARGE
 */
export async function traceFiles(
  path: string,
  source: string,
  passedOver: string[] = [],
): Promise<readonly TraceFile[]> {
  const info = await stat(path);
  if (info.isFile()) return [{ path, source, bytes: info.size }];
  if (!info.isDirectory()) {
    throw folderProblem(
      "TRACE_NOT_A_FILE",
      source,
      "this is not a file",
      "give the path of a trace file, or of a folder",
    );
  }
  const found: TraceFile[] = [];
  await collect(path, 0, { found, passedOver }, (file) => join(source, relative(path, file)));
  if (found.length > 0) return found;
  const fix = "records stand in files such as .json, .jsonl, .csv and .parquet, or .gz";
  throw folderProblem("TRACE_EMPTY", source, "the folder holds no files of records", fix);
}

/** What a reader should know of files that may have held requests. */
function passedNote(names: readonly string[]): string {
  const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
  return `passed over, as links or by their names: ${names.slice(0, 3).join(", ")}${more}`;
}

interface Collected {
  readonly found: TraceFile[];
  /** Links, files by names that are not those of records, and folders that lie too deep. */
  readonly passedOver: string[];
}

async function collect(
  folder: string,
  depth: number,
  { found, passedOver }: Collected,
  nameOf: (path: string) => string,
): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (OTHER_FILES.test(entry.name)) continue;
    if (entry.isDirectory()) {
      if (depth > 0 && OTHER_FOLDERS.includes(entry.name)) continue;
      if (depth < DEPTH_MAX) await collect(path, depth + 1, { found, passedOver }, nameOf);
      else passedOver.push(nameOf(path));
    } else if (entry.isFile() && ENDINGS.test(entry.name)) {
      if (found.length === FILES_MAX) {
        const what = `the folder has more than ${FILES_MAX.toLocaleString("en-US")} files`;
        throw folderProblem("TRACE_TOO_LARGE", nameOf(folder), what, "read a part of it");
      }
      found.push({ path, source: nameOf(path), bytes: (await stat(path)).size });
    } else passedOver.push(nameOf(path));
  }
}

function folderProblem(code: string, where: string, what: string, fix: string): MeridianError {
  return new MeridianError("data", { code, where, what, fix });
}
