/** Runs a world in virtual time, in a second: what a perfect harness would measure. */
import { makeReplayPlan, recordSchedule } from "../../simulator/bench/make-plan.ts";
import type { ReplayPlan } from "../../simulator/bench/plan.ts";
import { ReplayRouter } from "../../simulator/bench/router.ts";
import type { AttemptAnswer, AttemptOrder, ReplayIo } from "../../simulator/bench/router-io.ts";
import { type AttemptRow, type RequestRow, requestOf, type ScheduleRow } from "../../simulator/bench/rows.ts";
import { type Condition, prepareCondition } from "./conditions.ts";
import { createCall, type EndpointServer } from "./endpoints/server.ts";
import { factsOf, type Measured } from "./runs.ts";
import { type HeldOutWorld, startServers } from "./worlds.ts";

const DRAIN_MS = 60_000;

/**
 * Runs a world under a condition in virtual time.
 *
 * @param noise added to the seed of the servers' noise; 0 is that of the measured run
 */
export async function runVirtually(world: HeldOutWorld, condition: Condition, noise = 0): Promise<Measured> {
  const { yaml, inputs } = await prepareCondition(world.name, condition);
  const { plan } = inputs;
  const schedule = recordSchedule(plan);
  const roundTripMs = new Map(world.regions.map((each) => [each.region, each.roundTripMs]));
  const replay = makeReplayPlan(
    plan,
    0,
    { urlOfRegion: new Map(), operation: "converse-stream", isEmulated: false, roundTripMs },
    { requests: schedule.length, lastArrivalMs: schedule.at(-1)![0], drainMs: DRAIN_MS },
  );
  const { attempts, requests } = replayVirtually(replay, schedule, startServers(world, plan.seed + noise));
  return {
    yaml,
    schedule,
    attempts,
    requests,
    facts: factsOf(plan, world, {
      target: `the held-out world "${world.name}" in virtual time`,
      lagMsP99: null,
      serverLateMsP99: null,
      k6: null,
    }),
  };
}

export interface VirtualRun {
  readonly attempts: readonly AttemptRow[];
  readonly requests: readonly RequestRow[];
}

/**
 * Replays a schedule in virtual time, with the routers that k6 runs, against the servers of a world.
 *
 * @param servers by region; their time must not have begun
 * @returns the rows that a perfect harness would measure
 */
export function replayVirtually(
  plan: ReplayPlan,
  schedule: readonly ScheduleRow[],
  servers: ReadonlyMap<string, EndpointServer>,
): VirtualRun {
  const attempts: AttemptRow[] = [];
  const requests: RequestRow[] = [];
  const time = createVirtualTime([...servers.values()]);
  const { after } = time;

  const io: ReplayIo = {
    nowMs: time.nowMs,
    after,
    send: (order, done) => send(order, done),
    attemptEnded: (row) => attempts.push(row),
    requestEnded: (row) => requests.push(row),
  };

  function send(order: AttemptOrder, done: (answer: AttemptAnswer) => void): void {
    const target = plan.targets[order.target]!;
    const server = servers.get(target.region)!;
    const oneWayMs = plan.rttMs[order.request.originIndex]![order.target]! / 2;
    let isAnswered = false;
    let firstMs = Number.NaN;
    const answer = (part: Partial<AttemptAnswer> & Pick<AttemptAnswer, "kind" | "status">, delayMs: number): void => {
      if (isAnswered) return;
      isAnswered = true;
      cancelLimit();
      after(delayMs, () => done({ ...NO_ANSWER, endedMs: time.nowMs(), ...part }));
    };
    const call = createCall({
      inputTokens: order.request.inputTokens,
      outputTokens: outputOf(order, plan),
      key: plan.classes[order.request.classIndex]!.name,
      onFirstToken: (atMs) => {
        firstMs = atMs + oneWayMs - order.sentMs;
      },
      onEnd: () => {
        const usage = [order.request.inputTokens, call.outputTokens, 0, 0] as const;
        answer({ kind: "ok", status: 200, ttftMs: firstMs, usage }, oneWayMs);
      },
    });
    const cancelLimit = after(order.timeoutMs, () => {
      server.cancel(call);
      answer({ kind: "timeout", status: 0 }, 0);
    });
    after(oneWayMs, () => {
      if (isAnswered) return;
      const refusal = server.admit(call, time.nowMs());
      if (refusal?.kind === "throttled") answer({ kind: "throttled", status: 429, ...THROTTLED }, oneWayMs);
      else if (refusal !== undefined) answer({ kind: "unavailable", status: 503, ...UNAVAILABLE }, oneWayMs);
    });
  }

  const routers = Array.from({ length: plan.routers }, () => new ReplayRouter(plan, io));
  schedule.forEach((row, i) => {
    time.advanceTo(row[0]);
    routers[i % routers.length]!.start(requestOf(row, i));
  });
  const endMs = plan.durationMs + plan.drainMs;
  while (routers.some((router) => !router.isIdle) && time.nextMs() <= endMs) time.advanceTo(time.nextMs());
  for (const router of routers) router.cutOff();
  return { attempts, requests };
}

/** An event clock: at equal instants the servers' own events come first, then the callbacks of `after`. */
function createVirtualTime(servers: readonly EndpointServer[]) {
  const timers = createTimers();
  let nowMs = 0;

  function advanceTo(untilMs: number): void {
    for (;;) {
      const own = soonest(servers);
      const dueMs = Math.min(own.nextMs(), timers.nextMs());
      if (dueMs > untilMs) break;
      nowMs = dueMs;
      if (own.nextMs() <= timers.nextMs()) own.step();
      else timers.run();
    }
    nowMs = Math.max(nowMs, untilMs);
  }

  return {
    nowMs: () => nowMs,
    nextMs: () => Math.min(soonest(servers).nextMs(), timers.nextMs()),
    /** @returns cancels it */
    after: (delayMs: number, callback: () => void) => timers.add(nowMs + delayMs, callback),
    advanceTo,
  };
}

const NO_ANSWER: AttemptAnswer = {
  kind: "error",
  isFinal: false,
  endedMs: 0,
  ttftMs: Number.NaN,
  retryAfterMs: Number.NaN,
  status: 0,
  serviceRequestId: "",
  error: "",
  usage: null,
};
const THROTTLED = { error: "ThrottlingException" };
const UNAVAILABLE = { error: "ServiceUnavailableException" };

function outputOf({ request, model }: AttemptOrder, plan: ReplayPlan): number {
  const limit = request.maxTokens > 0 ? request.maxTokens : plan.modelMaxTokens[model]!;
  return Math.max(1, Math.min(request.outputTokens, limit));
}

function soonest(servers: readonly EndpointServer[]): EndpointServer {
  let best = servers[0]!;
  for (const server of servers) if (server.nextMs() < best.nextMs()) best = server;
  return best;
}

/** Callbacks by instant, ms; at equal instants in the order in which they were added. */
export interface Timers {
  /** Infinity when none is set. */
  nextMs(): number;
  /** @returns cancels it */
  add(atMs: number, callback: () => void): () => void;
  /** Runs the first. */
  run(): void;
}

interface Entry {
  readonly atMs: number;
  callback: (() => void) | undefined;
}

/** A sorted list, since entries are as few as calls in flight and most are added at the end. */
export function createTimers(): Timers {
  const entries: Entry[] = [];
  return {
    nextMs() {
      while (entries[0] !== undefined && entries[0].callback === undefined) entries.shift();
      return entries[0]?.atMs ?? Number.POSITIVE_INFINITY;
    },
    add(atMs, callback) {
      if (atMs === Number.POSITIVE_INFINITY) return () => {};
      const entry: Entry = { atMs, callback };
      let at = entries.length;
      while (at > 0 && entries[at - 1]!.atMs > atMs) at--;
      entries.splice(at, 0, entry);
      return () => {
        entry.callback = undefined;
      };
    },
    run: () => entries.shift()?.callback?.(),
  };
}
