/**
 * Hours of arrival: counts and histograms of each. Hours in which requests still end count by group and hold their
 * histograms as they are; all others are packed, since a run has up to a thousand of them and most of a histogram's buckets
 * stay empty.
 */
import { HistogramSet } from "./histogram.ts";

/** One hour of arrivals. Latencies are by class, or of all where there are many; waits are of all classes. */
export interface HourRecord {
  /** What is counted now, group by group: so each request is counted once. None while the hour is packed. */
  counts: Float64Array;
  /** What was counted before, over all groups. */
  readonly fields: Float64Array;
  /** Of all classes, in the order of time: e2e, and the first token where it is not the last. */
  readonly sumsMs: Float64Array;
  readonly e2e: HistogramSet;
  readonly ttft: HistogramSet;
  readonly wait: HistogramSet;
  /** Hours that had begun when something was recorded in another one after it. */
  leftAt: number;
}

/** The hours of one run. */
export class Hours {
  readonly all: HourRecord[] = [];
  declare private readonly totals: Float64Array;
  declare private readonly fields: number;
  declare private readonly slots: number;
  declare private readonly streams: boolean;
  /** Those that are not packed. */
  private open: HourRecord[] = [];
  private current: HourRecord | null = null;
  /** Arrays of hours that were packed, all zeros, for the next ones. */
  private readonly spares: Uint32Array[] = [];
  private readonly spareCounts: Float64Array[] = [];

  /**
   * @param totals of the run, group by group, as long as an hour's counts: what its hours counted is added here
   * @param fields counts of a group
   * @param slots histograms of latency
   * @param streams false when the first token of every answer is its last
   */
  constructor(totals: Float64Array, fields: number, slots: number, streams: boolean) {
    this.totals = totals;
    this.fields = fields;
    this.slots = slots;
    this.streams = streams;
  }

  /** An hour to record in, until the next one is turned to. Hours before it that nothing arrived in have begun too. */
  turnTo(index: number): HourRecord {
    if (this.current !== null) this.current.leftAt = this.all.length;
    if (index >= this.all.length) this.packIdle();
    while (this.all.length <= index) this.all.push(newHour(this.fields, this.slots, this.streams, true));
    const hour = this.all[index]!;
    if (hour.e2e.isPacked) this.unpack(hour);
    this.current = hour;
    return hour;
  }

  /** Packs the hours that nothing was recorded in since the latest one began. */
  private packIdle(): void {
    const isIdle = ({ leftAt }: HourRecord) => leftAt < this.all.length;
    for (const hour of this.open.filter(isIdle)) {
      this.spareCounts.push(addUp(hour, this.totals));
      hour.counts = NO_COUNTS;
      for (const set of setsOf(hour)) this.spares.push(set.pack());
    }
    this.open = this.open.filter((hour) => !isIdle(hour));
  }

  /** Adds up what the hours that are open have counted. */
  complete(): void {
    for (const hour of this.open) addUp(hour, this.totals);
  }

  private unpack(hour: HourRecord): void {
    hour.counts = this.spareCounts.pop() ?? new Float64Array(this.totals.length);
    for (const set of setsOf(hour)) set.unpack(this.spareOf(set.buckets));
    this.open.push(hour);
  }

  private spareOf(length: number): Uint32Array {
    const at = this.spares.findIndex((spare) => spare.length === length);
    return at < 0 ? new Uint32Array(length) : this.spares.splice(at, 1)[0]!;
  }
}

const NO_COUNTS = new Float64Array(0);

/** Adds an hour's counts to its own fields and to the totals of a run. @returns their array, all zeros */
export function addUp({ counts, fields }: HourRecord, totals: Float64Array): Float64Array {
  for (let at = 0; at < counts.length; at += fields.length) {
    for (let field = 0; field < fields.length; field++) {
      const count = counts[at + field]!;
      totals[at + field]! += count;
      fields[field]! += count;
    }
  }
  return counts.fill(0);
}

/** An hour that counts nothing yet. @param isPacked whether it is not to be recorded in before it is unpacked */
export function newHour(fields: number, slots: number, streams: boolean, isPacked = false): HourRecord {
  const e2e = new HistogramSet(slots, isPacked);
  return {
    counts: NO_COUNTS,
    fields: new Float64Array(fields),
    sumsMs: new Float64Array(2),
    e2e,
    ttft: streams ? new HistogramSet(slots, isPacked) : e2e,
    wait: new HistogramSet(1, isPacked),
    leftAt: 0,
  };
}

function setsOf({ e2e, ttft, wait }: HourRecord): readonly HistogramSet[] {
  return ttft === e2e ? [e2e, wait] : [e2e, ttft, wait];
}
