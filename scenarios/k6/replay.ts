/**
 * Replays a schedule of requests against Bedrock endpoints under one routing strategy. `meridian bench` writes its
 * inputs and starts it; docs/bench.md says how it works.
 *
 * One virtual user is one router: it walks its share of the schedule, waits for each instant and sends without waiting
 * for answers, so the strategy's state is shared by the requests in flight as in a gateway.
 */
import { vu } from "k6/execution";
import { setTimeout } from "k6/timers";
import { ReplayRouter } from "../../simulator/bench/router.ts";
import { requestOf } from "../../simulator/bench/rows.ts";
import {
  beginAt,
  commonOptions,
  endMs,
  longestMs,
  nowMs,
  plan,
  type Start,
  type Summary,
  schedule,
  settleStart,
  sleep,
  summaryOf,
  wireOf,
  write,
} from "./runtime.ts";

const BEAT_MS = 1000;
const IDLE_CHECK_MS = 20;

export const options = {
  ...commonOptions,
  scenarios: {
    replay: {
      exec: "replay",
      executor: "per-vu-iterations",
      vus: plan.routers,
      iterations: 1,
      maxDuration: `${Math.ceil(longestMs / 1000)}s`,
      gracefulStop: "0s",
    },
  },
};

export function setup(): Start {
  return settleStart();
}

/** One router's run. */
export async function replay(start: Start): Promise<void> {
  beginAt(start);
  const index = vu.idInTest - 1;
  const router = new ReplayRouter(plan, wireOf(fail));
  const beat = { stop: false };
  let failed: string | undefined;
  function fail(error: unknown): void {
    failed ??= String(error);
  }
  heartbeat();
  for (let i = index; i < schedule.length && failed === undefined; i += plan.routers) {
    const row = schedule[i]!;
    const waitMs = row[0] - nowMs();
    if (waitMs > 0 && !router.isStopped) await sleep(waitMs);
    router.start(requestOf(row, i));
  }
  while (!router.isIdle && nowMs() < endMs && failed === undefined) await sleep(IDLE_CHECK_MS);
  router.cutOff();
  beat.stop = true;
  if (failed !== undefined) write({ t: "x", what: failed });

  function heartbeat(): void {
    if (beat.stop) return;
    write({ t: "b", router: index, sent: router.sent, open: router.open });
    setTimeout(heartbeat, BEAT_MS);
  }
}

export function handleSummary(data: Summary): Readonly<Record<string, string>> {
  return summaryOf(data);
}
