import type { AttemptAnswer, AttemptOrder, ReplayIo } from "../../../simulator/replay/replay-io.ts";
import type { ReplayPlan } from "../../../simulator/replay/replay-plan.ts";
import { ReplayRouter } from "../../../simulator/replay/replay-router.ts";
import type { AttemptRow, RequestRow } from "../../../simulator/replay/rows.ts";
import { requestOf, type ScheduleRow } from "../../../simulator/replay/schedule.ts";
import { createCall } from "./call.ts";
import type { ForeignServer } from "./server.ts";
import { createTimers } from "./timers.ts";

export interface VirtualRun {
  readonly attempts: readonly AttemptRow[];
  readonly requests: readonly RequestRow[];
}

/**
 * Replays a schedule with the routers that k6 runs against foreign servers, in virtual time: the rows that a faultless
 * harness would have measured.
 *
 * @param servers what answers in each region that is called; their time must not have begun
 */
export function replayVirtually(
  plan: ReplayPlan,
  schedule: readonly ScheduleRow[],
  servers: ReadonlyMap<string, ForeignServer>,
): VirtualRun {
  const attempts: AttemptRow[] = [];
  const requests: RequestRow[] = [];
  const timers = createTimers();
  const all = [...servers.values()];
  let nowMs = 0;

  const io: ReplayIo = {
    nowMs: () => nowMs,
    after: (delayMs, callback) => timers.add(nowMs + delayMs, callback),
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
      timers.add(nowMs + delayMs, () => done({ ...NO_ANSWER, endedMs: nowMs, ...part }));
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
    const cancelLimit = timers.add(nowMs + order.timeoutMs, () => {
      server.cancel(call);
      answer({ kind: "timeout", status: 0 }, 0);
    });
    timers.add(nowMs + oneWayMs, () => {
      if (isAnswered) return;
      const refusal = server.admit(call, nowMs);
      if (refusal?.kind === "throttled") answer({ kind: "throttled", status: 429, ...THROTTLED }, oneWayMs);
      else if (refusal !== undefined) answer({ kind: "unavailable", status: 503, ...UNAVAILABLE }, oneWayMs);
    });
  }

  function advanceTo(untilMs: number): void {
    for (;;) {
      const own = soonest(all);
      const dueMs = Math.min(own.nextMs(), timers.nextMs());
      if (dueMs > untilMs) break;
      nowMs = dueMs;
      if (own.nextMs() <= timers.nextMs()) own.step();
      else timers.run();
    }
    nowMs = Math.max(nowMs, untilMs);
  }

  const routers = Array.from({ length: plan.routers }, () => new ReplayRouter(plan, io));
  schedule.forEach((row, i) => {
    advanceTo(row[0]);
    routers[i % routers.length]!.start(requestOf(row, i));
  });
  const endMs = plan.durationMs + plan.drainMs;
  const nextMs = (): number => Math.min(soonest(all).nextMs(), timers.nextMs());
  while (routers.some((router) => !router.isIdle) && nextMs() <= endMs) advanceTo(nextMs());
  for (const router of routers) router.cutOff();
  return { attempts, requests };
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

function soonest(servers: readonly ForeignServer[]): ForeignServer {
  let best = servers[0]!;
  for (const server of servers) if (server.nextMs() < best.nextMs()) best = server;
  return best;
}
