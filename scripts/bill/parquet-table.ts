/** A Parquet file as a table of texts, by DuckDB: timestamps, decimals and maps as exports in CSV would write them. */
import { MeridianError } from "../../simulator/base/errors.ts";
import type { BillTable } from "../../simulator/bill/bill-line.ts";

/**
 * @param path of a local file
 * @throws MeridianError data, when it is no Parquet file that can be read
 */
export async function readParquetTable(path: string): Promise<BillTable> {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    const quoted = `'${path.replaceAll("'", "''")}'`;
    const described = await connection.runAndReadAll(`describe select * from read_parquet(${quoted})`);
    const columns = described.getRows().map(([name, type]) => ({ name: String(name), type: String(type) }));
    const selected = columns.map(({ name, type }) => asText(`"${name.replaceAll('"', '""')}"`, type)).join(", ");
    const found = await connection.runAndReadAll(`select ${selected} from read_parquet(${quoted})`);
    return {
      columns: columns.map(({ name }) => name),
      rows: found.getRows().map((row) => row.map((cell) => (cell === null ? "" : String(cell)))),
      lineOf: (row) => row + 1,
    };
  } catch (error) {
    const what = `the Parquet file cannot be read: ${(error as Error).message}`;
    throw new MeridianError("data", { code: "BILL_UNREADABLE", where: path, what, fix: "export it again" });
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function asText(column: string, type: string): string {
  // By epoch, since instants with a zone need an extension of DuckDB to be formatted.
  if (/^(TIMESTAMP|DATE)/.test(type)) return `strftime(make_timestamp_ms(epoch_ms(${column})), '%Y-%m-%dT%H:%M:%SZ')`;
  if (/^(MAP|STRUCT)|\[\]$/.test(type)) return `to_json(${column})::VARCHAR`;
  return `${column}::VARCHAR`;
}
