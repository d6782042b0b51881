/**
 * What the calls of one run ask of each quota, set or not: tokens and calls a minute, tokens a day, and what other settings of
 * max_tokens would ask; collected while it runs, summed up at its end.
 */
import type { SlotTable } from "../base/slot-table.ts";
import { DAY_MS, MINUTE_MS } from "../base/time.ts";
import type { AttemptWatcher } from "../engine/observer.ts";
import type { Plan } from "../scenario/plan.ts";
import { ATTEMPT, ATTEMPT_FLOAT, ATTEMPT_FLOATS, ATTEMPT_INTS } from "../service/attempt-table.ts";
import { METER_LAWS, QuotaReplay } from "../service/quota/quota-need.ts";
import { endsOf, placesOf, type QuotaDemand } from "../service/quota/quota-replay.ts";
import { type QuotaSpec, TokenQuota } from "../service/quota/token-quota.ts";
import { OUTCOME } from "../service/service.ts";
import { CallColumns, type CallPlace } from "./call-columns.ts";
import type { QuotaNeed } from "./result.ts";
import type { QuotaNeedDetail } from "./result-detail.ts";

// A file's own constants are folded into its code; imported ones are looked up at each use (docs/model/performance.md).
const PLACE = ATTEMPT;
const FLOAT = ATTEMPT_FLOAT;
const INTS = ATTEMPT_INTS;
const FLOATS = ATTEMPT_FLOATS;
const OK = OUTCOME.ok;

/** Share of the calls that the recommended limit may throttle. */
export const THROTTLED_SHARE_MAX = 0.01;
/** Calls that are kept of a run: what comes later is left out, and the result says so. */
const CALLS_MAX = 1_500_000;

/** The calls of one quota, or of one region, model and route without one. */
interface Calls {
  readonly id: string;
  /** Plan indices. */
  readonly region: number;
  readonly model: number;
  readonly spec: QuotaSpec | null;
  readonly counts: TokenQuota;
  readonly columns: CallColumns;
  busyMs: number;
  served: number;
}

/** Watches the attempts of a run, in the rows of the engine's table. */
export class QuotaNeeds implements AttemptWatcher {
  declare private readonly plan: Plan;
  private readonly calls = new Map<string, Calls>();
  /** By target, model and class: a name made for every attempt would cost more than the counting. Null: not counted. */
  private readonly places: (Calls | null | undefined)[] = [];
  /** By request that was not served yet: the calls that it was last counted with, and its place there. */
  private readonly last = new Map<number, { readonly calls: Calls; readonly place: CallPlace }>();
  private kept = 0;
  private left = 0;

  declare private readonly isDetailed: boolean;

  /** @param isDetailed also count what only a plan asks for: see `quotaDetail` */
  constructor(plan: Plan, isDetailed = false) {
    this.plan = plan;
    this.isDetailed = isDetailed;
  }

  onAttempt({ ints, floats }: SlotTable, attempt: number): void {
    const at = attempt * INTS;
    const classIndex = ints[at + PLACE.classIndex]!;
    const place =
      (ints[at + PLACE.target]! * this.plan.models.length + ints[at + PLACE.modelIndex]!) * this.plan.classes.length +
      classIndex;
    let calls = this.places[place];
    if (calls === undefined) {
      calls = this.findCalls(ints[at + PLACE.target]!, ints[at + PLACE.modelIndex]!, classIndex);
      this.places[place] = calls;
    }
    if (calls === null) return;
    const from = attempt * FLOATS;
    const sentMs = floats[from + FLOAT.sentMs]!;
    const isServed = ints[at + PLACE.outcome] === OK;
    const endedMs = isServed ? floats[from + FLOAT.endedMs]! : Number.NaN;
    if (isServed) {
      calls.busyMs += endedMs - sentMs;
      calls.served++;
    }
    const known = ints[at + PLACE.ordinal] === 0 ? undefined : this.last.get(ints[at + PLACE.requestId]!);
    // A throttled call that comes again to the same quota is one call: its later attempts only settle it.
    if (known?.calls === calls) {
      const { block, row } = known.place;
      if (Number.isNaN(block.settledAtMs[row]!)) {
        block.settledAtMs[row] = block.atMs[row]! + endedMs - sentMs;
        return;
      }
    }
    if (this.kept >= CALLS_MAX) {
      this.left++;
      return;
    }
    this.kept++;
    const block = calls.columns.room;
    const row = block.length++;
    if (!isServed) this.last.set(ints[at + PLACE.requestId]!, { calls, place: { block, row } });
    block.atMs[row] = sentMs;
    block.settledAtMs[row] = endedMs;
    block.inputTokens[row] = ints[at + PLACE.inputTokens]!;
    block.cacheReadTokens[row] = ints[at + PLACE.cacheReadTokens]!;
    block.maxTokens[row] = ints[at + PLACE.maxTokens]!;
    block.outputTokens[row] = ints[at + PLACE.outputTokens]!;
    block.classIndex[row] = classIndex;
  }

  onRequest({ ints }: SlotTable, request: number): void {
    if (this.last.size > 0) this.last.delete(ints[request * INTS + PLACE.requestId]!);
  }

  /**
   * One entry for each quota that was asked, in the order in which the scenario has regions and models. To be called once,
   * at the run's end: the calls are kept no longer.
   */
  needs(): readonly QuotaNeed[] {
    return [...this.calls.values()]
      .sort((a, b) => a.region - b.region || a.model - b.model || (a.id < b.id ? -1 : 1))
      .map((calls) => needOf(this.plan, calls, { left: this.left, isDetailed: this.isDetailed }));
  }

  private findCalls(target: number, model: number, classIndex: number): Calls | null {
    const { plan } = this;
    const { isAsync, route, region } = plan.targets[target]!;
    if (isAsync || route === "provisioned" || route === "batch") return null;
    const of = plan.world.routes[target * plan.models.length + model];
    const quota = of?.quotas[plan.world.accountOfClass[classIndex]!] ?? -1;
    const spec = quota < 0 ? null : plan.world.quotas[quota]!;
    const id = spec?.id ?? `${plan.regionNames[region]}/${plan.models[model]!.name}/${route}`;
    const known = this.calls.get(id);
    if (known !== undefined) return known;
    const { burndown } = plan.models[model]!;
    const counts = new TokenQuota(spec ?? { ...WITHOUT, id, region, model, burndown }, 0);
    const place = { region: spec?.region ?? region, model: spec?.model ?? model };
    const calls = { id, ...place, spec, counts, columns: new CallColumns(), busyMs: 0, served: 0 };
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

function needOf(
  plan: Plan,
  calls: Calls,
  { left, isDetailed }: { readonly left: number; readonly isDetailed: boolean },
): QuotaNeed {
  const { spec } = calls;
  const { demand, classIndex, maxTokens, caps } = inOrderOf(plan, calls);
  const replay = new QuotaReplay(demand, plan.startMs);
  // Two laws ask the same of the columns.
  const { tokens: anyReserved, fromMs: anyFromMs } = replay.busiest(demand.reserve, "rolling-window");
  const anySettled = replay.busiest(demand.settle, "rolling-window").tokens;
  const laws = METER_LAWS.map((law) => {
    const clock = law === "clock-window" ? replay.busiest(demand.reserve, law) : null;
    return {
      law,
      busiestReserved: clock?.tokens ?? anyReserved,
      busiestSettled: clock === null ? anySettled : replay.busiest(demand.settle, law).tokens,
      busiestFromMs: clock?.fromMs ?? anyFromMs,
      smallestLimit: Math.ceil(replay.smallestLimit(law, THROTTLED_SHARE_MAX, anyReserved)),
    };
  });
  const clock = laws.find(({ law }) => law === "clock-window")!;
  const busy = replay.callsFrom(clock.busiestFromMs);
  const shares = plan.classes.map((_, c) =>
    busy.reduce((sum, i) => sum + (classIndex[i] === c ? demand.reserve[i]! : 0), 0),
  );
  const capped = demand.reserve.map((reserve, i) => reserve - Math.max(0, maxTokens[i]! - (caps[classIndex[i]!] ?? 0)));
  const minute = spec?.tokensPerMinute ?? null;
  return {
    id: calls.id,
    limitTokensPerMinute: minute === null ? null : (minute.limit * MINUTE_MS) / minute.windowMs,
    law: minute?.law ?? null,
    calls: demand.atMs.length,
    callsLeftOut: left,
    laws,
    byClass: plan.classes.flatMap(({ name }, c) =>
      shares[c]! > 0 ? [{ name, share: shares[c]! / Math.max(1, clock.busiestReserved) }] : [],
    ),
    explicitMaxTokens: {
      byClass: plan.classes.flatMap(({ name }, c) => (caps[c] === null ? [] : [{ name, tokens: caps[c]! }])),
      busiestReserved: replay.busiest(capped, "clock-window").tokens,
    },
    ...(isDetailed ? { detail: quotaDetail(plan, { ...calls, maxTokens, demand, capped }, THROTTLED_SHARE_MAX) } : {}),
  };
}

/** The calls in the order of their beginning. */
interface OrderedCalls {
  readonly demand: QuotaDemand;
  readonly classIndex: Uint16Array;
  readonly maxTokens: Int32Array;
  /** By class: see `capOf`. */
  readonly caps: readonly (number | null)[];
}

/** Takes the calls, column by column, each of which is dropped when what follows from it is known. */
function inOrderOf({ classes }: Plan, calls: Calls): OrderedCalls {
  const { columns } = calls;
  const { places, ...times } = timesOf(calls);
  columns.drop("atMs", "settledAtMs");
  const caps = classes.map((_, c) => capOf(columns, c));
  const tokens = tokensOf(calls, places);
  columns.drop("inputTokens", "cacheReadTokens", "outputTokens");
  const [classIndex, maxTokens] = [columns.inOrder("classIndex", places), columns.inOrder("maxTokens", places)];
  columns.drop("classIndex", "maxTokens");
  return { demand: { ...times, ...tokens }, classIndex, maxTokens, caps };
}

/** Calls that were not served settle after the mean time of those that were. */
function timesOf({ columns, busyMs, served }: Calls) {
  const meanMs = served === 0 ? 0 : busyMs / served;
  for (const { length, atMs, settledAtMs } of columns.blocks)
    for (let i = 0; i < length; i++) if (Number.isNaN(settledAtMs[i]!)) settledAtMs[i] = atMs[i]! + meanMs;
  const places = placesOf(columns.parts("atMs"));
  const ends = endsOf(columns.parts("settledAtMs"), places);
  return { places, ends, atMs: columns.inOrder("atMs", places), settledAtMs: columns.inOrder("settledAtMs", places) };
}

/** What each call reserves and settles to. */
function tokensOf({ columns, counts }: Calls, places: Int32Array) {
  const reserve = new Float64Array(places.length);
  const settle = new Float64Array(places.length);
  let at = 0;
  for (const { length, inputTokens, cacheReadTokens, maxTokens, outputTokens } of columns.blocks) {
    for (let i = 0; i < length; i++) {
      const place = places[at++]!;
      reserve[place] = counts.reservation(inputTokens[i]!, cacheReadTokens[i]!, maxTokens[i]!);
      settle[place] = counts.settlement(inputTokens[i]!, cacheReadTokens[i]!, outputTokens[i]!);
    }
  }
  return { reserve, settle };
}

/** What 99 % of a class's answers stay within, rounded up to two digits; null where it made no call. */
function capOf({ blocks }: CallColumns, c: number): number | null {
  let answers = 0;
  for (const { length, classIndex } of blocks) for (let i = 0; i < length; i++) if (classIndex[i] === c) answers++;
  if (answers === 0) return null;
  const outputs = new Int32Array(answers);
  let to = 0;
  for (const { length, classIndex, outputTokens } of blocks)
    for (let i = 0; i < length; i++) if (classIndex[i] === c) outputs[to++] = outputTokens[i]!;
  outputs.sort();
  const p99 = outputs[Math.min(answers - 1, Math.ceil(0.99 * answers) - 1)]!;
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, p99))) - 1);
  return Math.ceil(p99 / unit) * unit;
}

/** The calls of one quota. */
export interface DetailedCalls {
  readonly demand: QuotaDemand;
  /** What each asked for; the model's largest answer where it asked for nothing. */
  readonly maxTokens: Int32Array;
  /** What each would reserve with explicit max_tokens. */
  readonly capped: Float64Array;
  readonly spec: QuotaSpec | null;
  /** Plan index. */
  readonly model: number;
}

/** @param throttledShareMax share of the calls that a limit may throttle */
export function quotaDetail(plan: Plan, calls: DetailedCalls, throttledShareMax: number): QuotaNeedDetail {
  const { demand, maxTokens, capped, spec, model } = calls;
  const needOf = (reserve: Float64Array) => {
    const replay = new QuotaReplay({ ...demand, reserve }, plan.startMs);
    return {
      busiestReserved: replay.busiest(reserve, "rolling-window").tokens,
      smallestLimit: Math.ceil(replay.smallestLimit("rolling-window", throttledShareMax)),
    };
  };
  const { maxOutputTokens } = plan.models[model]!;
  const weight = spec?.reservesWeightedOutput ? spec.burndown : 1;
  const unset = demand.reserve.map((tokens, i) => tokens + (maxOutputTokens - maxTokens[i]!) * weight);
  const ones = new Float64Array(demand.atMs.length).fill(1);
  return {
    busiestCalls: new QuotaReplay(demand, plan.startMs).busiest(ones, "rolling-window").tokens,
    busiestDay: busiestDayOf(plan, demand),
    unset: needOf(unset),
    explicit: needOf(capped),
  };
}

/** The UTC day that settles most, and which part of it the run covers. */
function busiestDayOf(plan: Plan, { atMs, settle }: QuotaDemand): QuotaNeedDetail["busiestDay"] {
  const days = new Map<number, number>();
  let lastMs = 0;
  atMs.forEach((ms, i) => {
    const day = Math.floor((plan.startMs + ms) / DAY_MS);
    days.set(day, (days.get(day) ?? 0) + settle[i]!);
    lastMs = Math.max(lastMs, ms);
  });
  const endMs = plan.startMs + (Number.isFinite(plan.durationMs) ? plan.durationMs : lastMs);
  let busiest = { settled: 0, coveredShare: 1 };
  for (const [day, settled] of days) {
    const fromMs = Math.max(day * DAY_MS, plan.startMs + plan.arrivalsFromMs);
    const coveredMs = Math.min((day + 1) * DAY_MS, endMs) - fromMs;
    if (settled > busiest.settled) busiest = { settled, coveredShare: Math.max(1, coveredMs) / DAY_MS };
  }
  return busiest;
}
