import { makeReplayPlan, recordSchedule } from "../../../simulator/bench/make-plan.ts";
import { decodeReplayPlan, encodeReplayPlan, type ReplayPlan } from "../../../simulator/bench/plan.ts";
import { ReplayRouter } from "../../../simulator/bench/router.ts";
import type { AttemptAnswer, ReplayIo } from "../../../simulator/bench/router-io.ts";
import { type AttemptRow, type RequestRow, requestOf, type ScheduleRow } from "../../../simulator/bench/rows.ts";
import { firstByteLimitMs, outlastsIdle } from "../../../simulator/client/request-rules.ts";
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
import type { StreamFault } from "../../../simulator/service/service-plan.ts";
import { gapOf } from "../../../simulator/service/stream-faults.ts";
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
    {
      urlOfRegion: new Map(),
      operation: plan.client.isStreaming ? "converse-stream" : "converse",
      isEmulated: true,
      roundTripMs: new Map(),
    },
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
  const stalls: ((fault: StreamFault) => void)[] = [];
  const firstByteMs: number[] = [];
  const hasFirst = (slot: number, ms: number): void => {
    const fault = world.struckBy(slot)?.fault;
    firstByteMs[slot] = ms + (fault?.effect === "silence" && fault.afterTokens === 0 ? fault.lastsMs : 0);
  };
  const world: Service = new Service(plan.world, replay.seed, table, {
    isWhole: !replay.client.isStreaming,
    onOutcome: (slot, outcome, atMs) => {
      const heldMs = outcome === OUTCOME.ok ? world.heldBackMs(slot, atMs) : 0;
      // What no byte comes of any more keeps its row.
      if (heldMs === Number.POSITIVE_INFINITY) return;
      const deliver = (endMs: number): void => {
        waiting[slot]!(outcome, slot, endMs);
        world.forget(slot);
        table.release(slot);
      };
      if (heldMs > 0) timers.add(atMs + heldMs, () => deliver(atMs + heldMs));
      else deliver(atMs);
    },
    ...(replay.client.isStreaming ? { onFirstToken: hasFirst, onStart: hasFirst } : {}),
    onStall: (slot, fault) => stalls[slot]!(fault),
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
      const { timeoutMs, limits } = order;
      const cancels: (() => void)[] = [];
      const cancel = (): void => {
        for (const each of cancels) each();
      };
      if (Number.isFinite(timeoutMs)) {
        cancels.push(timers.add(nowMs + timeoutMs, () => answer({ kind: "timeout", endedMs: nowMs })));
      }
      firstByteMs[slot] = Number.POSITIVE_INFINITY;
      const firstMs = firstByteLimitMs(limits);
      if (Number.isFinite(firstMs)) {
        const late = (): void => {
          if (firstByteMs[slot]! > nowMs) answer({ kind: "timeout", interruption: "idle", endedMs: nowMs });
        };
        cancels.push(timers.add(nowMs + firstMs, late));
      }
      stalls[slot] = (fault) => {
        if (!replay.client.isStreaming || !outlastsIdle(limits, gapOf(fault))) return;
        const silent = { kind: "timeout", interruption: "idle", hasBegun: true } as const;
        const giveUp = (): void => answer({ ...silent, receivedTokens: fault.afterTokens, endedMs: nowMs });
        cancels.push(timers.add(nowMs + limits.idleMs, giveUp));
      };
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
        // A region that is lost cuts what has begun; how much had come is not told.
        const isCut = outcome === OUTCOME.error && replay.client.isStreaming && firstMs <= endedMs;
        answer({
          kind: KIND[outcome]!,
          // A left queue is not tried again; the wire has no word of its own for it.
          isFinal: outcome === OUTCOME.abandoned || outcome === OUTCOME.rejected,
          ...(isCut ? { interruption: "broken" as const } : interruptionOf(outcome)),
          receivedTokens: isCut ? 0 : (world.struckBy(ended)?.fault.afterTokens ?? ints[of + ATTEMPT.outputTokens]!),
          endedMs,
          ttftMs: ok ? firstMs - order.sentMs : Number.NaN,
          retryAfterMs: outcome === OUTCOME.throttled ? world.retryAfterMs(ended) : Number.NaN,
          usage:
            ok || outcome === OUTCOME.broken || outcome === OUTCOME.empty
              ? [request.inputTokens - read - written, ints[of + ATTEMPT.outputTokens]!, read, written]
              : null,
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

function interruptionOf(outcome: Outcome): Pick<AttemptAnswer, "interruption"> {
  if (outcome === OUTCOME.broken) return { interruption: "broken" };
  return outcome === OUTCOME.empty ? { interruption: "empty" } : {};
}

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
