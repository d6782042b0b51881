/** Recordings of traffic by name (bundled, with licence and checksum) or by path. */
import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { isAbsolute, join, relative, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { z } from "zod";
import { MeridianError, type Problem } from "../../simulator/base/errors.ts";
import { nearNames } from "../../simulator/base/near-names.ts";
import { dayShape } from "../../simulator/traffic/day-shape.ts";
import { RowBuffer } from "../../simulator/traffic/recorded-rows.ts";
import type { ReadingOptions } from "../../simulator/traffic/request-reader.ts";
import { CLIENT_FILE, clientLengths, LENGTHS_FILE, servegenClient } from "../../simulator/traffic/servegen-clients.ts";
import type { RecordedClient, Recording } from "../../simulator/traffic/traffic.ts";
import { replayable } from "../../simulator/traffic/transform.ts";
import { PACKAGE_ROOT } from "./process.ts";
import { readRequests, readTraceFile } from "./trace-file.ts";

/** A recording with what a report must say about it. */
export interface RecordedTrace {
  /** As the scenario names it. */
  readonly name: string;
  readonly path: string;
  /** Of the unpacked content, so that it does not change with gzip. */
  readonly sha256: string;
  /** Empty for a file of the user's own. */
  readonly attribution: string;
  readonly licence: string;
  readonly recording: Recording;
  /** What a reader of the result should know of how it was read, one sentence each. */
  readonly notes: readonly string[];
  /** Rows that were left out as they could not be read. */
  readonly rejected: readonly Problem[];
}

/** An entry of the catalogue, for `meridian list traces`. */
export interface CataloguedRecording {
  readonly name: string;
  readonly kind: Recording["kind"];
  readonly summary: string;
  readonly attribution: string;
  readonly licence: string;
}

/**
 * Loads a bundled recording by name, or a recording by the path of its file or folder.
 *
 * @param baseDir what a relative path is relative to: the scenario's folder
 * @param reading how it is to be read, where the scenario says so
 * @throws MeridianError TRACE_* (kind "data"): not found, damaged, empty, or with a row that cannot be read
 */
export async function loadTrace(
  nameOrPath: string,
  baseDir: string,
  reading: ReadingOptions = {},
): Promise<RecordedTrace> {
  const catalog = await readCatalog();
  const entry = Object.hasOwn(catalog, nameOrPath) ? catalog[nameOrPath] : undefined;
  if (entry !== undefined) return loadBundled(nameOrPath, entry, reading);
  if (nameOrPath.startsWith(IMPORTED)) return loadImported(nameOrPath, reading);
  const path = isAbsolute(nameOrPath) ? nameOrPath : resolve(baseDir, nameOrPath);
  const folder = await readServegenFolder(path, nameOrPath);
  if (folder !== undefined) {
    const { clients, sha256 } = folder;
    const rest = { attribution: "", licence: "", notes: [], rejected: [] };
    return { name: nameOrPath, path, sha256, recording: { kind: "clients", clients }, ...rest };
  }
  const read = await readTraceFile(path, nameOrPath, reading).catch((cause: unknown) => {
    if (isMissing(cause)) throw notFound({ name: nameOrPath, path }, Object.keys(catalog), cause);
    throw isSystemError(cause) ? unreadable(nameOrPath, cause) : cause;
  });
  const { columns, notes } = replayable(read.columns);
  return {
    name: nameOrPath,
    path,
    sha256: read.sha256,
    attribution: "",
    licence: "",
    recording: { kind: "trace", columns },
    notes: [...read.notes, ...notes],
    rejected: reading.badRows?.rejected ?? [],
  };
}

/** How an import of the store is named among recordings; in a scenario, `arrivals: { imported: name }`. */
const IMPORTED = "imported:";

async function loadImported(name: string, reading: ReadingOptions): Promise<RecordedTrace> {
  // Only scenarios with imports wait for the code of the store.
  const { importFiles } = await import("../traffic/imports.ts");
  const files = await importFiles("runs", name.slice(IMPORTED.length));
  const rows = new RowBuffer(name);
  const paths = files.map((path) => ({ path, source: name }));
  const { reader, sha256 } = await readRequests(paths, reading, (row, place) => rows.add(row, place));
  const { columns, notes } = replayable(rows.finish(reader.times));
  return {
    name,
    path: files[0]!,
    sha256,
    attribution: "",
    licence: "",
    recording: { kind: "trace", columns },
    notes: [...reader.notes, ...notes],
    rejected: [],
  };
}

/** What is bundled, in the catalogue's order. */
export async function listTraces(): Promise<readonly CataloguedRecording[]> {
  const catalog = await readCatalog();
  return Object.entries(catalog).map(([name, { kind, summary, attribution, licence }]) => ({
    name,
    kind,
    summary,
    attribution,
    licence,
  }));
}

const TRACES_DIR = join(PACKAGE_ROOT, "scenarios", "traces");

const catalogSchema = z.strictObject({
  recordings: z.record(
    z.string(),
    z.strictObject({
      kind: z.enum(["trace", "shape", "clients", "lengths"]),
      file: z.string(),
      format: z.string().optional(),
      summary: z.string(),
      attribution: z.string(),
      licence: z.string(),
      sha256: z.string().optional(),
    }),
  ),
});
type CatalogEntry = z.output<typeof catalogSchema>["recordings"][string];

const shapesSchema = z.object({ shapes: z.record(z.string(), z.array(z.number().min(0))) });
const clientsSchema = z.object({
  stepMs: z.number().positive(),
  recordings: z.record(
    z.string(),
    z.object({
      clients: z.array(
        z.object({
          name: z.string(),
          family: z.enum(["gamma", "weibull"]),
          shape: z.number().positive(),
          ratePerS: z.array(z.number().min(0)),
        }),
      ),
    }),
  ),
});
const lengthsSchema = z.object({ quantiles: z.record(z.string(), z.array(z.tuple([z.number(), z.number()]))) });

async function loadBundled(name: string, entry: CatalogEntry, reading: ReadingOptions): Promise<RecordedTrace> {
  const path = resolve(TRACES_DIR, entry.file);
  const { attribution, licence } = entry;
  if (entry.kind === "trace") {
    const { columns, sha256 } = await readBundled(path, entry.file, reading).catch((cause: unknown) => {
      throw isMissing(cause) ? damaged(entry.file, cause) : cause;
    });
    if (entry.sha256 !== undefined && entry.sha256 !== sha256) throw damaged(entry.file);
    return { name, path, sha256, attribution, licence, recording: { kind: "trace", columns }, notes: [], rejected: [] };
  }
  const { bytes, json } = await readJson(path, entry.file);
  return {
    name,
    path,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    attribution,
    licence,
    recording: recordingOf(name, entry, json),
    notes: [],
    rejected: [],
  };
}

const bundled = new Map<string, ReturnType<typeof readTraceFile>>();

/** What is bundled does not change: read as it is, it is read once, whatever scenarios of a sweep or a plan ask for it. */
function readBundled(path: string, file: string, reading: ReadingOptions): ReturnType<typeof readTraceFile> {
  const isAsItIs = Object.entries(reading).every(([key, value]) => key === "badRows" || (value ?? null) === null);
  if (!isAsItIs) return readTraceFile(path, file, reading);
  const read = bundled.get(path) ?? readTraceFile(path, file, {});
  bundled.set(path, read);
  read.catch(() => bundled.delete(path));
  return read;
}

function recordingOf(name: string, { kind, file }: CatalogEntry, json: unknown): Recording {
  if (kind === "shape") {
    const weights = parsed(shapesSchema, json, file).shapes[name];
    if (weights !== undefined) return { kind: "shape", shape: dayShape(weights) };
  }
  if (kind === "clients") {
    const { stepMs, recordings } = parsed(clientsSchema, json, file);
    const clients = recordings[name]?.clients.map(
      (client): RecordedClient => ({ ...client, stepMs, ratePerS: Float64Array.from(client.ratePerS) }),
    );
    if (clients !== undefined) return { kind: "clients", clients };
  }
  if (kind === "lengths") {
    const quantiles = parsed(lengthsSchema, json, file).quantiles[name];
    if (quantiles !== undefined) return { kind: "lengths", quantiles };
  }
  throw damaged(file);
}

async function readCatalog(): Promise<Readonly<Record<string, CatalogEntry>>> {
  const { json } = await readJson(resolve(TRACES_DIR, "catalog.json"), "catalog.json");
  return parsed(catalogSchema, json, "catalog.json").recordings;
}

async function readJson(path: string, file: string): Promise<{ bytes: Uint8Array; json: unknown }> {
  try {
    const bytes = await readFile(path);
    return { bytes, json: JSON.parse(bytes.toString("utf8")) };
  } catch (cause) {
    throw damaged(file, cause);
  }
}

function parsed<T>(schema: z.ZodType<T>, json: unknown, file: string): T {
  const result = schema.safeParse(json);
  if (!result.success) throw damaged(file, result.error);
  return result.data;
}

function isMissing(cause: unknown): boolean {
  return isSystemError(cause) && (cause.code === "ENOENT" || cause.code === "ENOTDIR");
}

function isSystemError(cause: unknown): cause is NodeJS.ErrnoException {
  return cause instanceof Error && "syscall" in cause && "code" in cause;
}

function unreadable(where: string, cause: NodeJS.ErrnoException): MeridianError {
  const what = `the file cannot be read (${cause.code})`;
  const fix = "check its path and permissions";
  return new MeridianError("data", { code: "TRACE_UNREADABLE", where, what, fix }, { cause });
}

function notFound(
  { name: nameOrPath, path }: { readonly name: string; readonly path: string },
  names: readonly string[],
  cause: unknown,
): MeridianError {
  const isPath = /[./\\]/.test(nameOrPath);
  const way = relative(process.cwd(), path);
  const shown = isPath ? (way.startsWith("..") ? path : way) : nameOrPath;
  const [near] = isPath ? [] : nearNames(nameOrPath, names);
  const paths = `file paths are relative to the scenario's folder${isPath ? "" : `; bundled: ${names.join(", ")}`}`;
  return new MeridianError(
    "data",
    {
      code: "TRACE_NOT_FOUND",
      where: nameOrPath,
      what: `there is no file "${shown}", and no bundled recording of this name`,
      fix: near === undefined ? paths : `did you mean ${near}? ${paths}`,
    },
    { cause },
  );
}

function damaged(file: string, cause?: unknown): MeridianError {
  return new MeridianError(
    "environment",
    {
      code: "TRACE_BUNDLE_DAMAGED",
      where: `scenarios/traces/${file}`,
      what: "the bundled file is missing or not what was shipped",
      fix: "install Meridian again, or restore the file from its repository",
    },
    { cause },
  );
}

const FILE_BYTES_MAX = 2 ** 24;
const UNPACKED_BYTES_MAX = 2 ** 26;

export interface ServegenFolder {
  readonly clients: readonly RecordedClient[];
  readonly sha256: string;
}

/**
 * Reads the clients of a folder, in order of their numbers.
 *
 * @returns undefined where the path is no folder with such files
 * @throws MeridianError data TRACE_*
 */
export async function readServegenFolder(path: string, source: string): Promise<ServegenFolder | undefined> {
  const names = await readdir(path).catch(() => []);
  const numberOf = (name: string) => Number(CLIENT_FILE.exec(name)![1]);
  const files = names.filter((name) => CLIENT_FILE.test(name)).sort((a, b) => numberOf(a) - numberOf(b));
  if (files.length === 0) return undefined;
  const lengthNames = names.filter((name) => LENGTHS_FILE.test(name));
  const hash = createHash("sha256");
  const clients: RecordedClient[] = [];
  for (const name of files) {
    const text = await textOf(join(path, name), `${source}/${name}`);
    hash.update(text);
    const client = servegenClient(`client ${numberOf(name)}`, text, `${source}/${name}`);
    if (client === undefined) continue;
    const own = lengthNames.find((each) => Number(LENGTHS_FILE.exec(each)![1]) === numberOf(name));
    if (own === undefined) {
      clients.push(client);
      continue;
    }
    const dataset = await textOf(join(path, own), `${source}/${own}`);
    hash.update(dataset);
    const firstS = startOf(text);
    const stepOf = (atS: number) => Math.max(0, Math.ceil((1000 * (atS - firstS)) / client.stepMs));
    const requestsIn = (fromS: number, toS: number) =>
      client.ratePerS.slice(stepOf(fromS), stepOf(toS)).reduce((sum, rate) => sum + rate, 0);
    clients.push({ ...client, lengths: clientLengths(dataset, `${source}/${own}`, requestsIn) });
  }
  if (clients.length > 0) return { clients, sha256: hash.digest("hex") };
  const what = "none of the clients has a request";
  throw new MeridianError("data", { code: "TRACE_EMPTY", where: source, what, fix: "give another folder" });
}

async function textOf(file: string, where: string): Promise<string> {
  const { size } = await stat(file);
  if (size > FILE_BYTES_MAX) throw tooLarge(where, size);
  const bytes = await readFile(file);
  return (file.endsWith(".gz") ? unpacked(bytes, where) : bytes).toString("utf8");
}

/** When the first window begins, s. */
function startOf(text: string): number {
  return Number(text.trimStart().split(",", 1)[0]);
}

function unpacked(bytes: Buffer, where: string): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: UNPACKED_BYTES_MAX });
  } catch (cause) {
    const what = "the gzip file is damaged, or unpacks to more than 64 MiB";
    const fix = "copy or pack the file again; `gzip -t` checks it";
    throw new MeridianError("data", { code: "TRACE_DAMAGED_GZIP", where, what, fix }, { cause });
  }
}

function tooLarge(where: string, bytes: number): MeridianError {
  const what = `the file has ${bytes.toLocaleString("en-US")} bytes`;
  const fix = "a client's windows take no more than 16 MiB";
  return new MeridianError("data", { code: "TRACE_TOO_LARGE", where, what, fix });
}
