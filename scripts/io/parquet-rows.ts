/** Rows of a Parquet file, a block at a time, with plain numbers and texts in them. */
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { MeridianError } from "../../simulator/base/errors.ts";
import type { JsonObject } from "../../simulator/traffic/row-cells.ts";

const BLOCK_ROWS = 32_768;
const COLUMNS_MAX = 256;

/** A Parquet file that is open for reading. */
export interface ParquetRows {
  readonly columns: readonly string[];
  readonly rows: number;
  /** The rows, in blocks; instants are numbers in the unit of their column. */
  blocks(columns: readonly string[]): AsyncIterable<readonly JsonObject[]>;
}

/** @param source the name to print in messages. @throws MeridianError data TRACE_BAD_PARQUET */
export async function openParquet(path: string, source: string): Promise<ParquetRows> {
  const damaged = (cause: unknown) =>
    new MeridianError(
      "data",
      {
        code: "TRACE_BAD_PARQUET",
        where: source,
        what: `the Parquet file cannot be read: ${String((cause as Error)?.message ?? cause).slice(0, 120)}`,
        fix: "copy it again, or write it as CSV or JSONL",
      },
      { cause },
    );
  try {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    const columns = parquetSchema(metadata).children.map(({ element }) => element.name);
    if (columns.length > COLUMNS_MAX)
      throw new Error(`it has ${columns.length} columns, at most ${COLUMNS_MAX} are read`);
    const rows = Number(metadata.num_rows);
    return {
      columns,
      rows,
      async *blocks(wanted) {
        for (let rowStart = 0; rowStart < rows; rowStart += BLOCK_ROWS) {
          const rowEnd = Math.min(rows, rowStart + BLOCK_ROWS);
          const part = { file, metadata, columns: [...wanted], rowStart, rowEnd, compressors, parsers: NUMBERS };
          const block = await parquetReadObjects(part).catch((cause: unknown) => {
            throw damaged(cause);
          });
          yield block.map(plain);
        }
      },
    };
  } catch (cause) {
    throw damaged(cause);
  }
}

/** Instants as numbers of their own unit: a Date has no room for what is finer than a ms. */
const NUMBERS = {
  timestampFromMilliseconds: Number,
  timestampFromMicroseconds: Number,
  timestampFromNanoseconds: Number,
} as never;

function plain(row: Record<string, unknown>): JsonObject {
  for (const key in row) {
    const value = row[key];
    if (typeof value === "bigint") row[key] = Number(value);
    // Columns of days.
    else if (value instanceof Date) row[key] = value.toISOString();
  }
  return row;
}
