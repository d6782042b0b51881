/**
 * Bill exports from files: CSV (gzip too), Parquet by DuckDB and the API's JSON; which format it is, the file says. What a
 * Parquet file holds is counted before it is taken into memory.
 */
import { isUtf8 } from "node:buffer";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { CsvError, parse } from "csv-parse/sync";
import { MeridianError } from "../../simulator/base/errors.ts";
import { repeatedKey } from "../../simulator/base/repeated-keys.ts";
import type { BillExport, BillTable } from "../../simulator/bill/bill-line.ts";
import { isCostExplorerApi, readCostExplorerApi } from "../../simulator/bill/formats/cost-explorer-api.ts";
import { BILL_TABLE_FORMATS } from "../../simulator/bill/formats/index.ts";
import { unpackedBytesMax, WHOLE_TEXT_BYTES_MAX, withLineFeeds } from "../io/text-files.ts";
import { type Database, openDatabase, quoted } from "../store/database.ts";
import { withPoints } from "./decimal-commas.ts";
import { repeatedRows } from "./repeated-rows.ts";

/** From where on an export is held against the size of its file: a small one may pack as well as it likes. */
interface FreeSize {
  readonly bytes?: number;
  readonly cells: number;
}

const FREE: FreeSize = { cells: 3e6 };
/** Cells per byte of the file: lines of a bill take some bytes each, even packed. */
const CELL_RATIO_MAX = 10;
/** What the memory of a usual machine holds. */
const CELLS_MAX = 100e6;

/**
 * @param path a CSV, Parquet or JSON file, one of these in gzip, or a folder with the parts of one export
 * @throws MeridianError data: unreadable, of no known format, without lines, too large, or with problems in its rows
 */
export async function readBillFile(path: string, free: FreeSize = FREE): Promise<BillExport> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const read = isFolder ? await readParts(path, free) : await readOne(path, free, new Set());
  if (read.lines.length > 0) return read;
  const fix = "export days on which there was spend";
  throw new MeridianError("data", { code: "BILL_EMPTY", where: path, what: "the export has no lines", fix });
}

const PART = /\.(csv|parquet|json|jsonl)(\.gz)?$/i;

/** Parts of one export, as Data Exports write them: files of one format, in folders or not; manifests are passed over. */
async function readParts(folder: string, free: FreeSize): Promise<BillExport> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && PART.test(entry.name) && !/manifest/i.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  refuseVersions(paths, folder);
  const parts: BillExport[] = [];
  const seen = new Set<string>();
  for (const path of paths) parts.push(await readOne(path, free, seen));
  const [first] = parts;
  const other = parts.findIndex(({ view }) => view !== first?.view);
  if (first === undefined || other >= 0) {
    const what =
      first === undefined
        ? "the folder has no CSV, Parquet or JSON file"
        : `${basename(paths[other]!)} is ${parts[other]!.view}, ${basename(paths[0]!)} is ${first.view}: adding them up would count spend twice`;
    const fix = "give a folder with the parts of one export";
    throw new MeridianError("data", { code: "BILL_FOLDER", where: folder, what, fix });
  }
  const note = `${parts.length} parts of one export were added up`;
  return {
    ...first,
    statedTotalUsd: undefined,
    lines: parts.flatMap(({ lines }) => lines),
    notes: [...new Set([note, ...parts.flatMap(({ notes }) => notes)])],
  };
}

/** `BILLING_PERIOD=2026-07` of Data Exports, `20260701-20260801` of older reports. */
const PERIOD_FOLDER = /^(BILLING_PERIOD=\d{4}-\d{2}|\d{8}-\d{8})$/i;

/** Exports that keep their versions put each refresh of a month, all of it, into a folder of its own. */
function refuseVersions(paths: readonly string[], folder: string): void {
  const versions = new Map<string, Set<string>>();
  for (const path of paths) {
    const period = dirname(dirname(path));
    if (!PERIOD_FOLDER.test(basename(period))) continue;
    versions.set(period, (versions.get(period) ?? new Set()).add(basename(dirname(path))));
  }
  const twice = [...versions].find(([, of]) => of.size > 1);
  if (twice === undefined) return;
  const names = [...twice[1]].sort();
  const what = `${basename(twice[0])} is there in ${names.length} versions (${names[0]}, ${names[1]}${names.length > 2 ? " ..." : ""}): adding them up would count spend ${names.length === 2 ? "twice" : `${names.length} times`}`;
  const fix = "give a folder with one version of each month, the newest, which its manifest names";
  throw new MeridianError("data", { code: "BILL_FOLDER", where: folder, what, fix });
}

/** @param seen digests of the rows that parts before this one had */
async function readOne(path: string, free: FreeSize, seen: Set<string>): Promise<BillExport> {
  const { bytes, fileBytes } = await bytesOf(path, free);
  const name = basename(path);
  const cells = Math.min(CELLS_MAX, free.cells + fileBytes * CELL_RATIO_MAX);
  if (bytes.subarray(0, 4).toString("latin1") === "PAR1") {
    const limits = { cells, characters: unpackedBytesMax(fileBytes, free.bytes) };
    return readTable(await readParquetTable(path, limits, (what) => tooLarge(path, what)), name, seen);
  }
  const text = textOf(bytes, path);
  if (text.trim() === "") {
    const fix = "export it again";
    throw new MeridianError("data", { code: "BILL_EMPTY", where: path, what: "the file is empty", fix });
  }
  if (/^\s*[[{]/.test(text)) return readJson(text, name);
  return readTable(csvTable(text, name, cells), name, seen);
}

/** A small file as text, whatever its encoding, gzip too: a price list. @throws MeridianError data BILL_UNREADABLE */
export async function readPlainText(path: string): Promise<string> {
  return textOf((await bytesOf(path, FREE)).bytes, path);
}

/** The content, unpacked, and how many bytes the file itself has. */
async function bytesOf(path: string, free: FreeSize): Promise<{ readonly bytes: Buffer; readonly fileBytes: number }> {
  const file = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    const what = error.code === "ENOENT" ? "there is no such file" : `the file cannot be read (${error.code})`;
    throw new MeridianError("data", { code: "BILL_UNREADABLE", where: path, what, fix: "name an export of your bill" });
  });
  const fileBytes = file.length;
  if (file[0] !== 0x1f || file[1] !== 0x8b) return { bytes: file, fileBytes };
  const maxOutputLength = unpackedBytesMax(fileBytes, free.bytes);
  try {
    return { bytes: gunzipSync(file, { maxOutputLength }), fileBytes };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") {
      throw tooLarge(path, `${shown(fileBytes)} bytes unpack to over ${shown(maxOutputLength)}`);
    }
    const what = `the gzip file cannot be unpacked (${(error as Error).message})`;
    throw new MeridianError("data", { code: "BILL_UNREADABLE", where: path, what, fix: "download it again" });
  }
}

/** UTF-8; UTF-16 as spreadsheets save "Unicode text"; else what Windows calls ANSI, as they save a CSV. */
function textOf(bytes: Buffer, path: string): string {
  if (bytes.length > WHOLE_TEXT_BYTES_MAX) {
    throw tooLarge(path, `${shown(bytes.length)} bytes are more than the ${shown(WHOLE_TEXT_BYTES_MAX)} of a text`);
  }
  const [first, second] = bytes;
  if (first === 0xfe && second === 0xff) return new TextDecoder("utf-16le").decode(Buffer.from(bytes).swap16());
  const isUtf16 = (first === 0xff && second === 0xfe) || (bytes.length > 3 && second === 0 && bytes[3] === 0);
  if (isUtf16) return new TextDecoder("utf-16le").decode(bytes);
  return new TextDecoder(isUtf8(bytes) ? "utf-8" : "windows-1252").decode(bytes);
}

function tooLarge(where: string, what: string): MeridianError {
  const isParquet = where.endsWith(".parquet");
  const fix = `export fewer days or fewer columns, or the same ${isParquet ? "" : "as Parquet, or "}as parts in a folder`;
  return new MeridianError("data", { code: "BILL_TOO_LARGE", where, what, fix });
}

function shown(count: number): string {
  return count.toLocaleString("en-US");
}

/** The separator that the header has most of: a spreadsheet of another language writes semicolons. */
function delimiterOf(text: string): string {
  const header = text.split(/\r?\n/, 1)[0]!.replace(/"[^"]*"/g, "");
  const count = (delimiter: string) => header.split(delimiter).length;
  return [",", ";", "\t"].reduce((best, next) => (count(next) > count(best) ? next : best));
}

function csvTable(text: string, name: string, cellsMax: number): BillTable {
  const lines: number[] = [];
  let cells = 0;
  const delimiter = delimiterOf(text);
  let rows: readonly (readonly string[])[];
  try {
    rows = parse(withLineFeeds(text), {
      bom: true,
      delimiter,
      // Parts that were put together may end their lines differently.
      record_delimiter: ["\n", "\r"],
      skip_empty_lines: true,
      on_record: (record: string[], { lines: line }) => {
        lines.push(line);
        cells += record.length;
        if (cells > cellsMax) throw tooLarge(name, `a file of its size has no more than ${shown(cellsMax)} cells`);
        return record;
      },
    }) as readonly (readonly string[])[];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const where = `${name}:${error.lines ?? 1}`;
    throw new MeridianError("data", {
      code: "BILL_UNREADABLE",
      where,
      what: error.message,
      fix: "correct the line, or export the file again",
    });
  }
  const [columns = [], ...body] = delimiter === "," ? rows : withPoints(rows);
  return { columns, rows: body, lineOf: (row) => lines[row + 1] ?? row + 2 };
}

function readTable(table: BillTable, name: string, seen: Set<string>): BillExport {
  const format = BILL_TABLE_FORMATS.find(({ matches }) => matches(table.columns));
  if (format !== undefined) {
    const read = format.read(table, name);
    return { ...read, notes: [...read.notes, ...repeatedRows(table, { name, format: format.name, seen })] };
  }
  const known = BILL_TABLE_FORMATS.map(({ title }) => title).join("; ");
  if (table.columns[0]?.startsWith("PK\u0003\u0004")) {
    const what = "this is a workbook of a spreadsheet, or another zip archive";
    const fix = "save its sheet as CSV, or unpack it";
    throw new MeridianError("data", { code: "BILL_FORMAT_UNKNOWN", where: name, what, fix });
  }
  const columns = table.columns.slice(0, 8).join(", ");
  throw new MeridianError("data", {
    code: "BILL_FORMAT_UNKNOWN",
    where: name,
    what: `the columns (${columns}${table.columns.length > 8 ? ", ..." : ""}) are of no bill that is known`,
    fix: `known are: ${known}; answers of the Cost Explorer API as JSON; a log of requests is read by meridian traffic`,
  });
}

/** One JSON document, or one on each line. */
function readJson(text: string, name: string): BillExport {
  const value = parseJson(text) ?? parseLines(text) ?? parseDocuments(text);
  const twice = value === undefined ? undefined : repeatedKey(text);
  if (twice !== undefined) {
    const what = `an object has the key ${JSON.stringify(twice)} twice`;
    const fix = "take one out: which of the two is meant cannot be told";
    throw new MeridianError("data", { code: "BILL_UNREADABLE", where: name, what, fix });
  }
  if (isCostExplorerApi(value)) return readCostExplorerApi(value, name);
  const what = value === undefined ? "this is not JSON" : "this JSON is not an answer of GetCostAndUsage";
  const fix =
    "give the output of `aws ce get-cost-and-usage ...`, all its pages in a list or one on each line; a log of requests is read by meridian traffic";
  throw new MeridianError("data", { code: "BILL_FORMAT_UNKNOWN", where: name, what, fix });
}

function parseLines(text: string): unknown[] | undefined {
  const values = text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map(parseJson);
  return values.includes(undefined) ? undefined : values;
}

/** Documents one after the other, as a loop over pages prints them. */
function parseDocuments(text: string): unknown[] | undefined {
  const values = text.split(/\r?\n(?=[{[])/).map(parseJson);
  return values.length < 2 || values.includes(undefined) ? undefined : values;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What a file of its size may hold. */
export interface ParquetLimits {
  /** Cells that are not empty. */
  readonly cells: number;
  /** Characters of all cells, as texts. */
  readonly characters: number;
}

/** Columns that a line leaves empty cost next to nothing in a file, and little in memory. */
const EMPTY_CELLS_FACTOR = 10;
/** Of the database: what it unpacks at a time. */
const MEMORY_LIMIT = "1GB";

/**
 * The table of a file. A few bytes of Parquet may stand for millions of equal cells, so its rows, its cells and then their
 * lengths are counted first, each without the next.
 *
 * @param path     of a local file
 * @param limits   what it may hold
 * @param tooLarge what to throw where it holds more
 * @throws MeridianError data, when it is no Parquet file that can be read, or a part of it needs too much memory
 */
export async function readParquetTable(
  path: string,
  limits: ParquetLimits,
  tooLarge: (what: string) => MeridianError,
): Promise<BillTable> {
  const { connection, close } = await openDatabase();
  try {
    // The file is a stranger's: nothing else is within its reach.
    await connection.run(`SET allowed_paths = [${quoted(path)}]`);
    await connection.run(`SET memory_limit = '${MEMORY_LIMIT}'`);
    await connection.run("SET temp_directory = ''");
    await connection.run("SET enable_external_access = false");
    await connection.run("SET lock_configuration = true");
    const described = await connection.runAndReadAll(`describe select * from read_parquet(${quoted(path)})`);
    const columns = described.getRows().map(([name, type]) => ({ name: String(name), type: String(type) }));
    const selected = columns.map(({ name, type }) => asText(`"${name.replaceAll('"', '""')}"`, type));
    const size = await sizeOf(connection, path, selected, limits.cells * EMPTY_CELLS_FACTOR);
    for (const what of ["cells", "characters"] as const) {
      if (size[what] <= limits[what]) continue;
      throw tooLarge(
        `it holds ${shown(size[what])} ${what}; a file of its size has no more than ${shown(limits[what])}`,
      );
    }
    const found = await connection.runAndReadAll(`select ${selected.join(", ")} from read_parquet(${quoted(path)})`);
    return {
      columns: columns.map(({ name }) => name),
      rows: found.getRows().map((row) => row.map((cell) => (cell === null ? "" : String(cell)))),
      lineOf: (row) => row + 1,
    };
  } catch (error) {
    if (error instanceof MeridianError) throw error;
    const what = `the Parquet file cannot be read: ${(error as Error).message}`;
    throw new MeridianError("data", { code: "BILL_UNREADABLE", where: path, what, fix: "export it again" });
  } finally {
    close();
  }
}

/** @param cellsMax with more cells than this, empty ones included, they are not looked at */
async function sizeOf(
  connection: Database["connection"],
  path: string,
  selected: readonly string[],
  cellsMax: number,
): Promise<ParquetLimits> {
  const counted = await connection.runAndReadAll(`select num_rows from parquet_file_metadata(${quoted(path)})`);
  const all = selected.length * counted.getRows().reduce((sum, [rows]) => sum + Number(rows), 0);
  if (all > cellsMax) return { cells: all, characters: 0 };
  const cells = selected.map((_, i) => `count(c${i})::DOUBLE`).join(" + ");
  const characters = selected.map((_, i) => `coalesce(sum(strlen(c${i})), 0)::DOUBLE`).join(" + ");
  const texts = selected.map((text, i) => `${text} as c${i}`).join(", ");
  const query = `select ${cells}, ${characters} from (select ${texts} from read_parquet(${quoted(path)}))`;
  const [row = []] = (await connection.runAndReadAll(query)).getRows();
  return { cells: Number(row[0]), characters: Number(row[1]) };
}

function asText(column: string, type: string): string {
  // By epoch, since instants with a zone need an extension of DuckDB to be formatted.
  if (/^(TIMESTAMP|DATE)/.test(type)) return `strftime(make_timestamp_ms(epoch_ms(${column})), '%Y-%m-%dT%H:%M:%SZ')`;
  if (/^(MAP|STRUCT)|\[\]$/.test(type)) return `to_json(${column})::VARCHAR`;
  return `${column}::VARCHAR`;
}
