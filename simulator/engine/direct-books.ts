import { CELL, END, type End } from "../metrics/recorder.ts";
import type { Books } from "./books.ts";
import type { Lane } from "./direct-lanes.ts";
import {
  DIRECT,
  DIRECT_FLAG,
  DIRECT_FLOAT,
  DIRECT_FLOATS,
  DIRECT_RETRIES,
  DIRECT_RETRY,
  DIRECT_WORDS,
  type DirectRows,
} from "./direct-rows.ts";
import { newEntry } from "./row-books.ts";

// A file's own constants are folded into its code; imported ones are looked up at each use (docs/model/performance.md).
const PLACE = DIRECT;
const FLOAT = DIRECT_FLOAT;
const WORDS = DIRECT_WORDS;
const FLOATS = DIRECT_FLOATS;
const RETRY = DIRECT_RETRY;
const RETRIES = DIRECT_RETRIES;
const { isCounted: COUNTED, isAside: ASIDE } = DIRECT_FLAG;
const { attempts: ATTEMPTS, served: SERVED_HERE } = CELL;
const SERVED = END.served;

/** Writes down in the books what stands in the rows of direct calls. */
export class DirectBooks {
  declare private readonly books: Books;
  declare private readonly rows: DirectRows;
  private readonly entry = newEntry();

  constructor(books: Books, rows: DirectRows) {
    this.books = books;
    this.rows = rows;
  }

  /** The call's next attempt leaves on a lane. */
  sent(call: number, lane: Lane, nowMs: number): void {
    const { words } = this.rows;
    const at = call * WORDS;
    this.books.recorder.count(lane.region, nowMs, ATTEMPTS);
    if ((words[at + PLACE.flags]! & COUNTED) === 0) return;
    this.books.decided(words[at + PLACE.epoch]!, lane.placement, lane.classIndex);
  }

  /** The call has been served on its lane. */
  served(call: number, lane: Lane, nowMs: number): void {
    const { books, entry } = this;
    const { floats, words } = this.rows;
    const at = call * WORDS;
    const from = call * FLOATS;
    books.recorder.count(lane.region, nowMs, SERVED_HERE);
    books.left(nowMs);
    if ((words[at + PLACE.flags]! & COUNTED) === 0) return;
    const inputTokens = words[at + PLACE.inputTokens]!;
    const outputTokens = words[at + PLACE.outputTokens]!;
    books.bill(words[at + PLACE.epoch]!, lane.placement, lane.classIndex, inputTokens, outputTokens);
    const arrivalMs = floats[from + FLOAT.arrivalMs]!;
    const startedMs = floats[from + FLOAT.workOrStartMs]!;
    const e2eMs = nowMs - arrivalMs;
    this.describe(call, SERVED, lane.destination);
    entry.e2eMs = e2eMs;
    entry.ttftMs = e2eMs;
    entry.waitMs = startedMs - arrivalMs;
    entry.hasWaited = startedMs > floats[from + FLOAT.sentMs]!;
    entry.hasObjective = lane.hasObjective;
    entry.isWithinObjective = lane.hasObjective && e2eMs <= lane.sloE2eMs && e2eMs <= lane.sloTtftMs;
    entry.isViolation = lane.isViolation;
    books.recorder.record(entry, entry);
  }

  /** The call has ended otherwise. @param region of its last attempt; -1 if there was none */
  ended(call: number, end: End, region: number, hasObjective: boolean, nowMs: number): void {
    const { books, entry } = this;
    books.left(nowMs);
    if ((this.rows.words[call * WORDS + PLACE.flags]! & COUNTED) === 0) return;
    this.describe(call, end, region);
    entry.hasObjective = hasObjective;
    entry.isWithinObjective = false;
    entry.isViolation = false;
    books.recorder.record(entry, entry);
  }

  private describe(call: number, end: End, region: number): void {
    const { entry } = this;
    const { floats, words, retries } = this.rows;
    const at = call * WORDS;
    const aside = call * RETRIES;
    const isAside = (words[at + PLACE.flags]! & ASIDE) !== 0;
    entry.classIndex = words[at + PLACE.classIndex]!;
    entry.arrivalMs = floats[call * FLOATS + FLOAT.arrivalMs]!;
    entry.inputTokens = words[at + PLACE.inputTokens]!;
    entry.outputTokens = words[at + PLACE.outputTokens]!;
    entry.attempts = words[at + PLACE.attempts]!;
    entry.attemptsThrottled = isAside ? retries[aside + RETRY.attemptsThrottled]! : 0;
    entry.attemptsUnavailable = isAside ? retries[aside + RETRY.attemptsUnavailable]! : 0;
    entry.end = end;
    entry.region = region;
  }
}
