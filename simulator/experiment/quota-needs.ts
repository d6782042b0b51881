/** What the calls of one run ask of each quota, set or not: collected while it runs, summed up at its end. */
import { MINUTE_MS } from "../base/time.ts";
import type { ObservedAttempt, ObservedRequest, SimulationObserver } from "../engine/observer.ts";
import type { Plan } from "../scenario/plan.ts";
import { METER_LAWS, type QuotaDemand, QuotaReplay } from "../service/quota/quota-need.ts";
import { type QuotaSpec, TokenQuota } from "../service/quota/token-quota.ts";
import { OUTCOME } from "../service/service.ts";
import type { QuotaNeed } from "./result.ts";

/** Share of the calls that the recommended limit may throttle. */
export const THROTTLED_SHARE_MAX = 0.01;
/** Calls that are kept of a run: what comes later is left out, and the result says so. */
const CALLS_MAX = 1_500_000;

const COLUMNS = ["atMs", "settledAtMs", "reserve", "settle", "classIndex", "maxTokens", "output"] as const;
type Column = (typeof COLUMNS)[number];

/** Rows of numbers that grow: a million calls as plain arrays would take twice the memory of the run. */
class Columns {
  length = 0;
  private readonly of = Object.fromEntries(COLUMNS.map((name) => [name, new Float64Array(64)])) as Record<
    Column,
    Float64Array
  >;

  /** Adds a row of zeros, and returns its index. */
  add(): number {
    if (this.length === this.of.atMs.length) {
      for (const name of COLUMNS) {
        const larger = new Float64Array(2 * this.length);
        larger.set(this.of[name]);
        this.of[name] = larger;
      }
    }
    return this.length++;
  }

  /** Of the rows so far, and of those that will be added until it grows. */
  column(name: Column): Float64Array {
    return this.of[name];
  }

  rows(name: Column): Float64Array {
    return this.of[name].subarray(0, this.length);
  }
}

/** The calls of one quota, or of one region, model and route without one. */
interface Calls {
  readonly id: string;
  /** Plan indices. */
  readonly region: number;
  readonly model: number;
  readonly spec: QuotaSpec | null;
  readonly counts: TokenQuota;
  readonly columns: Columns;
  busyMs: number;
  served: number;
}

/** Watches a run, and passes everything on to another observer where there is one. */
export class QuotaNeeds implements SimulationObserver {
  declare private readonly plan: Plan;
  declare private readonly next: SimulationObserver | null;
  private readonly calls = new Map<string, Calls>();
  /** By target, model and class: a name made for every attempt would cost more than the counting. Null: not counted. */
  private readonly places: (Calls | null | undefined)[] = [];
  /** By request: the calls that it was last counted with, and its row there. */
  private readonly last = new Map<number, { readonly calls: Calls; readonly row: number }>();
  private kept = 0;
  private left = 0;

  constructor(plan: Plan, next: SimulationObserver | null) {
    this.plan = plan;
    this.next = next;
  }

  onAttemptEnd(attempt: ObservedAttempt): void {
    this.next?.onAttemptEnd(attempt);
    const calls = attempt.isCounted ? this.callsOf(attempt) : null;
    if (calls !== null) this.count(calls, attempt);
  }

  onRequestEnd(request: ObservedRequest): void {
    this.next?.onRequestEnd(request);
    this.last.delete(request.requestId);
  }

  onRunEnd(): void {
    this.next?.onRunEnd();
  }

  /** One entry for each quota that was asked, in the order in which the scenario has regions and models. */
  needs(): readonly QuotaNeed[] {
    return [...this.calls.values()]
      .sort((a, b) => a.region - b.region || a.model - b.model || (a.id < b.id ? -1 : 1))
      .map((calls) => needOf(this.plan, calls, this.left));
  }

  /** A throttled call that comes again to the same quota is one call: its later attempts only settle it. */
  private count(calls: Calls, attempt: ObservedAttempt): void {
    const { columns, counts } = calls;
    const isServed = attempt.outcome === OUTCOME.ok;
    const settle = counts.settlement(attempt.inputTokens, attempt.cacheReadTokens, attempt.outputTokens);
    if (isServed) {
      calls.busyMs += attempt.endedMs - attempt.sentMs;
      calls.served++;
    }
    const settledAtMs = isServed ? attempt.endedMs : Number.NaN;
    const known = attempt.ordinal === 0 ? undefined : this.last.get(attempt.requestId);
    if (known?.calls === calls && Number.isNaN(columns.column("settledAtMs")[known.row]!)) {
      const wasMs = columns.column("atMs")[known.row]!;
      columns.column("settledAtMs")[known.row] = isServed ? wasMs + attempt.endedMs - attempt.sentMs : Number.NaN;
      return;
    }
    if (this.kept >= CALLS_MAX) {
      this.left++;
      return;
    }
    this.kept++;
    const row = columns.add();
    if (!isServed) this.last.set(attempt.requestId, { calls, row });
    columns.column("atMs")[row] = attempt.sentMs;
    columns.column("settledAtMs")[row] = settledAtMs;
    columns.column("reserve")[row] = counts.reservation(
      attempt.inputTokens,
      attempt.cacheReadTokens,
      attempt.maxTokens,
    );
    columns.column("settle")[row] = settle;
    columns.column("classIndex")[row] = attempt.classIndex;
    columns.column("maxTokens")[row] = attempt.maxTokens;
    columns.column("output")[row] = attempt.outputTokens;
  }

  private callsOf({ target, model, classIndex }: ObservedAttempt): Calls | null {
    const { plan } = this;
    const place = (target * plan.models.length + model) * plan.classes.length + classIndex;
    const known = this.places[place];
    if (known !== undefined) return known;
    const found = this.findCalls(target, model, classIndex);
    this.places[place] = found;
    return found;
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
    const calls = { id, ...place, spec, counts, columns: new Columns(), busyMs: 0, served: 0 };
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

function needOf(plan: Plan, calls: Calls, left: number): QuotaNeed {
  const { columns, spec } = calls;
  const demand = demandOf(calls);
  const replay = new QuotaReplay(demand, plan.startMs);
  const laws = METER_LAWS.map((law) => {
    const { tokens, fromMs } = replay.busiest(demand.reserve, law);
    return {
      law,
      busiestReserved: tokens,
      busiestSettled: replay.busiest(demand.settle, law).tokens,
      busiestFromMs: fromMs,
      smallestLimit: Math.ceil(replay.smallestLimit(law, THROTTLED_SHARE_MAX)),
    };
  });
  const clock = laws.find(({ law }) => law === "clock-window")!;
  const busy = replay.callsFrom(clock.busiestFromMs);
  const [classOf, maxTokens] = [columns.rows("classIndex"), columns.rows("maxTokens")];
  const shares = plan.classes.map((_, c) =>
    busy.reduce((sum, i) => sum + (classOf[i] === c ? demand.reserve[i]! : 0), 0),
  );
  const caps = plan.classes.map((_, c) => capOf(columns, c));
  const capped = demand.reserve.map((reserve, i) => reserve - Math.max(0, maxTokens[i]! - (caps[classOf[i]!] ?? 0)));
  const minute = spec?.tokensPerMinute ?? null;
  return {
    id: calls.id,
    limitTokensPerMinute: minute === null ? null : (minute.limit * MINUTE_MS) / minute.windowMs,
    law: minute?.law ?? null,
    calls: columns.length,
    callsLeftOut: left,
    laws,
    byClass: plan.classes.flatMap(({ name }, c) =>
      shares[c]! > 0 ? [{ name, share: shares[c]! / Math.max(1, clock.busiestReserved) }] : [],
    ),
    explicitMaxTokens: {
      byClass: plan.classes.flatMap(({ name }, c) => (caps[c] === null ? [] : [{ name, tokens: caps[c]! }])),
      busiestReserved: replay.busiest(capped, "clock-window").tokens,
    },
  };
}

/** Calls that were not served settle after the mean time of those that were. */
function demandOf({ columns, busyMs, served }: Calls): QuotaDemand {
  const atMs = columns.rows("atMs");
  const meanMs = served === 0 ? 0 : busyMs / served;
  return {
    atMs,
    settledAtMs: columns.rows("settledAtMs").map((ms, i) => (Number.isNaN(ms) ? atMs[i]! + meanMs : ms)),
    reserve: columns.rows("reserve"),
    settle: columns.rows("settle"),
  };
}

/** What 99 % of a class's answers stay within, rounded up to two digits; null where it made no call. */
function capOf(columns: Columns, c: number): number | null {
  const classOf = columns.rows("classIndex");
  const outputs = columns
    .rows("output")
    .filter((_, i) => classOf[i] === c)
    .sort();
  if (outputs.length === 0) return null;
  const p99 = outputs[Math.min(outputs.length - 1, Math.ceil(0.99 * outputs.length) - 1)]!;
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, p99))) - 1);
  return Math.ceil(p99 / unit) * unit;
}
