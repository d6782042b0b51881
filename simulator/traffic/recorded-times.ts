/** The times of a recording's rows: one reader for all formats, of dates, epoch times and times from a start. */
import { epochUnitOf, isEpoch, isNumeric, parseDateTime, type TimeUnit, toMs } from "../base/instants.ts";
import { DAY_MS } from "../base/time.ts";
import { type RowPlace, rowError, shorten } from "./row-cells.ts";

/** A column of times, as its name or its format states it. */
export interface TimeColumn {
  readonly name: string;
  /** Of its numbers; null where nothing states it. */
  readonly unit: TimeUnit | null;
  /** Its format has whole numbers only, so that a fraction means another unit. */
  readonly isWhole?: boolean;
  /** The unit of all its numbers if any of them has a fraction. */
  readonly fractionMeans?: TimeUnit;
}

/** What the first row shows the times to be; all others must be the same. */
type Basis = "dates" | `epoch ${TimeUnit}` | "from the start";

/** Times that count from the recording's start end here: later ones are mistakes. */
const FROM_START_MS_MAX = 3650 * DAY_MS;
/** Dates are kept to 100 ns. */
const TICKS_PER_MS = 1e4;
/** A double holds an epoch time in seconds to about 0.2 µs: no more than whole µs of a difference mean anything. */
const EPOCH_STEPS_PER_MS = 1e3;

/**
 * Reads the times of one recording, row by row in any order. Dates and epoch times count from the earliest row; smaller
 * numbers count from the recording's own start.
 */
export class RecordedTimes {
  /** Given by the scenario; overrides what the column states. */
  private readonly asked: TimeUnit | null;
  private basis: Basis | undefined;
  private first = { epochS: 0, fractionMs: 0 };
  /** What times from a start are multiplied by, once fractions have shown their unit. */
  private factor = 1;
  private least = Number.POSITIVE_INFINITY;
  private leastAt: { readonly column: TimeColumn; readonly place: RowPlace } | undefined;
  /** The instant of the settled times' 0, ms since 1970 UTC; undefined where times count from a start. */
  startEpochMs: number | undefined;
  /** Dates with and without a zone; those without are taken for UTC. */
  zoned = 0;
  zoneless = 0;

  constructor(asked: TimeUnit | null = null) {
    this.asked = asked;
  }

  /**
   * A number that orders the row among the others; `settle` makes ms of it.
   *
   * @throws MeridianError TRACE_BAD_TIME, with `file:line`
   */
  read(value: unknown, column: TimeColumn, place: RowPlace): number {
    if (
      typeof value === "string" &&
      ((value[4] === "-" && value[7] === "-") || (value.trim() !== "" && !isNumeric(value)))
    ) {
      return this.date(value, column, place);
    }
    const number =
      typeof value === "number" || typeof value === "string" ? Number(value === "" ? Number.NaN : value) : Number.NaN;
    if (!Number.isFinite(number) || number < 0) throw badTime(value, column, place, "", NUMBER_FIX);
    const unit = this.asked ?? column.unit ?? epochUnitOf(number);
    if (unit === undefined) throw badTime(value, column, place, ", of no known unit", UNIT_FIX);
    if (isEpoch(number, unit)) {
      if (typeof value === "string" && ROUNDED.test(value)) {
        throw badTime(value, column, place, ", a time that a spreadsheet has rounded", ROUNDED_FIX);
      }
      this.settleBasis(`epoch ${unit}`, value, column, place);
      return number;
    }
    if (toMs(number, unit) > FROM_START_MS_MAX) throw implausible(number, unit, column, place);
    if (column.isWhole === true && this.asked === null && !Number.isInteger(number)) {
      throw badTime(
        value,
        column,
        place,
        `, and this format counts whole ${unit}`,
        "write unit: s (or ms, us) beside the trace's name",
      );
    }
    this.settleBasis("from the start", value, column, place);
    if (column.fractionMeans !== undefined && this.asked === null && !Number.isInteger(number)) {
      this.factor = toMs(1, column.fractionMeans) / toMs(1, unit);
    }
    if (number < this.least) {
      this.least = number;
      this.leastAt = { column, place };
    }
    return toMs(number, unit);
  }

  /**
   * The times in ms since the recording's start, of what `read` gave.
   *
   * @param read ascending, at least one
   * @throws MeridianError TRACE_BAD_TIME where every time is an epoch time of another unit than the column states
   */
  settle(read: Float64Array): Float64Array {
    const { basis } = this;
    if (basis === "from the start") {
      this.checkStart();
      return this.factor === 1 ? read : read.map((time) => time * this.factor);
    }
    const first = read[0]!;
    this.startEpochMs = this.epochMs(first);
    if (basis === "dates") return read.map((ticks) => (ticks - first) / TICKS_PER_MS);
    const unit = basis!.slice("epoch ".length) as TimeUnit;
    return read.map((time) => Math.round(toMs(time - first, unit) * EPOCH_STEPS_PER_MS) / EPOCH_STEPS_PER_MS);
  }

  /** Whether the scenario says the unit. */
  get isAsked(): boolean {
    return this.asked !== null;
  }

  /** The instant of a time that `read` gave, ms since 1970 UTC; undefined where times count from a start. */
  epochMs(read: number): number | undefined {
    if (this.basis === undefined || this.basis === "from the start") return undefined;
    if (this.basis !== "dates")
      return Math.round(toMs(read, this.basis.slice("epoch ".length) as TimeUnit) * 1e3) / 1e3;
    return this.first.epochS * 1000 + this.first.fractionMs + read / TICKS_PER_MS;
  }

  private date(value: string, column: TimeColumn, place: RowPlace): number {
    const instant = parseDateTime(value);
    if (typeof instant === "string")
      throw badTime(value, column, place, instant === NO_DATE ? "" : `, which ${instant}`, DATE_FIX);
    if (value.endsWith("Z") || ZONED.test(value)) this.zoned++;
    else this.zoneless++;
    if (this.basis === undefined) this.first = instant;
    this.settleBasis("dates", value, column, place);
    const { epochS, fractionMs } = this.first;
    return (
      (instant.epochS - epochS) * 1000 * TICKS_PER_MS +
      Math.round(instant.fractionMs * TICKS_PER_MS) -
      Math.round(fractionMs * TICKS_PER_MS)
    );
  }

  private settleBasis(basis: Basis, value: unknown, column: TimeColumn, place: RowPlace): void {
    this.basis ??= basis;
    if (this.basis === basis) return;
    const what = `, ${describe(basis)}, while the rows before have ${describe(this.basis)}`;
    throw badTime(value, column, place, what, "give all rows of a file times of one kind");
  }

  /** A start that is an epoch time in another unit is that more likely than a recording that begins so late. */
  private checkStart(): void {
    const other = this.asked === null ? epochUnitOf(this.least) : undefined;
    if (other !== undefined && this.leastAt !== undefined) {
      const { column, place } = this.leastAt;
      throw implausible(this.least, column.unit!, column, place);
    }
  }
}

const ZONED = /(?:Z|UTC|:\d{2}(?:[.,]\d+)? ?[+-]\d{2}(?::?\d{2})?)\s*$/i;
/** `1.78E+12`: what a spreadsheet saves of an epoch time that it shows so. */
const ROUNDED = /^\s*\d(?:[.,]\d{1,3})?e\+?\d+\s*$/i;
const ROUNDED_FIX = "export it again, or show the column as a number without an exponent before it is saved as CSV";
const NO_DATE = "is not a date and time";
const NUMBER_FIX = "times must be numbers of 0 or more, or dates like 2026-05-04T10:15:00.250Z";
const DATE_FIX =
  "write a date and time like 2026-05-04T10:15:00.250Z, or name the column time_s or time_ms and give numbers";
const UNIT_FIX = "name the column time_s or time_ms, or write unit: s (or ms, us) beside the trace's name";

function describe(basis: Basis): string {
  if (basis === "dates") return "a date and time";
  return basis === "from the start" ? "a time from the start" : `an epoch time in ${basis.slice("epoch ".length)}`;
}

function badTime(value: unknown, column: TimeColumn, place: RowPlace, more: string, fix: string) {
  return rowError(place, "TRACE_BAD_TIME", `${column.name} is ${shorten(value)}${more}`, fix);
}

function implausible(number: number, unit: TimeUnit, column: TimeColumn, place: RowPlace) {
  const days = toMs(number, unit) / DAY_MS;
  const other = epochUnitOf(number);
  const shown = days >= 1e6 ? days.toExponential(1) : days.toPrecision(3);
  const also = other === undefined ? "" : `, but ${new Date(toMs(number, other)).toISOString()} in ${other}`;
  const what = `, in ${unit} ${shown} days after the start${also}`;
  const fix = `say which it is beside the trace's name: unit: ${other ?? "s, ms or us"}${other === undefined ? "" : ` or unit: ${unit}`}`;
  return badTime(number, column, place, what, fix);
}
