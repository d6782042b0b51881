/** The contract of trace formats. A reader takes the records of a file and hands on the requests in them. */
import type { ColumnMap } from "./column-map.ts";
import type { RecordedRow } from "./recorded-rows.ts";
import type { RecordedTimes } from "./recorded-times.ts";
import type { JsonObject, RowPlace } from "./row-cells.ts";

/** Takes a request and where it stands. */
export type TakeRow = (row: RecordedRow, place: RowPlace) => void;

/** What a file begins with. */
export interface FirstRecord {
  /** How the file is built. */
  readonly kind: "csv" | "json" | "parquet";
  /** Names of a table's columns; empty for JSON. */
  readonly columns: readonly string[];
  /** The first object of a JSON file; of a table, its first row if there is one. */
  readonly record: JsonObject | undefined;
}

/** A reader of the records of one recording, in one or more files. */
export interface RecordReader {
  /**
   * Takes the next record and hands on the request or requests in it, if any.
   *
   * @throws MeridianError TRACE_* for a record that cannot be read, with `file:line`
   */
  take(record: JsonObject, place: RowPlace): void;
  /** After the last record, for formats whose requests stand in several records. */
  end?(): void;
}

/** What a reader is given: where its requests go, and how the recording is to be read. */
export interface RequestSink {
  readonly times: RecordedTimes;
  /** Names of columns, where the user gave some. */
  readonly columns: ColumnMap | null;
  /** The key of the tag that is a request's class; null for the format's own choice. */
  readonly tag: string | null;
  readonly add: TakeRow;
  /** Something that a reader of the result should know; each text once, with how often it was said. */
  note(text: string): void;
}

/** What each format's file exports; a line in `formats/index.ts` registers it. */
export interface TraceFormat {
  readonly name: string;
  /** One sentence for `meridian list formats`. */
  readonly summary: string;
  /** Whether a file that begins like this is of this format. */
  matches(first: FirstRecord): boolean;
  reader(sink: RequestSink): RecordReader;
}
