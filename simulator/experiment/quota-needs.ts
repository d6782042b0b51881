/**
 * What the calls of one run ask of each quota, set or not: tokens and calls a minute, tokens a day, and what other settings of
 * max_tokens would ask; collected while it runs, summed up at its end.
 */
import type { SlotTable } from "../base/slot-table.ts";
import type { AttemptWatcher } from "../engine/observer.ts";
import type { Plan } from "../scenario/plan.ts";
import { ATTEMPT, ATTEMPT_FLOAT, ATTEMPT_FLOATS, ATTEMPT_INTS } from "../service/attempt-table.ts";
import type { Tokens } from "../service/quota/quota-replay.ts";
import { type QuotaSpec, TokenQuota } from "../service/quota/token-quota.ts";
import { OUTCOME } from "../service/service.ts";
import { CALLS_MAX, KeptCalls } from "./kept-calls.ts";
import { needOf } from "./quota-figures.ts";
import type { QuotaNeed } from "./result.ts";

// A file's own constants are folded into its code; imported ones are looked up at each use (docs/model/performance.md).
const PLACE = ATTEMPT;
const FLOAT = ATTEMPT_FLOAT;
const INTS = ATTEMPT_INTS;
const FLOATS = ATTEMPT_FLOATS;
const OK = OUTCOME.ok;

/** What is known of the calls of one quota, or of one region, model and route without one. */
interface Calls {
  readonly id: string;
  /** Which of the run's, in the order in which they were asked first. */
  readonly index: number;
  /** Plan indices. */
  readonly region: number;
  readonly model: number;
  readonly spec: QuotaSpec | null;
  readonly counts: TokenQuota;
  /** By class. */
  readonly outputs: readonly AnswerLengths[];
  busyMs: number;
  served: number;
}

/** A call that was not served, and comes again. */
interface Unserved {
  readonly calls: Calls;
  readonly call: number;
  /** A later attempt of it is under way. */
  isTriedAgain: boolean;
  /** The request's call that was not served before. */
  readonly earlier: Unserved | undefined;
}

/** Stands for the number of a call that is not kept. */
const NOT_KEPT = -1;

/** Watches the attempts of a run, in the rows of the engine's table. */
export class QuotaNeeds implements AttemptWatcher {
  declare private readonly plan: Plan;
  declare private readonly kept: KeptCalls;
  declare private readonly reserve: Tokens;
  declare private readonly settle: Tokens;
  private readonly calls = new Map<string, Calls>();
  /** By target, model and class: a name made for every attempt would cost more than the counting. Null: not counted. */
  private readonly places: (Calls | null | undefined)[] = [];
  /** By slot of an attempt: its call. */
  private callOfSlot = new Int32Array(0);
  /** By request: the calls that were not served, the last first. */
  private readonly unserved = new Map<number, Unserved>();
  /** Calls that a later attempt has settled. */
  private readonly late: number[] = [];
  private left = 0;
  /** Attempts under way of calls that are kept. */
  private underWay = 0;
  /** All calls that are kept have come to their ends; more are not kept. */
  private over = false;
  private asked: readonly Calls[] | null = null;
  private found: readonly QuotaNeed[] | null = null;

  declare private readonly isDetailed: boolean;
  declare private readonly callsMax: number;

  /**
   * @param isDetailed also count what only a plan asks for: see `quotaDetail`
   * @param callsMax   calls that are kept at most
   */
  constructor(plan: Plan, isDetailed = false, callsMax = CALLS_MAX) {
    this.plan = plan;
    this.isDetailed = isDetailed;
    this.callsMax = Math.min(callsMax, CALLS_MAX);
    this.kept = KeptCalls.take();
    const { reserve, settle } = this.kept.tokens(asksForWholeTokens(plan));
    this.reserve = reserve;
    this.settle = settle;
  }

  /** A throttled call that comes again to the same quota is one call: its later attempts only settle it. */
  onSent({ ints, floats, capacity }: SlotTable, attempt: number): void {
    if (capacity > this.callOfSlot.length) this.grow(capacity);
    const at = attempt * INTS;
    const calls = this.callsOf(ints, at);
    if (calls === null) return;
    if (ints[at + PLACE.ordinal]! > 0 && !this.over) {
      const before = this.unservedOf(ints[at + PLACE.requestId]!, calls);
      if (before !== undefined) {
        before.isTriedAgain = true;
        this.callOfSlot[attempt] = before.call;
        this.underWay++;
        return;
      }
    }
    if (ints[at + PLACE.inputTokens]! > (this.plan.world.contextTokens?.[calls.model] ?? Number.POSITIVE_INFINITY)) {
      // Answered 400 before any quota is asked.
      this.callOfSlot[attempt] = NOT_KEPT;
      return;
    }
    if (this.isFull) {
      this.left++;
      this.callOfSlot[attempt] = NOT_KEPT;
      return;
    }
    const { kept } = this;
    const call = kept.length++;
    this.callOfSlot[attempt] = call;
    this.underWay++;
    kept.atMs[call] = floats[attempt * FLOATS + FLOAT.sentMs]!;
    kept.settledAtMs[call] = Number.NaN;
    kept.quota[call] = calls.index;
    kept.classIndex[call] = ints[at + PLACE.classIndex]!;
    kept.maxTokens[call] = ints[at + PLACE.maxTokens]!;
    this.writeTokens(calls, call, ints, at, 0);
    calls.outputs[ints[at + PLACE.classIndex]!]!.count(ints[at + PLACE.outputTokens]!, ints[at + PLACE.maxTokens]!);
  }

  onAttempt({ ints, floats }: SlotTable, attempt: number): void {
    if (this.over) return;
    const at = attempt * INTS;
    const calls = this.callsOf(ints, at);
    if (calls === null) return;
    const call = this.callOfSlot[attempt]!;
    if (call === NOT_KEPT) return;
    const from = attempt * FLOATS;
    const sentMs = floats[from + FLOAT.sentMs]!;
    const endedMs = floats[from + FLOAT.endedMs]!;
    const isServed = ints[at + PLACE.outcome] === OK;
    if (isServed) {
      calls.busyMs += endedMs - sentMs;
      calls.served++;
    }
    this.underWay--;
    const { kept } = this;
    if (kept.atMs[call] !== sentMs) this.settleLater(call, isServed ? endedMs - sentMs : Number.NaN, ints, at);
    else {
      // What the cache held is known now.
      this.writeTokens(calls, call, ints, at, ints[at + PLACE.cacheReadTokens]!);
      if (isServed) {
        kept.settledAtMs[call] = endedMs;
        kept.served[kept.servedLength++] = call;
      } else {
        const request = ints[at + PLACE.requestId]!;
        this.unserved.set(request, { calls, call, isTriedAgain: false, earlier: this.unserved.get(request) });
      }
    }
    if (this.underWay === 0 && this.isFull) this.endIfSettled();
  }

  onRequest({ ints }: SlotTable, request: number): void {
    if (this.unserved.size === 0) return;
    this.unserved.delete(ints[request * INTS + PLACE.requestId]!);
    if (this.underWay === 0 && this.isFull) this.endIfSettled();
  }

  /** Whether `sumUp` may be called before the run's end. */
  get isOver(): boolean {
    return this.over;
  }

  /**
   * One entry for each quota that was asked, in the order in which the scenario has regions and models. To be called at the
   * run's end: the calls are kept no longer.
   */
  needs(): readonly QuotaNeed[] {
    this.sumUp();
    return this.found!.map((need) => ({ ...need, callsLeftOut: this.left }));
  }

  /** Works the needs out and gives back the memory of the calls: at the run's end, or before it when they are over. */
  sumUp(): void {
    this.found ??= this.summedUp();
  }

  private get isFull(): boolean {
    return this.over || this.kept.length >= this.callsMax;
  }

  private endIfSettled(): void {
    if (this.unserved.size > 0) return;
    this.over = true;
    // Of the quotas that are asked later, no call is kept.
    this.asked = [...this.calls.values()];
  }

  private summedUp(): readonly QuotaNeed[] {
    const all = [...(this.asked ?? this.calls.values())];
    const { kept, reserve, settle } = this;
    const { atMs, settledAtMs } = kept;
    // Calls that were not served settle after the mean time of those that were.
    const meanMs = all.map(({ busyMs, served }) => (served === 0 ? 0 : busyMs / served));
    const callsOf = kept.sortByQuota(all.length, this.late, (quota) => meanMs[quota]!);
    const needs = all
      .sort((a, b) => a.region - b.region || a.model - b.model || (a.id < b.id ? -1 : 1))
      .map((of) => {
        const demand = { ...callsOf(of.index), atMs, settledAtMs, reserve, settle };
        const caps = of.outputs.map((lengths) => lengths.cap());
        return needOf(this.plan, { ...of, demand, kept, caps }, { left: this.left, isDetailed: this.isDetailed });
      });
    kept.giveBack();
    return needs;
  }

  /** The call that an attempt of a request tries again: other quotas may have refused it in between. */
  private unservedOf(request: number, calls: Calls): Unserved | undefined {
    let before = this.unserved.get(request);
    while (before !== undefined && !this.awaitsAttempt(before, calls)) before = before.earlier;
    return before;
  }

  private awaitsAttempt({ calls, call, isTriedAgain }: Unserved, of: Calls): boolean {
    return calls === of && !isTriedAgain && Number.isNaN(this.kept.settledAtMs[call]!);
  }

  private settleLater(call: number, tookMs: number, ints: Int32Array, at: number): void {
    const { kept } = this;
    if (Number.isNaN(tookMs)) {
      let before = this.unserved.get(ints[at + PLACE.requestId]!);
      while (before !== undefined && before.call !== call) before = before.earlier;
      if (before !== undefined) before.isTriedAgain = false;
      return;
    }
    kept.settledAtMs[call] = kept.atMs[call]! + tookMs;
    this.late.push(call);
  }

  /** @param cacheReadTokens of the input */
  private writeTokens({ counts }: Calls, call: number, ints: Int32Array, at: number, cacheReadTokens: number): void {
    const input = ints[at + PLACE.inputTokens]!;
    this.reserve[call] = counts.reservation(input, cacheReadTokens, ints[at + PLACE.maxTokens]!);
    this.settle[call] = counts.settlement(input, cacheReadTokens, ints[at + PLACE.outputTokens]!);
  }

  private grow(slots: number): void {
    const calls = new Int32Array(slots);
    calls.set(this.callOfSlot);
    this.callOfSlot = calls;
  }

  /** Those that an attempt belongs to; null where they are not counted. */
  private callsOf(ints: Int32Array, at: number): Calls | null {
    const { models, classes } = this.plan;
    const [target, model, classIndex] = [
      ints[at + PLACE.target]!,
      ints[at + PLACE.modelIndex]!,
      ints[at + PLACE.classIndex]!,
    ];
    const place = (target * models.length + model) * classes.length + classIndex;
    const known = this.places[place];
    if (known !== undefined) return known;
    const calls = this.findCalls(target, model, classIndex);
    this.places[place] = calls;
    return calls;
  }

  private findCalls(target: number, model: number, classIndex: number): Calls | null {
    const { plan } = this;
    const { isAsync, route, region } = plan.targets[target]!;
    if (isAsync || route === "provisioned" || route === "batch") return null;
    const of = plan.world.routes[target * plan.models.length + model];
    if ((of?.reservation ?? -1) >= 0) return null;
    const quota = of?.quotas[plan.world.accountOfClass[classIndex]!] ?? -1;
    const spec = quota < 0 ? null : plan.world.quotas[quota]!;
    const id = spec?.id ?? `${plan.regionNames[region]}/${plan.models[model]!.name}/${route}`;
    const known = this.calls.get(id);
    if (known !== undefined) return known;
    const { burndown } = plan.models[model]!;
    const counts = new TokenQuota(spec ?? { ...WITHOUT, id, region, model, burndown }, 0);
    const place = { region: spec?.region ?? region, model: spec?.model ?? model };
    const outputs = plan.classes.map(() => new AnswerLengths());
    const calls = { id, index: this.calls.size, ...place, spec, counts, outputs, busyMs: 0, served: 0 };
    this.calls.set(id, calls);
    return calls;
  }
}

const WITHOUT = {
  tokensPerMinute: null,
  tokensPerDay: null,
  requests: null,
  reservesCacheReads: false,
  reservesWeightedOutput: false,
  retryAfterMs: Number.NaN,
};

/** How many answers have each number of tokens, and the largest max_tokens that was asked for. */
class AnswerLengths {
  private answers = 0;
  private maxTokens = 0;
  private counts = new Int32Array(1024);

  count(tokens: number, maxTokens: number): void {
    if (maxTokens > this.maxTokens) this.maxTokens = maxTokens;
    if (tokens >= this.counts.length) {
      const counts = new Int32Array(2 * tokens);
      counts.set(this.counts);
      this.counts = counts;
    }
    this.counts[tokens]!++;
    this.answers++;
  }

  /** What 99 % of the answers stay within, two digits, up, but no more than was asked for; null where there was none. */
  cap(): number | null {
    if (this.answers === 0) return null;
    let p99 = 0;
    for (let below = this.counts[0]!; below < Math.ceil(0.99 * this.answers); below += this.counts[p99]!) p99++;
    const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, p99))) - 1);
    return Math.min(this.maxTokens, Math.ceil(p99 / unit) * unit);
  }
}

/** Whether what calls reserve and settle to are whole numbers. */
function asksForWholeTokens({ models, world }: Plan): boolean {
  return [...models, ...world.quotas].every(({ burndown }) => Number.isInteger(burndown));
}
