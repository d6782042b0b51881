/**
 * Parquet files a block at a time: rows read with plain numbers and texts in them, and rows written column by column, millions
 * of them in the memory of one block.
 */
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { fileWriter, ParquetWriter } from "hyparquet-writer";
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

/** A column of a file that is written. */
export interface BlockColumn {
  readonly name: string;
  /** whole: 32 bits; number: a double. */
  readonly type: "text" | "whole" | "number";
  /** Whether rows may have no value. */
  readonly isOptional?: boolean;
}

/** Values of a block: null where a row has none. */
export type BlockValues = Float64Array | Int32Array | readonly (string | number | null)[];

export interface OpenParquet {
  /** Writes rows as a row group; values stand in the order of the columns. */
  write(values: readonly BlockValues[]): void;
  close(): void;
}

/** Rows that make a good row group. */
export const GROUP_ROWS = 65_536;

const PHYSICAL = { text: "BYTE_ARRAY", whole: "INT32", number: "DOUBLE" } as const;

/**
 * Opens a file for writing. Labels and small numbers are packed by dictionaries; on top of these, compression and
 * statistics would take longer than all else together.
 */
export function createParquet(file: string, columns: readonly BlockColumn[]): OpenParquet {
  const schema = [
    { name: "root", num_children: columns.length },
    ...columns.map(({ name, type, isOptional = false }) => ({
      name,
      type: PHYSICAL[type],
      ...(type === "text" ? { converted_type: "UTF8" as const } : {}),
      repetition_type: isOptional ? ("OPTIONAL" as const) : ("REQUIRED" as const),
    })),
  ];
  const target = new ParquetWriter({
    writer: fileWriter(file),
    schema,
    codec: "UNCOMPRESSED",
    statistics: false,
    createdBy: "meridian",
  });
  return {
    write(values) {
      const [first] = values;
      if (first === undefined || first.length === 0) return;
      const columnData = columns.map(({ name }, i) => ({ name, data: values[i] as never, offsetIndex: false }));
      target.write({ columnData, rowGroupSize: first.length, pageSize: 0 });
    },
    close: () => void target.finish(),
  };
}
