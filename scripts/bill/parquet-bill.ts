/** Bills in Parquet, read by DuckDB: what a file holds is counted before it is taken into memory. */
import { MeridianError } from "../../simulator/base/errors.ts";
import type { BillTable } from "../../simulator/bill/bill-line.ts";
import { type Database, openDatabase, quoted } from "../store/database.ts";

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

function shown(count: number): string {
  return count.toLocaleString("en-US");
}
