/** Faults that strike single calls: which calls they strike, and what becomes of an answer that one strikes. */
import { EventHeap } from "../base/event-queue.ts";
import type { SlotTable } from "../base/slot-table.ts";
import { keyedUniform, purposeKey } from "../random/keyed-random.ts";
import { ATTEMPT, ATTEMPT_INTS } from "./attempt-table.ts";
import type { FaultState } from "./fault-state.ts";
import type { ServicePlan, StreamFault } from "./service-plan.ts";

/** A call as these faults match it: plan indices, and the keys of its draws. */
export interface StruckKey {
  /** The region that is called. */
  readonly region: number;
  readonly model: number;
  readonly classIndex: number;
  readonly requestId: number;
  /** 0 for the request's first attempt. */
  readonly ordinal: number;
}

/**
 * The stream faults of a run. The first in the scenario's order that strikes a call decides it. Which calls a share
 * strikes follows from (seed, fault, request, attempt) alone, so strategies, engine and emulator meet the same.
 */
export class StreamFaults {
  declare private readonly faults: FaultState;
  declare private readonly armed: readonly ArmedFault[];

  constructor(plan: ServicePlan, faults: FaultState, seed: number) {
    this.faults = faults;
    this.armed = plan.faults.flatMap((spec, index) =>
      spec.stream === undefined
        ? []
        : [
            {
              index,
              region: spec.region,
              model: spec.model,
              fault: spec.stream,
              key: purposeKey(seed, `stream-faults/${index}`),
              left: spec.stream.times,
            },
          ],
    );
  }

  /** The fault that strikes a call which arrives now, or null; a fault that may strike n calls has one fewer then. */
  strike(call: StruckKey): StreamFault | null {
    for (const each of this.armed) {
      if (each.left <= 0 || !this.matches(each, call)) continue;
      if (each.fault.share < 1 && keyedUniform(each.key, call.requestId, call.ordinal) >= each.fault.share) continue;
      each.left--;
      return each.fault;
    }
    return null;
  }

  private matches({ index, region, model, fault }: ArmedFault, call: StruckKey): boolean {
    return (
      this.faults.isInForce(index) &&
      (region < 0 || region === call.region) &&
      (model < 0 || model === call.model) &&
      (fault.classIndex < 0 || fault.classIndex === call.classIndex)
    );
  }
}

interface ArmedFault {
  /** Its place in the plan. */
  readonly index: number;
  readonly region: number;
  readonly model: number;
  readonly fault: StreamFault;
  readonly key: number;
  left: number;
}

/** An attempt that a fault has struck. */
export interface Struck {
  readonly fault: StreamFault;
  /** Of the whole answer. */
  readonly tokens: number;
  /** When the token after which it stalls was made, ms; NaN before. */
  struckMs: number;
  /** When that will be, where it is known; NaN elsewhere. */
  markMs: number;
}

/**
 * The attempts under way that faults have struck. What ends early has its row say so: as many output tokens as come, so that
 * capacity, quota and bill go by them; `forget` puts the whole answer back.
 */
export class StruckAttempts {
  /** When the next answer stalls whose tokens have set times, ms. */
  nextMs = Number.POSITIVE_INFINITY;
  declare private readonly table: SlotTable;
  private readonly byAttempt = new Map<number, Struck>();
  private readonly fixed = new EventHeap();

  constructor(table: SlotTable) {
    this.table = table;
  }

  get(attempt: number): Struck | undefined {
    return this.byAttempt.get(attempt);
  }

  /** A fault strikes an attempt; an answer of no more than its `afterTokens` is whole. */
  add(attempt: number, fault: StreamFault): void {
    const { ints } = this.table;
    const at = attempt * ATTEMPT_INTS + ATTEMPT.outputTokens;
    const tokens = ints[at]!;
    if (tokens <= fault.afterTokens) return;
    this.byAttempt.set(attempt, { fault, tokens, struckMs: Number.NaN, markMs: Number.NaN });
    if (endsEarly(fault)) ints[at] = fault.effect === "empty" ? 0 : fault.afterTokens;
  }

  /** The token at which an answer stalls; 0 = it does not. */
  markOf(attempt: number): number {
    const fault = this.byAttempt.get(attempt)?.fault;
    return fault === undefined || endsEarly(fault) ? 0 : fault.afterTokens;
  }

  /** Service begins of an attempt whose tokens come evenly between these instants. */
  fixMark(attempt: number, firstTokenMs: number, endMs: number): void {
    const token = this.markOf(attempt);
    const struck = this.byAttempt.get(attempt);
    if (token === 0 || struck === undefined) return;
    struck.markMs = firstTokenMs + ((endMs - firstTokenMs) * (token - 1)) / (struck.tokens - 1);
    this.fixed.push(struck.markMs, attempt);
    this.nextMs = this.fixed.topMs;
  }

  /** The attempt that stalls at `nextMs`; -1 where it has ended before. */
  reachMark(): number {
    const atMs = this.fixed.topMs;
    const attempt = this.fixed.pop();
    this.nextMs = this.fixed.topMs;
    const struck = this.byAttempt.get(attempt);
    return struck?.markMs === atMs && Number.isNaN(struck.struckMs) ? attempt : -1;
  }

  heldBackMs(attempt: number, wholeMs: number): number {
    const struck = this.byAttempt.get(attempt);
    return struck === undefined ? 0 : heldBackMs(struck.fault, struck.tokens, struck.struckMs, wholeMs);
  }

  forget(attempt: number): void {
    const struck = this.byAttempt.get(attempt);
    if (struck === undefined) return;
    this.table.ints[attempt * ATTEMPT_INTS + ATTEMPT.outputTokens] = struck.tokens;
    this.byAttempt.delete(attempt);
  }
}

/** Whether a plan has faults that strike single calls. */
export function hasStreamFaults({ faults }: Pick<ServicePlan, "faults">): boolean {
  return faults.some(({ stream }) => stream !== undefined);
}

/** Whether a struck answer ends at its nth token: what was to come after it is never made. */
export function endsEarly({ effect }: StreamFault): boolean {
  return effect === "error" || effect === "reset" || effect === "empty";
}

/** Time between two bytes of a struck answer that stalls, ms; Infinity = no more come. */
export function gapOf({ effect, lastsMs, gapMs }: StreamFault): number {
  return effect === "drip" ? gapMs : lastsMs;
}

/**
 * How much later than the service made it a struck answer is whole, for its caller.
 *
 * @param tokens    of the whole answer
 * @param struckMs  when its nth token was made, n = `afterTokens`, ms; of a drip only
 * @param wholeMs   when its last token was made, ms
 * @returns ms; Infinity = it never is
 * @example heldBackMs({ effect: "silence", lastsMs: 500 }, 10, NaN, 2_000) // => 500
 * @example heldBackMs({ effect: "drip", afterTokens: 2, gapMs: 300 }, 10, 1_000, 2_000) // => 1_400
 */
export function heldBackMs(
  fault: Pick<StreamFault, "effect"> & Partial<StreamFault>,
  tokens: number,
  struckMs: number,
  wholeMs: number,
): number {
  const { effect, lastsMs = Number.POSITIVE_INFINITY, gapMs = 0, afterTokens = 1 } = fault;
  if (effect === "silence") return lastsMs;
  return effect === "drip" ? Math.max(0, struckMs + (tokens - afterTokens) * gapMs - wholeMs) : 0;
}
