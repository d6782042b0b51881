/**
 * Reads the requests of a recording: finds the format, hands every record to its reader, takes each id once, and counts what
 * is left out.
 */
import { MeridianError } from "../base/errors.ts";
import { isNumeric, type TimeUnit } from "../base/instants.ts";
import { nearNames, suggestOneOf } from "../base/near-names.ts";
import { mix32 } from "../random/keyed-random.ts";
import { BadRows } from "./bad-rows.ts";
import { type ColumnMap, findColumns } from "./column-map.ts";
import { letGo } from "./columns.ts";
import { detectFormat, FORMATS } from "./formats/index.ts";
import { isEmptyContainer } from "./json-records.ts";
import { RecordSplitter, type RecordTaker } from "./record-splitter.ts";
import type { RecordedRow } from "./recorded-rows.ts";
import { RecordedTimes } from "./recorded-times.ts";
import type { JsonObject, RowPlace } from "./row-cells.ts";
import type { FirstRecord, RecordReader, RequestSink, TraceFormat } from "./trace-format.ts";

/** How a recording is to be read, beyond what its files say. */
export interface ReadingOptions {
  /** Name of the format; null to find it. */
  readonly format?: string | null;
  /** Of numeric times; null to go by what the files state. */
  readonly unit?: TimeUnit | null;
  readonly columns?: ColumnMap | null;
  /** Key of the tag that is a request's class; null for the format's own choice. */
  readonly tag?: string | null;
  /** Gives requests the tags that rules have for them, before anything else is read of them. */
  readonly retag?: (row: RecordedRow) => RecordedRow;
  readonly badRows?: BadRows;
  /** Ids of requests that are known already and count as duplicates. */
  readonly seen?: SeenIds;
}

/** A file of a recording, whose text is pushed in. */
export interface FileReader {
  push(text: string): void;
  end(): void;
  /** Lines so far. */
  readonly lineNumber: number;
}

/** Takes a request and where it stands; may throw a MeridianError, which makes the row a bad one. */
export type TakeRequest = (row: RecordedRow, place: RowPlace, times: RecordedTimes) => void;

/** Reads one recording, from one file or many; requests come out in the order of the files. */
export class RequestReader {
  readonly times: RecordedTimes;
  readonly badRows: BadRows;
  /** Requests whose id was seen before. */
  duplicates = 0;
  private readonly options: ReadingOptions;
  private readonly asked: TraceFormat | undefined;
  private readonly take: TakeRequest;
  private readonly seen: SeenIds;
  private readonly said = new Map<string, number>();
  private readonly remarks: string[] = [];
  private reader: RecordReader | undefined;
  private found: TraceFormat | undefined;

  /** @throws MeridianError usage TRACE_FORMAT for a format that does not exist */
  constructor(options: ReadingOptions, take: TakeRequest) {
    this.options = options;
    this.take = take;
    this.times = new RecordedTimes(options.unit ?? null);
    this.badRows = options.badRows ?? new BadRows();
    this.seen = options.seen ?? new SeenIds();
    this.asked = options.format == null ? undefined : formatOf(options.format);
  }

  /** The format of the files so far. */
  get format(): string | undefined {
    return this.found?.name;
  }

  /** What a reader of the result should know, one sentence each. */
  get notes(): readonly string[] {
    const notes = [...this.said].map(([text, times]) => text.replace("%", `${times.toLocaleString("en-US")}`));
    notes.push(...this.remarks);
    if (this.duplicates > 0) {
      notes.push(`${this.duplicates.toLocaleString("en-US")} requests stand there twice, by their ids, and count once`);
    }
    const { zoned, zoneless } = this.times;
    if (zoneless > 0) notes.push(`${zoned > 0 ? "some " : ""}times have no zone, and are taken for UTC`);
    const { summary } = this.badRows;
    return summary === undefined ? notes : [...notes, summary];
  }

  /** Something that a reader of the result should know, beside what the files themselves say. */
  remark(text: string): void {
    this.remarks.push(text);
  }

  /** Begins a text file. @param source the name to print in messages */
  file(source: string): FileReader {
    return new RecordSplitter(source, this.taker());
  }

  /** Begins a table whose rows come as objects. */
  table(source: string, columns: readonly string[]): (record: JsonObject, row: number) => void {
    const taker = this.taker("parquet");
    taker.header(columns, { source, lineNumber: 0 });
    return (record, row) => {
      try {
        taker.record(record, { source, lineNumber: row });
      } catch (error) {
        taker.bad(error);
      }
    };
  }

  /** After the last file. */
  finish(): void {
    this.reader?.end?.();
    this.seen.clear();
  }

  private taker(table: "csv" | "parquet" = "csv"): RecordTaker {
    let reader: RecordReader | undefined;
    let columns: readonly string[] | undefined;
    return {
      header: (names, place) => {
        columns = names;
        if (this.options.columns == null)
          reader = this.readerFor({ kind: table, columns: names, record: undefined }, place, false);
      },
      record: (record, place) => {
        const kind = columns === undefined ? "json" : table;
        if (reader === undefined && kind === "json" && isEmptyContainer(record)) return;
        reader ??= this.readerFor({ kind, columns: columns ?? [], record }, place, true)!;
        reader.take(record, place);
      },
      bad: (error) => {
        // Before the first good record, nothing is known of the file: a skip would lose all of it.
        if (reader === undefined && isUnknown(error)) throw error;
        this.badRows.add(error);
      },
    };
  }

  private readerFor(first: FirstRecord, place: RowPlace, mustMatch: boolean): RecordReader | undefined {
    const format = this.asked ?? (this.options.columns == null ? detectFormat(first) : genericFormat(first));
    if (format === undefined) {
      if (!mustMatch && first.record === undefined && couldBeRecords(first)) return undefined;
      throw unknownFormat(first, place);
    }
    if (this.found !== undefined && this.found !== format) {
      throw new MeridianError("data", {
        code: "TRACE_TWO_FORMATS",
        where: place.source,
        what: `this is ${format.name}, and the files before are ${this.found.name}`,
        fix: "read each format on its own, or say which it is: format",
      });
    }
    this.found = format;
    this.reader ??= format.reader(this.sink());
    return this.reader;
  }

  private sink(): RequestSink {
    return {
      times: this.times,
      columns: this.options.columns ?? null,
      tag: this.options.tag ?? null,
      add: (row, place) => {
        if (row.requestId !== undefined && row.requestId !== "" && !this.seen.add(row.requestId)) {
          this.duplicates++;
          this.badRows.good++;
          return;
        }
        this.take(this.options.retag?.(row) ?? row, place, this.times);
        this.badRows.good++;
      },
      note: (text) => void this.said.set(text, (this.said.get(text) ?? 0) + 1),
    };
  }
}

/** A header without a match may belong to a format that shows in its first row, such as an exported log group. */
function couldBeRecords({ columns }: FirstRecord): boolean {
  return columns.some((name) => /message/i.test(name));
}

function genericFormat({ kind }: FirstRecord): TraceFormat {
  return formatOf(kind === "json" ? "jsonl" : kind);
}

function formatOf(name: string): TraceFormat {
  const format = FORMATS.find((each) => each.name === name);
  if (format !== undefined) return format;
  throw new MeridianError("usage", {
    code: "TRACE_FORMAT",
    where: `format ${name}`,
    what: "there is no trace format of this name",
    fix: suggestOneOf(
      name,
      FORMATS.map((each) => each.name),
    ),
  });
}

function isUnknown(error: unknown): boolean {
  return error instanceof MeridianError && error.problems[0]?.code === "TRACE_UNKNOWN_FORMAT";
}

function unknownFormat({ kind, columns, record }: FirstRecord, place: RowPlace): MeridianError {
  const names = columns.length > 0 ? columns : Object.keys(record ?? {});
  const shown = names
    .slice(0, 12)
    .map((name) => name.slice(0, 40))
    .join(", ");
  return new MeridianError("data", {
    code: "TRACE_UNKNOWN_FORMAT",
    where: `${place.source}:${place.lineNumber}`,
    what: `this fits no known format; it begins with ${shown === "" ? "nothing" : shown}`,
    fix:
      (kind === "csv" ? (otherSeparator(columns) ?? printedTable(columns) ?? noNames(columns)) : undefined) ??
      billColumns(names) ??
      misspeltColumn(names) ??
      `known: ${FORMATS.map(({ name }) => name).join(", ")}; or name the columns: columns: { time: ts, input: prompt_tok, output: answer_tok }`,
  });
}

/** Exports of the bill have no requests, and a command of their own. */
function billColumns(names: readonly string[]): string | undefined {
  const isBill = names.some((name) =>
    /^(line_item_|lineItem\/|BilledCost$|(Un)?BlendedCost$|ResultsByTime$)|\(\$\)$/i.test(name),
  );
  return isBill ? "a bill holds no requests: meridian bill reads it, and meridian import keeps it" : undefined;
}

/** One column with a semicolon, a tab or a bar in its name is a table with another separator. */
function otherSeparator([only, ...others]: readonly string[]): string | undefined {
  if (only === undefined || others.length > 0) return undefined;
  const separator = SEPARATORS.find(([sign]) => only.split(sign).length >= 3);
  return separator && `its columns are separated by ${separator[1]}: save it with commas (psql --csv)`;
}

/** A table whose first line holds values. */
function noNames(columns: readonly string[]): string | undefined {
  if (columns.length < 3 || !columns.some((name) => isNumeric(name))) return undefined;
  return "its first line holds values: put one before it that names the columns, such as time_s,input_tokens,output_tokens";
}

/** What psql prints for people: a heading over JSON, or a record on many lines. */
function printedTable([only, ...others]: readonly string[]): string | undefined {
  if (only === undefined || others.length > 0) return undefined;
  if (/^(row_to_json|to_jsonb?|jsonb?_agg|jsonb?_build_object)$/.test(only)) return "psql -At prints the JSON alone";
  return only.startsWith("-[ RECORD 1 ]") ? "psql --csv prints a table that is read" : undefined;
}

const SEPARATORS = [
  [";", "semicolons"],
  ["\t", "tabs"],
  ["|", "bars"],
] as const;

/** Columns that would be enough, were one of them spelt as it is known. */
function misspeltColumn(names: readonly string[]): string | undefined {
  const found = findColumns(names, null);
  const lacking = (["time", "input", "output"] as const).filter((role) => found[role] === undefined);
  const [role] = lacking;
  if (role === undefined || lacking.length > 1) return undefined;
  const known = { time: "time_ms", input: "input_tokens", output: "output_tokens" }[role];
  const used = Object.values(found).map((column) => column?.name);
  const near = names.find((name) => !used.includes(name) && nearNames(name, [known, role]).length > 0);
  const meant = near ?? "the column's name";
  return `it lacks ${known}${near === undefined ? "" : ` (did you mean ${near}?)`}; or name the column: columns: { ${role}: ${meant} }`;
}

const SLOTS_AT_FIRST = 1024;

/**
 * A set of texts that keeps 64 bits of each: two of ten million ids are taken for one with a chance of three in a
 * million.
 */
export class SeenIds {
  size = 0;
  private highs = new Int32Array(SLOTS_AT_FIRST);
  private lows = new Int32Array(SLOTS_AT_FIRST);

  /** @returns whether the id is new */
  add(id: string): boolean {
    let high = 0x2545f491;
    let low = 0x9e3779b9 | 0;
    for (let i = 0; i < id.length; i++) {
      const code = id.charCodeAt(i);
      high = Math.imul(high ^ code, 0x85ebca6b);
      low = Math.imul(low ^ code, 0x5bd1e995) ^ (low >>> 15);
    }
    // A slot of two zeros is free.
    return this.insert(mix32(high ^ id.length), mix32(low) | 1);
  }

  /** Empties the set, and gives its memory back. */
  clear(): void {
    letGo(this.highs);
    letGo(this.lows);
    this.highs = new Int32Array(SLOTS_AT_FIRST);
    this.lows = new Int32Array(SLOTS_AT_FIRST);
    this.size = 0;
  }

  private insert(high: number, low: number): boolean {
    const mask = this.highs.length - 1;
    let slot = high & mask;
    while (this.lows[slot] !== 0) {
      if (this.lows[slot] === low && this.highs[slot] === high) return false;
      slot = (slot + 1) & mask;
    }
    this.highs[slot] = high;
    this.lows[slot] = low;
    this.size++;
    if (2 * this.size > mask) this.grow();
    return true;
  }

  private grow(): void {
    const { highs, lows } = this;
    this.highs = new Int32Array(2 * highs.length);
    this.lows = new Int32Array(2 * highs.length);
    this.size = 0;
    for (let i = 0; i < lows.length; i++) if (lows[i] !== 0) this.insert(highs[i]!, lows[i]!);
    letGo(highs);
    letGo(lows);
  }
}
