/** The contract of trace formats, and what they share: checked cells, and rows collected into columns. */
import { MeridianError } from "../base/errors.ts";
import type { TimeUnit } from "../base/instants.ts";
import { Growing, ordered, timeOrder } from "./growing-columns.ts";
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

/** Most rows of one recording: a week of a large service. Beyond, their columns would not fit into memory. */
const ROWS_MAX = 2 ** 25;
/** Most different labels of one kind: what a column of 16-bit indices can hold. */
const LABELS_MAX = 65_536;
const LABEL_LENGTH_MAX = 200;

/** Collects rows into columns, ascending in time; rows of equal time keep the file's order. */
export class RowBuffer {
  private readonly timeMs = new Growing(Float64Array);
  private readonly inputTokens = new Growing(Int32Array);
  private readonly outputTokens = new Growing(Int32Array);
  private readonly maxTokens = new Growing(Int32Array);
  private readonly prefixTokens = new Growing(Int32Array);
  private readonly prefixId = new Growing(Int32Array);
  private readonly classes = new Labels();
  private readonly origins = new Labels();

  private readonly source: string;
  private readonly rowsMax: number;

  constructor(source: string, rowsMax = ROWS_MAX) {
    this.source = source;
    this.rowsMax = rowsMax;
  }

  /** @throws MeridianError TRACE_TOO_LARGE, TRACE_TOO_MANY_LABELS, TRACE_LONG_LABEL */
  add(row: RecordedRow, place: RowPlace): void {
    if (this.timeMs.length === this.rowsMax) {
      const what = `more than ${this.rowsMax.toLocaleString("en-US")} rows`;
      throw rowError(place, "TRACE_TOO_LARGE", what, "cut it into smaller traces");
    }
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
    const order = timeOrder(this.timeMs.whole());
    const column = (values: Growing<Int32Array>) => ordered(values.whole(), order);
    const isWhole = (values: { readonly length: number }) => values.length === rows;
    const arrivalMs = ordered(this.timeMs.whole(), order);
    const { classes, origins } = this;
    return {
      arrivalMs: times === undefined ? arrivalMs : times.settle(arrivalMs),
      inputTokens: column(this.inputTokens),
      outputTokens: column(this.outputTokens),
      ...(isWhole(this.maxTokens) ? { maxTokens: column(this.maxTokens) } : {}),
      ...(isWhole(this.prefixTokens) ? { prefixTokens: column(this.prefixTokens) } : {}),
      ...(isWhole(this.prefixId) ? { prefixId: column(this.prefixId) } : {}),
      ...(classes.hasNames && isWhole(classes.indices)
        ? { classIndex: ordered(classes.indices.whole(), order), classNames: classes.names }
        : {}),
      ...(origins.hasNames && isWhole(origins.indices)
        ? { originIndex: ordered(origins.indices.whole(), order), originNames: origins.names }
        : {}),
    };
  }
}

/** Text labels as indices, in order of first appearance. */
class Labels {
  readonly names: string[] = [];
  readonly indices = new Growing(Uint16Array);
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
      if (name.length > LABEL_LENGTH_MAX) {
        const what = `a label has ${name.length} characters`;
        throw rowError(place, "TRACE_LONG_LABEL", what, `labels have at most ${LABEL_LENGTH_MAX}`);
      }
      this.names.push(name);
      this.known.set(name, index);
    }
    this.indices.push(index);
  }
}
