import { END, type End } from "../client/request-rules.ts";
import { CELL, type EndedRequest } from "../metrics/recorder.ts";
import type { ClassPlan, Plan } from "../scenario/plan.ts";
import { ATTEMPT, ATTEMPT_FLOAT, ATTEMPT_FLOATS, ATTEMPT_INTS } from "../world/attempt-table.ts";
import { CACHE_READ, CACHE_WRITE } from "../world/pricing/prices.ts";
import { OUTCOME, type Outcome } from "../world/world.ts";
import type { Books } from "./books.ts";
import { CALL } from "./call-row.ts";
import type { SlotTable } from "./slot-table.ts";

// A file's own constants are folded into its code; imported ones are looked up at each use (docs/model/performance.md).
const PLACE = ATTEMPT;
const FLOAT = ATTEMPT_FLOAT;
const INTS = ATTEMPT_INTS;
const FLOATS = ATTEMPT_FLOATS;
const IS_COUNTED = CALL.isCounted;
const OK = OUTCOME.ok;
const COLUMN = CELL;
const KIND = { cacheRead: CACHE_READ, cacheWrite: CACHE_WRITE } as const;

/** Writes down in the books what stands in the rows of calls and their attempts. */
export class RowBooks {
  declare private readonly books: Books;
  declare private readonly plan: Plan;
  declare private readonly calls: SlotTable;
  declare private readonly modelCount: number;
  declare private readonly regionOfTarget: Int32Array;
  declare private readonly regionOfEndpoint: Int32Array;
  /** By class. */
  declare private readonly hasObjective: readonly boolean[];
  private readonly entry = newEntry();

  constructor(plan: Plan, books: Books, calls: SlotTable) {
    this.books = books;
    this.plan = plan;
    this.calls = calls;
    this.modelCount = plan.models.length;
    this.regionOfTarget = Int32Array.from(plan.targets, (target) => target.region);
    this.regionOfEndpoint = Int32Array.from(plan.world.endpoints, (endpoint) => endpoint.region);
    this.hasObjective = plan.classes.map(hasObjective);
  }

  /** An attempt leaves for its target, in the price epoch given. */
  sent(call: number, target: number, epoch: number, nowMs: number): void {
    const { ints } = this.calls;
    const at = call * INTS;
    this.books.recorder.count(this.regionOfTarget[target]!, nowMs, COLUMN.attempts);
    if ((ints[at + PLACE.flags]! & IS_COUNTED) === 0) return;
    const route = this.plan.world.routes[target * this.modelCount + ints[at + PLACE.modelIndex]!]!;
    this.books.decided(epoch, route.placements[0]!, ints[at + PLACE.classIndex]!);
  }

  /** The service is done with an attempt: served attempts are billed, whether or not somebody still waits for them. */
  answered(attempt: number, outcome: Outcome, nowMs: number): void {
    const { ints } = this.calls;
    const at = attempt * INTS;
    const region = this.regionOfTarget[ints[at + PLACE.target]!]!;
    if (outcome === OK) {
      if ((ints[ints[at + PLACE.request]! * INTS + PLACE.flags]! & IS_COUNTED) !== 0) this.billRow(attempt);
      this.books.recorder.count(region, nowMs, COLUMN.served);
    } else this.books.failed(region, outcome, nowMs);
  }

  /** @param attempt the serving attempt; -1 unless the request was served */
  ended(call: number, end: End, nowMs: number, attempt: number): void {
    this.books.left(nowMs);
    const { entry } = this;
    const { ints, floats } = this.calls;
    const at = call * INTS;
    if ((ints[at + PLACE.flags]! & IS_COUNTED) === 0) return;
    const classIndex = ints[at + PLACE.classIndex]!;
    const arrivalMs = floats[call * FLOATS + FLOAT.arrivalMs]!;
    const lastTarget = ints[at + PLACE.lastTarget]!;
    entry.classIndex = classIndex;
    entry.arrivalMs = arrivalMs;
    entry.inputTokens = ints[at + PLACE.inputTokens]!;
    entry.outputTokens = ints[at + PLACE.outputTokens]!;
    entry.attempts = ints[at + PLACE.attempts]!;
    entry.attemptsThrottled = ints[at + PLACE.attemptsThrottled]!;
    entry.attemptsUnavailable = ints[at + PLACE.attemptsUnavailable]!;
    entry.end = end;
    entry.hasObjective = this.hasObjective[classIndex]!;
    entry.isWithinObjective = false;
    entry.isViolation = false;
    if (attempt < 0) entry.region = lastTarget < 0 ? -1 : this.regionOfTarget[lastTarget]!;
    else {
      const from = attempt * FLOATS;
      const startedMs = floats[from + FLOAT.startedMs]!;
      const region = this.regionOfEndpoint[ints[attempt * INTS + PLACE.endpoint]!]!;
      const each = this.plan.classes[classIndex]!;
      const e2eMs = nowMs - arrivalMs;
      const ttftMs = e2eMs - (floats[from + FLOAT.endedMs]! - floats[from + FLOAT.firstTokenMs]!);
      entry.region = region;
      entry.e2eMs = e2eMs;
      entry.ttftMs = ttftMs;
      entry.waitMs = startedMs - arrivalMs;
      entry.hasWaited = startedMs > floats[from + FLOAT.offeredMs]!;
      entry.isViolation = each.allowedRegions[region] === 0;
      if (entry.hasObjective) entry.isWithinObjective = e2eMs <= each.sloE2eMs && ttftMs <= each.sloTtftMs;
    }
    this.books.recorder.record(entry, entry);
  }

  private billRow(attempt: number): void {
    const { ints } = this.calls;
    const at = attempt * INTS;
    const read = ints[at + PLACE.cacheReadTokens]!;
    const written = ints[at + PLACE.cacheWriteTokens]!;
    const to = this.books.bill(
      ints[at + PLACE.epoch]!,
      ints[at + PLACE.placement]!,
      ints[at + PLACE.classIndex]!,
      ints[at + PLACE.inputTokens]! - read - written,
      ints[at + PLACE.outputTokens]!,
    );
    if (read > 0) this.books.ledger.tokens[to + KIND.cacheRead]! += read;
    if (written > 0) this.books.ledger.tokens[to + KIND.cacheWrite]! += written;
  }
}

/** Whether a class has a latency that its requests should stay under. */
export function hasObjective({ sloE2eMs, sloTtftMs }: Pick<ClassPlan, "sloE2eMs" | "sloTtftMs">): boolean {
  return Math.min(sloE2eMs, sloTtftMs) < Number.POSITIVE_INFINITY;
}

/** Instants start as NaN, so that the compiler keeps them as doubles from the first one on. */
export function newEntry(): Entry {
  return {
    classIndex: 0,
    arrivalMs: Number.NaN,
    inputTokens: 0,
    outputTokens: 0,
    attempts: 0,
    attemptsThrottled: 0,
    attemptsUnavailable: 0,
    end: END.served,
    region: -1,
    e2eMs: Number.NaN,
    ttftMs: Number.NaN,
    waitMs: Number.NaN,
    hasWaited: false,
    hasObjective: false,
    isWithinObjective: false,
    isViolation: false,
  };
}

type Entry = { -readonly [Field in keyof EndedRequest]: EndedRequest[Field] };
