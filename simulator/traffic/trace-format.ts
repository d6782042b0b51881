/** The contract of trace formats, and what they share: checked cells, and rows collected into columns. */
import { MeridianError } from "../base/errors.ts";
import type { TimeUnit } from "../base/instants.ts";
import type { RecordedColumns } from "./recording.ts";

/** A reader of one recording. Lines are pushed, so that the caller may stream the file. */
export interface TraceReader {
  /**
   * Takes the next line, without its line end.
   *
   * @throws MeridianError TRACE_* for a row that cannot be read, with `file:line`
   */
  line(text: string, lineNumber: number): void;
  /** The recording; its rows ascend in time. */
  finish(): RecordedColumns;
}

/** What each format's file exports; a line in `formats/index.ts` registers it. */
export interface TraceFormat {
  readonly name: string;
  /** One sentence for `meridian list formats`. */
  readonly summary: string;
  /** Whether a file that begins with this line is of this format. */
  matches(firstLine: string): boolean;
  /**
   * @param source the file's name, for error messages
   * @param unit   of its times where the scenario says so; null to go by what the file states
   */
  reader(source: string, unit: TimeUnit | null): TraceReader;
}

/** Longest line that is read, characters; a longer one is not a trace. */
export const LINE_LENGTH_MAX = 2 ** 20;

/** Reads lines held in memory; to stream a file, push its lines into `format.reader` one by one. */
export function readTrace(
  format: TraceFormat,
  lines: Iterable<string>,
  source: string,
  unit: TimeUnit | null = null,
): RecordedColumns {
  const reader = format.reader(source, unit);
  let lineNumber = 0;
  for (const text of lines) reader.line(text, ++lineNumber);
  return reader.finish();
}

/** Where a row is, for error messages. */
export interface RowPlace {
  readonly source: string;
  readonly lineNumber: number;
}

export function rowError({ source, lineNumber }: RowPlace, code: string, what: string, fix: string): MeridianError {
  return new MeridianError("data", { code, where: `${source}:${lineNumber}`, what, fix });
}

const TOKENS_MAX = 2 ** 31 - 1;

/** A token count from a cell or a JSON value. */
export function tokenCount(value: unknown, column: string, place: RowPlace): number {
  const tokens = typeof value === "number" ? value : numberOf(value);
  if (tokens < 0) {
    throw rowError(place, "TRACE_NEGATIVE_TOKENS", `${column} is ${tokens}`, "token counts must be 0 or more");
  }
  if (!Number.isInteger(tokens) || tokens > TOKENS_MAX) {
    const shown = shorten(value);
    throw rowError(place, "TRACE_BAD_NUMBER", `${column} is ${shown}`, "token counts must be whole numbers below 2^31");
  }
  return tokens;
}

function numberOf(value: unknown): number {
  return typeof value === "string" && value.trim() !== "" ? Number(value) : Number.NaN;
}

/** A value as the file has it, short. */
export function shorten(value: unknown): string {
  const text = value === undefined ? "missing" : value === "" ? "empty" : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** One recorded request; what a format does not have is left out in every row. */
export interface RecordedRow {
  /** ms, or what the `settle` that is given to `finish` makes ms of. */
  readonly timeMs: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly maxTokens?: number;
  readonly prefixTokens?: number;
  readonly prefixId?: number;
  readonly className?: string;
  readonly originName?: string;
}

/** Most different labels of one kind: what a column of 16-bit indices can hold. */
const LABELS_MAX = 65_536;

/** Collects rows into columns, ascending in time; rows of equal time keep the file's order. */
export class RowBuffer {
  private readonly timeMs: number[] = [];
  private readonly inputTokens: number[] = [];
  private readonly outputTokens: number[] = [];
  private readonly maxTokens: number[] = [];
  private readonly prefixTokens: number[] = [];
  private readonly prefixId: number[] = [];
  private readonly classes = new Labels();
  private readonly origins = new Labels();

  private readonly source: string;

  constructor(source: string) {
    this.source = source;
  }

  add(row: RecordedRow, place: RowPlace): void {
    this.timeMs.push(row.timeMs);
    this.inputTokens.push(row.inputTokens);
    this.outputTokens.push(row.outputTokens);
    if (row.maxTokens !== undefined) this.maxTokens.push(row.maxTokens);
    if (row.prefixTokens !== undefined) this.prefixTokens.push(row.prefixTokens);
    if (row.prefixId !== undefined) this.prefixId.push(row.prefixId);
    if (row.className !== undefined) this.classes.add(row.className, place);
    if (row.originName !== undefined) this.origins.add(row.originName, place);
  }

  /**
   * @param times makes ms of the rows' times, which it gets in ascending order
   * @throws MeridianError TRACE_EMPTY if there is no row
   */
  finish(times?: { settle(read: Float64Array): Float64Array }): RecordedColumns {
    const rows = this.timeMs.length;
    if (rows === 0) {
      throw new MeridianError("data", {
        code: "TRACE_EMPTY",
        where: this.source,
        what: "the recording has no requests",
        fix: "a trace needs at least one row below its header",
      });
    }
    const order = this.timeOrder();
    const column = (values: readonly number[]) => Int32Array.from({ length: rows }, (_, i) => values[order(i)]!);
    const labels = (list: Labels) => Uint16Array.from({ length: rows }, (_, i) => list.indices[order(i)]!);
    const arrivalMs = Float64Array.from({ length: rows }, (_, i) => this.timeMs[order(i)]!);
    return {
      arrivalMs: times === undefined ? arrivalMs : times.settle(arrivalMs),
      inputTokens: column(this.inputTokens),
      outputTokens: column(this.outputTokens),
      ...(this.maxTokens.length === rows ? { maxTokens: column(this.maxTokens) } : {}),
      ...(this.prefixTokens.length === rows ? { prefixTokens: column(this.prefixTokens) } : {}),
      ...(this.prefixId.length === rows ? { prefixId: column(this.prefixId) } : {}),
      ...(this.classes.hasNames && this.classes.indices.length === rows
        ? { classIndex: labels(this.classes), classNames: this.classes.names }
        : {}),
      ...(this.origins.hasNames && this.origins.indices.length === rows
        ? { originIndex: labels(this.origins), originNames: this.origins.names }
        : {}),
    };
  }

  private timeOrder(): (i: number) => number {
    const { timeMs } = this;
    const isSorted = timeMs.every((time, i) => i === 0 || time >= timeMs[i - 1]!);
    if (isSorted) return (i) => i;
    const order = timeMs.map((_, i) => i).sort((a, b) => timeMs[a]! - timeMs[b]! || a - b);
    return (i) => order[i]!;
  }
}

/** Text labels as indices, in order of first appearance. */
class Labels {
  readonly names: string[] = [];
  readonly indices: number[] = [];
  private readonly known = new Map<string, number>();

  /** Whether any row has a label that is not empty. */
  get hasNames(): boolean {
    return this.names.some((name) => name !== "");
  }

  add(name: string, place: RowPlace): void {
    let index = this.known.get(name);
    if (index === undefined) {
      index = this.names.length;
      if (index === LABELS_MAX) {
        throw rowError(place, "TRACE_TOO_MANY_LABELS", `more than ${LABELS_MAX} different labels`, "use fewer classes");
      }
      this.names.push(name);
      this.known.set(name, index);
    }
    this.indices.push(index);
  }
}
