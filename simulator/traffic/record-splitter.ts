/** Cuts the text of a file into records: lines of JSON, JSON documents, tables, dumps, log lines with a time before their JSON. */
import { MeridianError } from "../base/errors.ts";
import { isNumeric } from "../base/instants.ts";
import { isContainer, isLongDocument, JsonDocument, jsonRow } from "./json-records.ts";
import { type JsonObject, type RowPlace, rowError } from "./row-cells.ts";
import {
  COPY_COMMAND,
  copyCells,
  csvCells,
  DumpLines,
  delimiterOf,
  hasOpenQuote,
  isCopyRow,
  isDump,
} from "./table-cells.ts";

/** Longest line that is read, characters; a longer one is not a record of a call. */
export const LINE_LENGTH_MAX = 2 ** 20;
/** Most lines of one CSV row with quoted line breaks. */
const ROW_LINES_MAX = 1000;
/** So much is looked at to tell how a file is built. */
const HEAD_LENGTH = 2 ** 16;

/** What the records of a file are handed to. */
export interface RecordTaker {
  /** The header of a table, before its rows. */
  header(columns: readonly string[], place: RowPlace): void;
  record(record: JsonObject, place: RowPlace): void;
  /** A record that cannot be read: counts it, or throws. */
  bad(error: unknown): void;
}

/** Cuts one file; what is pushed may end anywhere. */
export class RecordSplitter {
  lineNumber = 0;
  private readonly source: string;
  private readonly taker: RecordTaker;
  private rest = "";
  private mode: "unknown" | "json lines" | "csv" | "dump" | "document" = "unknown";
  private document: JsonDocument | undefined;
  private readonly dump = new DumpLines();
  private header: readonly string[] | undefined;
  private delimiter = ",";
  /** Whether cells are written as Postgres copies a table; unknown before the first row. */
  private isCopy: boolean | undefined;
  /** Lines of a CSV row whose quotes are still open. */
  private open: string[] = [];

  constructor(source: string, taker: RecordTaker) {
    this.source = source;
    this.taker = taker;
  }

  push(text: string): void {
    if (this.mode === "document") {
      this.document!.push(text);
      return;
    }
    this.rest += text;
    if (this.mode === "unknown") {
      this.rest = this.rest.replace(/^\uFEFF/, "");
      if (!this.rest.includes("\n", firstInk(this.rest)) && this.rest.length < HEAD_LENGTH) return;
      if (this.begin()) return;
    }
    this.cut();
  }

  end(): void {
    if (this.mode === "unknown" && this.rest !== "" && this.begin()) this.rest = "";
    if (this.mode === "document") {
      this.document!.end();
      return;
    }
    if (this.rest !== "") this.line(this.rest);
    this.rest = "";
    this.closeRow();
    if (this.mode === "dump" && this.header === undefined) {
      const what = "the dump holds no rows of LiteLLM_SpendLogs as pg_dump writes them without --inserts";
      const place = { source: this.source, lineNumber: this.lineNumber };
      throw rowError(place, "TRACE_UNKNOWN_FORMAT", what, `copy the table: ${COPY_COMMAND}`);
    }
  }

  /** Settles how the file is built. @returns whether all that was pushed has been taken as a document */
  private begin(): boolean {
    const head = this.rest.slice(firstInk(this.rest));
    const firstLine = head.split("\n", 1)[0]!.trim();
    if (head.startsWith("[") || (head.startsWith("{") && isDocument(firstLine))) {
      this.mode = "document";
      this.document = new JsonDocument(this.source, (text, lineNumber) => this.json(text, lineNumber));
      const { rest } = this;
      this.rest = "";
      this.document.push(rest);
      return true;
    }
    if (isDump(firstLine)) this.mode = "dump";
    else this.mode = head.startsWith("{") || LOG_LINE.test(firstLine) ? "json lines" : "csv";
    return false;
  }

  private cut(): void {
    let from = 0;
    for (let to = this.rest.indexOf("\n"); to >= 0; to = this.rest.indexOf("\n", from)) {
      this.line(this.rest.slice(from, to));
      from = to + 1;
    }
    this.rest = this.rest.slice(from);
    if (this.rest.length > LINE_LENGTH_MAX) this.line(this.rest);
  }

  private line(rawLine: string): void {
    this.lineNumber++;
    const place = { source: this.source, lineNumber: this.lineNumber };
    if (rawLine.length > LINE_LENGTH_MAX) {
      const fix = "one request per line, without texts";
      throw rowError(place, "TRACE_LINE_TOO_LONG", "the line is longer than 1 MiB", fix);
    }
    const line = rawLine.endsWith("\r") ? rawLine.slice(0, -1) : rawLine;
    if (this.mode === "csv") this.csvLine(line);
    else if (this.mode === "dump") this.dumpLine(line, place);
    else if (line.trim() !== "") this.json(line, this.lineNumber);
  }

  private json(text: string, lineNumber: number): void {
    const place = { source: this.source, lineNumber };
    try {
      const isPrefixed = this.mode === "json lines" && LOG_LINE.test(text);
      this.taker.record(jsonRow(isPrefixed ? text.slice(text.indexOf("{")) : text, place), place);
    } catch (error) {
      this.taker.bad(error);
    }
  }

  private dumpLine(line: string, place: RowPlace): void {
    const cells = this.dump.take(line);
    if (cells !== undefined) this.cells(cells, place);
    else if (this.dump.columns !== undefined) {
      this.header = this.dump.columns;
      this.taker.header(this.header, place);
    }
  }

  private csvLine(line: string): void {
    if (this.open.length === 0 && line === "") return;
    if (this.isCopy === undefined && (this.header === undefined || this.delimiter === "\t")) {
      const isCopy = isCopyRow(line);
      if (this.header !== undefined) this.isCopy = isCopy;
      else if (isCopy) {
        const what = "the table comes without the names of its columns";
        const place = { source: this.source, lineNumber: this.lineNumber };
        throw rowError(place, "TRACE_BAD_CSV", what, `have them written, too: ${COPY_COMMAND}`);
      }
    }
    if (this.isCopy === true) {
      this.row(line, this.lineNumber);
      return;
    }
    if (this.open.length > 0 || hasOpenQuote(line)) {
      this.open.push(line);
      if (this.open.length > 1 && hasOpenQuote(line)) this.closeRow();
      else if (this.open.length > ROW_LINES_MAX) this.refuseRow();
      return;
    }
    this.row(line, this.lineNumber);
  }

  /** Takes the lines of a row whose quotes have closed, or refuses them at the end of the file. */
  private closeRow(): void {
    if (this.open.length === 0) return;
    const text = this.open.join("\n");
    const first = this.lineNumber - this.open.length + 1;
    if (hasOpenQuote(text)) {
      this.refuseRow();
      return;
    }
    this.open = [];
    this.row(text, first);
  }

  /** The first line of an endless row is refused, and those after it are read on their own. */
  private refuseRow(): void {
    const [bad, ...others] = this.open;
    this.open = [];
    let lineNumber = this.lineNumber - others.length;
    this.row(bad!, lineNumber);
    for (const line of others) {
      lineNumber++;
      if (line !== "") this.row(line, lineNumber);
    }
  }

  private row(text: string, lineNumber: number): void {
    const place = { source: this.source, lineNumber };
    if (this.header === undefined) {
      this.delimiter = delimiterOf(text);
      this.header = headerOf(text, place, this.delimiter);
      this.taker.header(this.header, place);
      return;
    }
    let cells: readonly string[];
    try {
      cells = this.isCopy === true ? copyCells(text) : csvCells(text, place, this.delimiter);
    } catch (error) {
      this.taker.bad(error);
      return;
    }
    this.cells(cells, place);
  }

  private cells(cells: readonly string[], place: RowPlace): void {
    const { header = [] } = this;
    try {
      if (cells.length !== header.length) {
        const what = `${cells.length} fields instead of the header's ${header.length}`;
        throw rowError(place, "TRACE_BAD_CSV", what, "give every row as many fields as the header");
      }
      const record: Record<string, unknown> = {};
      for (let i = 0; i < cells.length; i++) {
        const cell = cells[i]!.trim();
        // Where semicolons stand between cells, commas stand before decimals.
        record[header[i]!] = this.delimiter === ";" && DECIMAL_COMMA.test(cell) ? cell.replace(",", ".") : cell;
      }
      this.taker.record(record, place);
    } catch (error) {
      this.taker.bad(error);
    }
  }
}

const DECIMAL_COMMA = /^-?\d+,\d+$/;

/** A line of a log group as it is exported or followed: the time of the event, perhaps its stream, then its text. */
const LOG_LINE = /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)?\s+(?:[^\s{"]+\s+)?\{/;

function firstInk(text: string): number {
  const at = text.search(/\S/);
  return at < 0 ? text.length : at;
}

/** Whether a text that begins with `{` is more than an object in each line. */
function isDocument(firstLine: string): boolean {
  try {
    return isContainer(jsonRow(firstLine, { source: "", lineNumber: 1 }));
  } catch (error) {
    if (!(error instanceof MeridianError)) throw error;
    if (/[{[,]$/.test(firstLine)) return true;
    // A line that is longer than the head is a record, or a document with its records further on.
    return isLongDocument(firstLine);
  }
}

function headerOf(text: string, place: RowPlace, delimiter: string): readonly string[] {
  const names = csvCells(text, place, delimiter).map((cell) => cell.trim());
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) {
    const fix = isNumeric(twice)
      ? "the first line holds values: put one before it that names the columns, such as time_s,input_tokens,output_tokens"
      : "take one out";
    throw rowError(place, "TRACE_BAD_CSV", `the column ${twice} is there twice`, fix);
  }
  return names;
}
