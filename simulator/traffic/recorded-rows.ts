/** Recorded requests as formats hand them on, and collected into the columns of a recording. */
import { MeridianError } from "../base/errors.ts";
import { Growing, ordered, timeOrder } from "./columns.ts";
import { OUTCOMES, type Outcome, type RowPlace, rowError } from "./row-cells.ts";
import type { RecordedColumns } from "./traffic.ts";

/** A token count that the recording does not tell. */
export const UNKNOWN_TOKENS = -1;

/** One recorded request; what a format does not have is left out in every row. */
export interface RecordedRow {
  /** A number that orders the row among the others; `RecordedTimes` makes ms of it. */
  readonly timeMs: number;
  /** All input tokens, those read from or written to a cache included; UNKNOWN_TOKENS where it is not told. */
  readonly inputTokens: number;
  /** UNKNOWN_TOKENS where it is not told, as for most failed calls. */
  readonly outputTokens: number;
  readonly maxTokens?: number | undefined;
  readonly prefixTokens?: number | undefined;
  readonly prefixId?: number | undefined;
  /** The label that classes select rows by. */
  readonly className?: string | undefined;
  readonly originName?: string | undefined;
  /** As the file names it; ids, profiles and ARNs as they are. */
  readonly model?: string | undefined;
  /** Team, application or customer. */
  readonly tenant?: string | undefined;
  readonly session?: string | undefined;
  /** Who called: the ARN of a role or user. */
  readonly identity?: string | undefined;
  /** Whether the tenant is a tag of the call; false where only its caller's role stands for one. */
  readonly isTagged?: boolean | undefined;
  /** Where the call was sent, and where it ran if that is told. */
  readonly region?: string | undefined;
  readonly processingRegion?: string | undefined;
  readonly requestId?: string | undefined;
  readonly cacheReadTokens?: number | undefined;
  readonly cacheWriteTokens?: number | undefined;
  readonly outcome?: Outcome | undefined;
  /** Time from sending to the end and to the first token, ms; NaN where this call does not tell. */
  readonly e2eMs?: number | undefined;
  readonly ttftMs?: number | undefined;
  /** Network round trip contained in these times, ms. */
  readonly roundTripMs?: number | undefined;
  readonly costUsd?: number | undefined;
}

/** Most rows of one recording: a week of a large service. Beyond, their columns would not fit into memory. */
const ROWS_MAX = 2 ** 25;
/** Most different labels of one kind: what a column of 16-bit indices can hold. */
const LABELS_MAX = 65_536;
const LABEL_LENGTH_MAX = 200;

/** What stands for a row that has none. */
const NONE = {
  maxTokens: 0,
  prefixTokens: 0,
  prefixId: -1,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  e2eMs: Number.NaN,
  ttftMs: Number.NaN,
} as const;

/** Collects rows into columns, ascending in time; rows of equal time keep the file's order. */
export class RowBuffer {
  private readonly timeMs = new Growing(Float64Array);
  private readonly inputTokens = new Growing(Int32Array);
  private readonly outputTokens = new Growing(Int32Array);
  private readonly optional = {
    maxTokens: new Growing(Int32Array),
    prefixTokens: new Growing(Int32Array),
    prefixId: new Growing(Int32Array),
    cacheReadTokens: new Growing(Int32Array),
    cacheWriteTokens: new Growing(Int32Array),
    e2eMs: new Growing(Float64Array),
    ttftMs: new Growing(Float64Array),
  };
  private readonly outcomes = new Growing(Uint16Array);
  private readonly labels = { class: new Labels(), origin: new Labels(), model: new Labels(), tenant: new Labels() };
  private readonly sessions = new Sessions();

  private readonly source: string;
  private readonly rowsMax: number;

  constructor(source: string, rowsMax = ROWS_MAX) {
    this.source = source;
    this.rowsMax = rowsMax;
  }

  get length(): number {
    return this.timeMs.length;
  }

  /** @throws MeridianError TRACE_TOO_LARGE, TRACE_TOO_MANY_LABELS, TRACE_LONG_LABEL */
  add(row: RecordedRow, place: RowPlace): void {
    if (this.timeMs.length === this.rowsMax) {
      const what = `more than ${this.rowsMax.toLocaleString("en-US")} rows`;
      throw rowError(place, "TRACE_TOO_LARGE", what, "cut it into smaller traces");
    }
    // Labels first: they may be refused, and then no column may have the row.
    const { labels, optional } = this;
    const className = labels.class.find(row.className, place);
    const originName = labels.origin.find(row.originName, place);
    const model = labels.model.find(row.model, place);
    const tenant = labels.tenant.find(row.tenant, place);
    const rows = this.timeMs.length;
    this.timeMs.push(row.timeMs);
    this.inputTokens.push(row.inputTokens);
    this.outputTokens.push(row.outputTokens);
    labels.class.put(className, row.className, rows);
    labels.origin.put(originName, row.originName, rows);
    labels.model.put(model, row.model, rows);
    labels.tenant.put(tenant, row.tenant, rows);
    // Each by its name: a loop over names would take several times as long, and there are millions of rows.
    pushAt(optional.maxTokens, rows, row.maxTokens, NONE.maxTokens);
    pushAt(optional.prefixTokens, rows, row.prefixTokens, NONE.prefixTokens);
    pushAt(optional.prefixId, rows, row.prefixId, NONE.prefixId);
    pushAt(optional.cacheReadTokens, rows, row.cacheReadTokens, NONE.cacheReadTokens);
    pushAt(optional.cacheWriteTokens, rows, row.cacheWriteTokens, NONE.cacheWriteTokens);
    pushAt(optional.e2eMs, rows, row.e2eMs, NONE.e2eMs);
    pushAt(optional.ttftMs, rows, row.ttftMs, NONE.ttftMs);
    if (row.outcome !== undefined) pushAt(this.outcomes, rows, OUTCOMES.indexOf(row.outcome), 0);
    if (row.session !== undefined) this.sessions.add(row.session, rows);
  }

  /**
   * @param times makes ms of the rows' times, which it gets in ascending order
   * @throws MeridianError TRACE_EMPTY if there is no row
   */
  finish(times?: {
    settle(read: Float64Array): Float64Array;
    readonly startEpochMs?: number | undefined;
  }): RecordedColumns {
    const rows = this.timeMs.length;
    if (rows === 0) {
      throw new MeridianError("data", {
        code: "TRACE_EMPTY",
        where: this.source,
        what: "the recording has no requests",
        fix: "a trace needs at least one row below its header",
      });
    }
    const asRead = this.timeMs.release(undefined);
    const order = timeOrder(asRead);
    const read = order === undefined ? asRead : ordered(asRead, order);
    const columns: Record<string, unknown> = {
      arrivalMs: times === undefined ? read : times.settle(read),
      inputTokens: this.inputTokens.release(order),
      outputTokens: this.outputTokens.release(order),
    };
    for (const name of Object.keys(NONE) as (keyof typeof NONE)[]) {
      const column = filled<Column>(this.optional[name], rows, NONE[name]);
      if (column !== undefined) columns[name] = column.release(order);
    }
    for (const [name, labels] of Object.entries(this.labels)) {
      const column = labels.whole(rows);
      if (column === undefined) continue;
      columns[`${name}Index`] = column.release(order);
      columns[`${name}Names`] = labels.names;
    }
    const outcome = filled(this.outcomes, rows, 0);
    if (outcome !== undefined) columns.outcome = outcome.release(order);
    const sessionId = filled(this.sessions.ids, rows, -1);
    if (sessionId !== undefined) columns.sessionId = renumbered(sessionId.release(order));
    const start = times?.startEpochMs;
    if (start !== undefined) columns.startEpochMs = start;
    return columns as unknown as RecordedColumns;
  }
}

type Column = Float64Array | Int32Array | Uint16Array;

/** Puts a value, if there is one, at a row; rows before it that had none get `none`. */
function pushAt<C extends Column>(column: Growing<C>, row: number, value: number | undefined, none: number): void {
  if (value === undefined) return;
  while (column.length < row) column.push(none);
  column.push(value);
}

/** The column for all rows, or undefined where no row had a value. */
function filled<C extends Column>(column: Growing<C>, rows: number, none: number): Growing<C> | undefined {
  if (column.length === 0) return undefined;
  while (column.length < rows) column.push(none);
  return column;
}

/** Numbers in order of first appearance; -1 stays. */
function renumbered(ids: Int32Array): Int32Array {
  const known = new Map<number, number>();
  return ids.map((id) => {
    if (id < 0) return id;
    const number = known.get(id) ?? known.size;
    known.set(id, number);
    return number;
  });
}

/** Text labels as indices, in order of first appearance. */
class Labels {
  readonly names: string[] = [];
  private readonly indices = new Growing(Uint16Array);
  private readonly known = new Map<string, number>();

  /** The index of a label that is known; -1 for a new one, if there may be one more. */
  find(name: string | undefined, place: RowPlace): number {
    const index = name === undefined ? undefined : this.known.get(name);
    if (index !== undefined || name === undefined) return index ?? -1;
    // One place is kept for rows without a label.
    if (this.names.length >= LABELS_MAX - 1) {
      throw rowError(place, "TRACE_TOO_MANY_LABELS", `more than ${LABELS_MAX} different labels`, "use fewer classes");
    }
    if (name.length > LABEL_LENGTH_MAX) {
      const what = `a label has ${name.length} characters`;
      throw rowError(place, "TRACE_LONG_LABEL", what, `labels have at most ${LABEL_LENGTH_MAX}`);
    }
    return -1;
  }

  /** @param found what `find` gave for the label */
  put(found: number, name: string | undefined, row: number): void {
    if (name === undefined) return;
    const none = this.indices.length < row ? this.indexOf("") : 0;
    pushAt(this.indices, row, found >= 0 ? found : this.indexOf(name), none);
  }

  /** The column for all rows, or undefined where no row has a label that is not empty. */
  whole(rows: number): Growing<Uint16Array> | undefined {
    if (!this.names.some((name) => name !== "")) return undefined;
    return filled(this.indices, rows, this.indices.length < rows ? this.indexOf("") : 0);
  }

  private indexOf(name: string): number {
    let index = this.known.get(name);
    if (index === undefined) {
      index = this.names.length;
      this.names.push(name);
      this.known.set(name, index);
    }
    return index;
  }
}

/** Sessions as numbers in order of first appearance; their names are not kept. */
class Sessions {
  readonly ids = new Growing(Int32Array);
  private readonly known = new Map<string, number>();

  add(name: string, row: number): void {
    const id = name === "" ? -1 : (this.known.get(name) ?? this.known.size);
    if (id >= 0) this.known.set(name, id);
    pushAt(this.ids, row, id, -1);
  }
}
