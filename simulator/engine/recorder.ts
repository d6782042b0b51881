/** The counts and histograms of one run, by class and region and by hour. */
import { HOUR_MS } from "../base/time.ts";
import { END, type End, INTERRUPTION, type Interruption } from "../client/request-rules.ts";
import { bucketOf, HistogramSet } from "./histogram.ts";
import { addUp, type HourRecord, Hours, newHour } from "./hours.ts";

const SERVED = END.served;

/** Columns of one group's counts. The first eight are the ends, in the order of `END`. */
const PLACE = {
  sent: 8,
  attempts: 9,
  attemptsThrottled: 10,
  attemptsUnavailable: 11,
  retried: 12,
  waited: 13,
  inputTokens: 14,
  outputTokens: 15,
  withObjective: 16,
  withinObjective: 17,
  residencyViolations: 18,
  /** Of served requests. */
  servedInputTokens: 19,
  /** Given up by their caller after its time limit for an attempt. */
  attemptsTimedOut: 20,
  /** Of the failed, timed out and failed ones: those whose last answer broke off, fell silent, or came empty. */
  broken: 21,
  idle: 22,
  empty: 23,
  attemptsBroken: 24,
  attemptsIdle: 25,
  attemptsEmpty: 26,
} as const;
const WIDTH = 27;
export const FIELD = PLACE;
export const FIELDS = WIDTH;

/** Columns of one (region, hour) cell. */
export const CELL = { attempts: 0, attemptsThrottled: 1, attemptsUnavailable: 2, served: 3 } as const;
const CELL_WIDTH = 4;
export const CELL_FIELDS = CELL_WIDTH;

/** Hours that are kept apart; what arrives later counts in the totals only. */
export const HOURS_MAX = 1080;

/** A request that has ended, and how, in an object that its owner reuses. */
export interface EndedRequest {
  readonly classIndex: number;
  readonly arrivalMs: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly attempts: number;
  readonly attemptsThrottled: number;
  readonly attemptsUnavailable: number;
  readonly attemptsTimedOut: number;
  /** Attempts whose answers broke off, fell silent or came empty, by `INTERRUPTION`; null: none did. */
  readonly interruptions: readonly number[] | null;
  /** How the last attempt failed. */
  readonly lastInterruption: Interruption;
  readonly end: End;
  /** Region that ran it, or the source region of its last attempt; -1 when none was chosen. */
  readonly region: number;
  /** Of a served request, ms since arrival; wait is until the start of the service that succeeded. */
  readonly e2eMs: number;
  readonly ttftMs: number;
  readonly waitMs: number;
  /** Had to queue at the server that served it. */
  readonly hasWaited: boolean;
  readonly hasObjective: boolean;
  readonly isWithinObjective: boolean;
  /** It ran in a region that its class's rule forbids: counted from where it ran, not from what was planned. */
  readonly isViolation: boolean;
}

/**
 * What one run of one strategy counts. Two partitions of the same requests: (class, region) cells and hours of
 * arrival; a group's figures are sums over its cells, and histograms merge by adding.
 *
 * What follows from other counts is filled in by `complete`, not counted on the way: cells and hours, of which only what
 * both have in common is counted; the requests sent, the first attempt of each, the waits of 0.
 */
export class Recorder {
  declare readonly classes: number;
  /** Regions and, last, "none". */
  declare readonly regions: number;
  declare readonly cells: Float64Array;
  declare readonly e2e: HistogramSet;
  /** The same object as `e2e` where no endpoint streams: then the first token is the whole answer. */
  declare readonly ttft: HistogramSet;
  declare readonly wait: HistogramSet;
  /** Counted arrivals by class: what the ends must add up to. */
  declare readonly arrived: Float64Array;
  /** Attempts of counted requests by the region that was called: `region * CELL_WIDTH + field`. */
  declare readonly regionAttempts: Float64Array;
  declare private readonly streams: boolean;
  /** Histograms of latency an hour: one for each class, or one for all where there are many. */
  declare readonly hourSlots: number;
  declare private readonly arrivals: Hours;
  /** By hour: `region * CELL_WIDTH + field`. */
  private readonly regionHours: Float64Array[] = [];
  /** The hour of the latest record; one that no result shows for those that are not kept apart. */
  declare private hour: HourRecord;
  declare private readonly later: HourRecord;
  private hourFromMs = Number.POSITIVE_INFINITY;
  private hourToMs = Number.NEGATIVE_INFINITY;
  private passing: Float64Array | null = null;
  private passingToMs = Number.NEGATIVE_INFINITY;

  /** @param streams false when the first token of every answer is its last */
  constructor(classes: number, regions: number, streams = true) {
    this.classes = classes;
    this.regions = regions + 1;
    this.streams = streams;
    this.arrived = new Float64Array(classes);
    this.regionAttempts = new Float64Array(regions * CELL_WIDTH);
    const groups = classes * this.regions;
    this.cells = new Float64Array(groups * WIDTH);
    this.e2e = new HistogramSet(groups);
    this.ttft = streams ? new HistogramSet(groups) : this.e2e;
    this.wait = new HistogramSet(groups);
    this.hourSlots = classes <= HOUR_CLASSES_MAX ? classes : 1;
    this.arrivals = new Hours(this.cells, WIDTH, this.hourSlots, streams);
    this.later = newHour(WIDTH, this.hourSlots, streams);
    this.later.counts = new Float64Array(this.cells.length);
    this.hour = this.later;
  }

  /** Counts a request that has ended: in its (class, region) cell, in its hour, and its latencies. */
  record(ended: EndedRequest): void {
    const region = ended.region < 0 ? this.regions - 1 : ended.region;
    const group = ended.classIndex * this.regions + region;
    const { arrivalMs, end } = ended;
    if (arrivalMs < this.hourFromMs || arrivalMs >= this.hourToMs) this.turnTo(arrivalMs);
    const { hour } = this;
    addTo(hour.counts, group * WIDTH, ended);
    if (end !== SERVED) return;
    const { e2eMs, waitMs } = ended;
    const e2eBucket = bucketOf(e2eMs);
    this.e2e.record(group, e2eMs, e2eBucket);
    const slot = this.hourSlots === 1 ? 0 : ended.classIndex;
    hour.e2e.record(slot, e2eMs, e2eBucket);
    hour.sumsMs[0]! += e2eMs;
    if (this.streams) {
      const { ttftMs } = ended;
      const ttftBucket = bucketOf(ttftMs);
      this.ttft.record(group, ttftMs, ttftBucket);
      hour.ttft.record(slot, ttftMs, ttftBucket);
      hour.sumsMs[1]! += ttftMs;
    }
    if (waitMs === 0) return;
    const waitBucket = bucketOf(waitMs);
    this.wait.record(group, waitMs, waitBucket);
    hour.wait.record(0, waitMs, waitBucket);
  }

  /** Fills in what follows from the counts; to be called once, after the last record. */
  complete(): void {
    this.arrivals.complete();
    addUp(this.later, this.cells);
    for (let group = 0; group < this.cells.length / WIDTH; group++) {
      complete(this.cells, group * WIDTH);
      this.wait.fillZeros(group, this.cells[group * WIDTH + SERVED]!);
    }
    for (const hour of this.hours) {
      complete(hour.fields, 0);
      hour.wait.fillZeros(0, hour.fields[SERVED]!);
    }
  }

  /**
   * Counts an event of an attempt in its source region's hour. Instants must not decrease.
   *
   * @param isCounted whether its request is past the warm-up
   */
  count(region: number, nowMs: number, field: number, isCounted: boolean): void {
    if (isCounted) this.regionAttempts[region * CELL_WIDTH + field]!++;
    if (nowMs >= this.passingToMs) this.turnPassingTo(nowMs);
    if (this.passing !== null) this.passing[region * CELL_WIDTH + field]!++;
  }

  /** The cells of an hour, indexed `region * CELL_WIDTH + field`; undefined for an hour without attempts. */
  regionHour(hour: number): Float64Array | undefined {
    return this.regionHours[hour];
  }

  /** By hour of arrival. */
  get hours(): readonly HourRecord[] {
    return this.arrivals.all;
  }

  get hoursSeen(): number {
    return Math.max(this.hours.length, this.regionHours.length);
  }

  private turnTo(arrivalMs: number): void {
    const index = Math.floor(arrivalMs / HOUR_MS);
    this.hourFromMs = index * HOUR_MS;
    this.hourToMs = this.hourFromMs + HOUR_MS;
    if (index >= HOURS_MAX) {
      this.hour = this.later;
      return;
    }
    this.hour = this.arrivals.turnTo(index);
  }

  private turnPassingTo(nowMs: number): void {
    const index = Math.floor(nowMs / HOUR_MS);
    this.passingToMs = (index + 1) * HOUR_MS;
    if (index >= HOURS_MAX) {
      this.passing = null;
      return;
    }
    for (let i = this.regionHours.length; i <= index; i++) {
      this.regionHours.push(new Float64Array((this.regions - 1) * CELL_WIDTH));
    }
    this.passing = this.regionHours[index]!;
  }
}

/** Classes whose latency is kept apart hour by hour; of more, it would take too much memory. */
const HOUR_CLASSES_MAX = 8;

/** Counts a request in its hour's counts of its group, which begin at `at`. */
function addTo(counts: Float64Array, at: number, ended: EndedRequest): void {
  const { end, inputTokens, attempts } = ended;
  counts[at + end]!++;
  counts[at + PLACE.inputTokens]! += inputTokens;
  // Whatever was served by its only attempt had none that failed.
  if (attempts !== 1 || end !== SERVED) addAttempts(counts, at, ended);
  if (ended.interruptions !== null) addInterruptions(counts, at, ended);
  if (end === SERVED) {
    counts[at + PLACE.outputTokens]! += ended.outputTokens;
    counts[at + PLACE.servedInputTokens]! += inputTokens;
    if (ended.hasWaited) counts[at + PLACE.waited]!++;
    if (ended.isViolation) counts[at + PLACE.residencyViolations]!++;
  }
  if (ended.hasObjective) {
    counts[at + PLACE.withObjective]!++;
    if (ended.isWithinObjective) counts[at + PLACE.withinObjective]!++;
  }
}

/** Attempts other than one, -1 for a request that was never sent, and those that failed. */
function addAttempts(fields: Float64Array, at: number, ended: EndedRequest): void {
  const { attempts } = ended;
  fields[at + PLACE.attempts]! += attempts - 1;
  if (attempts > 1) fields[at + PLACE.retried]!++;
  fields[at + PLACE.attemptsThrottled]! += ended.attemptsThrottled;
  fields[at + PLACE.attemptsUnavailable]! += ended.attemptsUnavailable;
  fields[at + PLACE.attemptsTimedOut]! += ended.attemptsTimedOut;
}

function addInterruptions(fields: Float64Array, at: number, ended: EndedRequest): void {
  const { interruptions, lastInterruption: last, end } = ended;
  for (let kind = INTERRUPTION.broken; kind <= INTERRUPTION.empty; kind++) {
    fields[at + PLACE.attemptsBroken + kind - 1]! += interruptions![kind]!;
  }
  if (last !== INTERRUPTION.none && (end === END.failed || end === END.timedOut))
    fields[at + PLACE.broken + last - 1]!++;
}

function complete(fields: Float64Array, at: number): void {
  let sent = 0;
  for (let end = 0; end < PLACE.sent; end++) sent += fields[at + end]!;
  fields[at + PLACE.sent] = sent;
  fields[at + PLACE.attempts]! += sent;
}
