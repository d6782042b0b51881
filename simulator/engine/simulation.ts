/** One run of one strategy: the event loop that merges arrivals with events, and what a run hands over at its end. */
import { mix32 } from "../random/keyed-random.ts";
import type { Plan, StrategyPlan } from "../scenario/plan.ts";
import type { Ledger } from "../service/pricing/billing.ts";
import type { QuotaUse } from "../service/quota/token-quota.ts";
import type { Service } from "../service/service.ts";
import type { TrafficChunk } from "../traffic/traffic.ts";
import type { AttemptDraws } from "./attempt-draws.ts";
import { histogramQuantile } from "./histogram.ts";
import type { AttemptWatcher, SimulationObserver } from "./observer.ts";
import { FIELDS, type Recorder } from "./recorder.ts";
import { Requests } from "./requests.ts";
import type { SessionCounts } from "./sessions.ts";

/** With more requests in the system the run is stopped as unstable, before it runs out of memory. */
const IN_SYSTEM_MAX = 3_000_000;
/** The backlog is sampled every 256 requests, so that a run of 2,048 already shows its trend. */
const BACKLOG_EVERY = 256;

/** What a finished run hands over to be summarised. */
export interface SimulationOutput {
  readonly recorder: Recorder;
  readonly ledger: Ledger;
  readonly quotas: readonly QuotaUse[];
  /** Requests in the system, averaged over the counted time. */
  readonly meanInSystem: number;
  readonly inSystemAtEnd: number;
  /** Requests in the system at equal steps of arrivals, those in batch left out: to judge stability. */
  readonly backlog: readonly number[];
  /** The counted time: from the first counted arrival to the last; NaN and 0 where nothing was counted. */
  readonly countedFromMs: number;
  readonly countedToMs: number;
  readonly stoppedEarlyAtMs: number | null;
  /** Left out where no class has sessions. */
  readonly sessions?: SessionCounts;
}

/**
 * One strategy, one replication: an event loop that is fed chunks of traffic and can stop between any two of them.
 * Arrivals are merged with events, never queued. At equal instants: service side, then callers, then arrivals.
 */
export class Simulation {
  declare private readonly plan: Plan;
  declare private readonly requests: Requests;
  declare private readonly service: Service;
  private readonly backlog: number[] = [];
  private nowMs = 0;
  private noted = 0;
  /** When the event was due that `step` processed last, ms. */
  private steppedMs = 0;
  private stoppedAtMs: number | null = null;

  /**
   * @param observer sees every attempt and request end; null costs next to nothing
   * @param watcher  sees counted attempts in their rows
   * @param draws    of the replication, where its strategies share them
   */
  constructor(
    plan: Plan,
    strategy: StrategyPlan,
    seed: number,
    observer: SimulationObserver | null = null,
    watcher: AttemptWatcher | null = null,
    draws?: AttemptDraws,
  ) {
    this.plan = plan;
    this.requests = new Requests(plan, strategy, seed, observer, watcher, draws);
    this.service = this.requests.service;
  }

  /** Takes the run through one chunk of arrivals. Returns false once the run has been stopped as unstable. */
  run(chunk: TrafficChunk): boolean {
    const { requests } = this;
    const { arrivalMs, length } = chunk;
    requests.prepare(chunk);
    for (let from = 0; from < length; ) {
      // With sessions more requests may have arrived meanwhile than rows: then the next row is taken at once.
      const to = Math.min(length, from + Math.max(1, this.noted + BACKLOG_EVERY - requests.seen));
      this.runRows(chunk, from, to);
      if (requests.seen >= this.noted + BACKLOG_EVERY && !this.noteBacklog(arrivalMs[to - 1]!)) return false;
      from = to;
    }
    if (length > 0) this.nowMs = arrivalMs[length - 1]!;
    return true;
  }

  /**
   * After the last chunk: goes on with the sessions that are under way, for about so many requests. Returns false once
   * none is left, or arrivals have ended, or the run has been stopped as unstable.
   */
  goOn(requestsMax: number): boolean {
    const { requests, service } = this;
    const { sessions } = requests;
    if (sessions === null || this.stoppedAtMs !== null) return false;
    const until = requests.seen + requestsMax;
    while (sessions.underWay > 0 && requests.seen < until) {
      const nextMs = Math.min(service.nextMs, requests.nextMs);
      if (nextMs >= this.plan.durationMs || !this.step(nextMs)) return false;
      if (requests.seen >= this.noted + BACKLOG_EVERY && !this.noteBacklog(nextMs)) return false;
    }
    return sessions.underWay > 0;
  }

  /** Whether requests that arrive from now on count. */
  set isCounting(isCounting: boolean) {
    this.requests.isCounting = isCounting;
  }

  /** Requests in the system, those in batch left out. */
  get inSystem(): number {
    const { statistics } = this.requests;
    return statistics.inSystem - statistics.batch.waiting;
  }

  /** Ends the run: lets what is in the system finish within the drain, then counts the rest as in flight. */
  end(): SimulationOutput {
    const { requests, service } = this;
    const { statistics, sessions } = requests;
    while (this.goOn(Number.POSITIVE_INFINITY));
    this.nowMs = this.lastArrivalMs;
    const countedToMs = this.nowMs;
    const meanInSystem = statistics.meanInSystem(countedToMs);
    const inSystemAtEnd = statistics.inSystem - statistics.batch.waiting;
    if (this.stoppedAtMs === null) this.drain(countedToMs + this.plan.drainMs);
    requests.endAll(this.nowMs);
    statistics.recorder.complete();
    return {
      recorder: statistics.recorder,
      ledger: statistics.ledger,
      quotas: service.quotaUse(),
      meanInSystem,
      countedFromMs: statistics.countedFromMs,
      countedToMs,
      inSystemAtEnd,
      backlog: this.backlog,
      stoppedEarlyAtMs: this.stoppedAtMs,
      ...(sessions === null ? {} : { sessions: sessions.counts }),
    };
  }

  /** Requests that have arrived. */
  get seen(): number {
    return this.requests.seen;
  }

  /** When the last request arrived, ms. */
  get lastArrivalMs(): number {
    return Math.max(this.nowMs, this.requests.sessions?.lastArrivalMs || 0);
  }

  /** p95 of the latency of all requests served so far, ms; NaN before the first. */
  p95Ms(): number {
    const { e2e, cells } = this.requests.statistics.recorder;
    const counts = e2e.merged([...Array(cells.length / FIELDS).keys()]);
    const samples = counts.reduce((sum, count) => sum + count, 0);
    return histogramQuantile(counts, 0, samples, 0.95);
  }

  /** Tokens billed so far. */
  get ledger(): Ledger {
    return this.requests.statistics.ledger;
  }

  /** Takes rows `from` to `to` of the traffic, and processes all events due before each. */
  private runRows(chunk: TrafficChunk, from: number, to: number): void {
    const { requests, service } = this;
    const { endpoints } = service;
    const { messages } = requests;
    const { arrivalMs } = chunk;
    for (let row = from; row < to; row++) {
      const untilMs = arrivalMs[row]!;
      for (;;) {
        const endpointMs = endpoints.ms;
        const messageMs = messages.topMs;
        const nextMs = endpointMs <= messageMs ? endpointMs : messageMs;
        if (service.otherMs <= nextMs || requests.otherMs <= nextMs) {
          if (!this.step(untilMs)) break;
        } else if (nextMs > untilMs) break;
        else if (endpointMs <= messageMs) service.advanceEndpoint();
        else requests.advanceMessage();
      }
      requests.arrive(chunk, row);
    }
  }

  /** Processes the next event of any kind; false where none is due by then. */
  private step(untilMs: number): boolean {
    const { requests, service } = this;
    const isOfService = service.nextMs <= requests.nextMs;
    const nextMs = isOfService ? service.nextMs : requests.nextMs;
    if (nextMs > untilMs || nextMs === Number.POSITIVE_INFINITY) return false;
    this.steppedMs = nextMs;
    if (isOfService) service.advance();
    else requests.advance();
    return true;
  }

  private drain(untilMs: number): void {
    while (this.requests.isBusy && this.step(untilMs)) this.nowMs = this.steppedMs;
  }

  private noteBacklog(nowMs: number): boolean {
    const { statistics, seen } = this.requests;
    this.noted = seen;
    this.backlog.push(statistics.inSystem - statistics.batch.waiting);
    if (statistics.inSystem <= IN_SYSTEM_MAX) return true;
    this.nowMs = nowMs;
    this.stoppedAtMs = nowMs;
    return false;
  }
}

/**
 * The seed of a replication: replications differ in nothing else.
 *
 * @param seed        the scenario's, a whole number in [0, 2^53)
 * @param replication 0 for the first
 * @returns a whole number in [0, 2^32)
 */
export function replicationSeed(seed: number, replication: number): number {
  const high = mix32(Math.floor(seed / 2 ** 32));
  return mix32((seed | 0) ^ mix32((replication + 1) ^ high)) >>> 0;
}
