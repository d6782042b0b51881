/** Writes Parquet a block of rows at a time, column by column: millions of rows in the memory of one block. */
import { fileWriter, ParquetWriter } from "hyparquet-writer";

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
