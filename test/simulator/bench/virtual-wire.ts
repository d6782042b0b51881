import { makeReplayPlan, recordSchedule } from "../../../simulator/bench/make-plan.ts";
import { decodeReplayPlan, encodeReplayPlan, type ReplayPlan } from "../../../simulator/bench/plan.ts";
import { ReplayRouter } from "../../../simulator/bench/router.ts";
import type { AttemptAnswer, ReplayIo } from "../../../simulator/bench/router-io.ts";
import { type AttemptRow, type RequestRow, requestOf, type ScheduleRow } from "../../../simulator/bench/rows.ts";
import type { ObservedAttempt, ObservedRequest } from "../../../simulator/engine/observer.ts";
import { replicationSeed, Simulation } from "../../../simulator/engine/simulation.ts";
import type { Plan } from "../../../simulator/scenario/plan.ts";
import {
  ATTEMPT,
  ATTEMPT_FLOAT,
  ATTEMPT_FLOATS,
  ATTEMPT_INTS,
  createAttemptTable,
} from "../../../simulator/service/attempt-table.ts";
import { OUTCOME, type Outcome, Service } from "../../../simulator/service/service.ts";
import { createTraffic } from "../../../simulator/traffic/source.ts";

export interface Replayed {
  readonly attempts: readonly AttemptRow[];
  readonly requests: readonly RequestRow[];
  /** Region that ran each attempt, by "request.attempt". */
  readonly ranIn: ReadonlyMap<string, string>;
}

/** The replay plan of a strategy, after its way through JSON. */
export function replayPlanOf(plan: Plan, strategy: number, schedule: readonly ScheduleRow[]): ReplayPlan {
  const made = makeReplayPlan(
    plan,
    strategy,
    { urlOfRegion: new Map(), operation: "converse-stream", isEmulated: true, roundTripMs: new Map() },
    { requests: schedule.length, lastArrivalMs: schedule.at(-1)![0], drainMs: plan.drainMs },
  );
  return decodeReplayPlan(encodeReplayPlan(made));
}

/**
 * Replays a plan's traffic with replaying routers on an event clock, against the simulator's own world in place of a
 * wire. Only for plans without round trips.
 */
export function replayVirtually(plan: Plan, strategy: number): Replayed {
  const schedule = recordSchedule(plan);
  const replay = replayPlanOf(plan, strategy, schedule);
  const attempts: AttemptRow[] = [];
  const requests: RequestRow[] = [];
  const ranIn = new Map<string, string>();
  const timers = new Timers();
  const table = createAttemptTable();
  const waiting: ((outcome: Outcome, slot: number, nowMs: number) => void)[] = [];
  const world = new Service(plan.world, replay.seed, table, {
    onOutcome: (slot, outcome, nowMs) => {
      waiting[slot]!(outcome, slot, nowMs);
      table.release(slot);
    },
  });
  let nowMs = 0;

  const io: ReplayIo = {
    nowMs: () => nowMs,
    after: (delayMs, callback) => timers.add(nowMs + delayMs, callback),
    send(order, done) {
      const slot = table.allocate();
      const { ints } = table;
      const at = slot * ATTEMPT_INTS;
      const { request } = order;
      const each = plan.classes[request.classIndex]!;
      const maxTokens = request.maxTokens > 0 ? request.maxTokens : plan.models[each.model]!.maxOutputTokens;
      ints[at + ATTEMPT.requestId] = request.requestId;
      ints[at + ATTEMPT.ordinal] = order.ordinal;
      ints[at + ATTEMPT.classIndex] = request.classIndex;
      ints[at + ATTEMPT.modelIndex] = order.model;
      ints[at + ATTEMPT.target] = order.target;
      ints[at + ATTEMPT.inputTokens] = request.inputTokens;
      ints[at + ATTEMPT.outputTokens] = Math.min(request.outputTokens, maxTokens);
      ints[at + ATTEMPT.maxTokens] = maxTokens;
      ints[at + ATTEMPT.prefixTokens] = request.prefixTokens;
      ints[at + ATTEMPT.prefixId] = request.prefixId;
      ints[at + ATTEMPT.queueLevel] = each.queueLevel;
      ints[at + ATTEMPT.endpoint] = -1;
      let isAnswered = false;
      const answer = (part: Partial<AttemptAnswer> & Pick<AttemptAnswer, "kind" | "endedMs">): void => {
        if (isAnswered) return;
        isAnswered = true;
        cancel();
        done({
          isFinal: false,
          ttftMs: Number.NaN,
          retryAfterMs: Number.NaN,
          status: 0,
          serviceRequestId: "",
          error: "",
          usage: null,
          ...part,
        });
      };
      const { timeoutMs } = order;
      const cancel = Number.isFinite(timeoutMs)
        ? timers.add(nowMs + timeoutMs, () => answer({ kind: "timeout", endedMs: nowMs }))
        : () => {};
      waiting[slot] = (outcome, ended, endedMs) => {
        const ok = outcome === OUTCOME.ok;
        const of = ended * ATTEMPT_INTS;
        const firstMs = table.floats[ended * ATTEMPT_FLOATS + ATTEMPT_FLOAT.firstTokenMs]!;
        const read = ints[of + ATTEMPT.cacheReadTokens]!;
        const written = ints[of + ATTEMPT.cacheWriteTokens]!;
        if (ok) {
          const endpoint = plan.world.endpoints[ints[of + ATTEMPT.endpoint]!]!;
          ranIn.set(`${request.requestId}.${order.ordinal}`, plan.regionNames[endpoint.region]!);
        }
        answer({
          kind: KIND[outcome]!,
          // A left queue is not tried again; the wire has no word of its own for it.
          isFinal: outcome === OUTCOME.abandoned,
          endedMs,
          ttftMs: ok ? firstMs - order.sentMs : Number.NaN,
          retryAfterMs: outcome === OUTCOME.throttled ? world.retryAfterMs(ended) : Number.NaN,
          usage: ok ? [request.inputTokens - read - written, ints[of + ATTEMPT.outputTokens]!, read, written] : null,
        });
      };
      world.receive(nowMs, slot);
    },
    attemptEnded: (row) => attempts.push(row),
    requestEnded: (row) => requests.push(row),
  };
  const routers = Array.from({ length: replay.routers }, () => new ReplayRouter(replay, io));
  const advanceTo = (ms: number): void => {
    while (Math.min(world.nextMs, timers.nextMs) <= ms) {
      nowMs = Math.min(world.nextMs, timers.nextMs);
      if (world.nextMs <= nowMs) world.advance();
      else timers.run();
    }
    nowMs = ms;
  };
  schedule.forEach((row, i) => {
    advanceTo(row[0]);
    routers[i % routers.length]!.start(requestOf(row, i));
  });
  const endMs = nowMs + plan.drainMs;
  while (routers.some((router) => !router.isIdle) && Math.min(world.nextMs, timers.nextMs) <= endMs) {
    advanceTo(Math.min(world.nextMs, timers.nextMs));
  }
  for (const router of routers) router.cutOff();
  return { attempts, requests, ranIn };
}

const KIND = ["ok", "throttled", "unavailable", "error", "unavailable", "timeout", "error", "error", "error"] as const;

/** Callbacks in order of time, equal instants in order of being asked for. */
class Timers {
  private readonly list: { ms: number; callback: () => void }[] = [];

  get nextMs(): number {
    return this.list[0]?.ms ?? Number.POSITIVE_INFINITY;
  }

  add(ms: number, callback: () => void): () => void {
    const entry = { ms, callback };
    const at = this.list.findIndex((other) => other.ms > ms);
    this.list.splice(at < 0 ? this.list.length : at, 0, entry);
    return () => {
      const index = this.list.indexOf(entry);
      if (index >= 0) this.list.splice(index, 1);
    };
  }

  run(): void {
    this.list.shift()!.callback();
  }
}

/** What the simulator itself makes of a strategy on the same traffic. */
export function simulateObserved(plan: Plan, strategy: number) {
  const attempts: ObservedAttempt[] = [];
  const requests: ObservedRequest[] = [];
  const simulation = new Simulation(plan, plan.strategies[strategy]!, replicationSeed(plan.seed, 0), {
    onAttemptEnd: (attempt) => attempts.push({ ...attempt }),
    onRequestEnd: (request) => requests.push({ ...request }),
    onRunEnd: () => {},
  });
  const { seed, durationMs, requestsMax, arrivalsFromMs: fromMs } = plan;
  const traffic = createTraffic(plan.traffic, { seed, replication: 0, durationMs, fromMs, requestsMax });
  for (let chunk = traffic.next(); chunk !== undefined; chunk = traffic.next()) simulation.run(chunk);
  return { output: simulation.end(), attempts, requests };
}
