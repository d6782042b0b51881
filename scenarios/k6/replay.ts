/**
 * Replays a schedule of requests against Bedrock endpoints under one routing strategy. `meridian bench` writes its
 * inputs and starts it; docs/bench.md says how it works.
 *
 * One virtual user is one router: it walks its share of the schedule, waits for each instant and sends without waiting
 * for answers, so the strategy's state is shared by the requests in flight as in a gateway.
 */
import { hmac, sha256 } from "k6/crypto";
import { SharedArray } from "k6/data";
import { vu } from "k6/execution";
import { Counter } from "k6/metrics";
import { clearTimeout, setTimeout } from "k6/timers";
import type { ReplayIo } from "../../simulator/replay/replay-io.ts";
import { decodeReplayPlan } from "../../simulator/replay/replay-plan.ts";
import { ReplayRouter } from "../../simulator/replay/replay-router.ts";
import type { ReplayRow } from "../../simulator/replay/rows.ts";
import { decodeSchedule, requestOf, type ScheduleRow } from "../../simulator/replay/schedule.ts";
import { authorizeFrom } from "./authorize.ts";
import { call } from "./call.ts";

const plan = decodeReplayPlan(open(__ENV.MERIDIAN_PLAN!));
const schedule = new SharedArray<ScheduleRow>("schedule", () => decodeSchedule(open(__ENV.MERIDIAN_SCHEDULE!)));
/** Where the scenario's clock is 0, ms since 1970. */
const startMs = Number(__ENV.MERIDIAN_START_MS);
const authorize = authorizeFrom(__ENV, { sha256, hmac });

const attempts = new Counter("meridian_attempts");
const requestsEnded = new Counter("meridian_requests_ended");

/** After the drain, this long for the last rows to be written. */
const CLOSING_MS = 3000;
const BEAT_MS = 1000;
const IDLE_CHECK_MS = 20;
/** Connections are kept for reuse, as many as there are calls in flight. */
const CONNECTIONS_KEPT = 10_000;
/** Link-local addresses and the metadata services of clouds: no benchmark has business there. */
const NEVER_CALLED = ["169.254.0.0/16", "fe80::/10", "fd00:ec2::/32", "100.100.100.200/32", "0.0.0.0/8"];

export const options = {
  scenarios: {
    replay: {
      exec: "replay",
      executor: "per-vu-iterations",
      vus: plan.routers,
      iterations: 1,
      maxDuration: `${Math.ceil((startMs - Date.now() + plan.durationMs + plan.drainMs + CLOSING_MS) / 1000)}s`,
      gracefulStop: "0s",
    },
  },
  hosts: JSON.parse(__ENV.MERIDIAN_ADDRESSES ?? "{}") as Readonly<Record<string, string>>,
  blacklistIPs: NEVER_CALLED,
  batch: CONNECTIONS_KEPT,
  batchPerHost: CONNECTIONS_KEPT,
  systemTags: ["name", "status", "error_code", "scenario"],
  summaryTrendStats: ["avg", "min", "med", "p(95)", "p(99)", "max"],
};

export function setup(): void {
  write({ t: "s", at: startMs + plan.fromMs, ready: Date.now() });
}

/** One router's run. */
export async function replay(): Promise<void> {
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
  const endMs = plan.durationMs + plan.drainMs;
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

export function handleSummary(data: unknown): Readonly<Record<string, string>> {
  return { [__ENV.MERIDIAN_SUMMARY!]: JSON.stringify(data) };
}

/** Timers, the wire and rows as k6 has them. */
function wireOf(fail: (error: unknown) => void): ReplayIo {
  return {
    nowMs,
    after(delayMs, callback) {
      const id = setTimeout(callback, Math.max(0, delayMs));
      return () => clearTimeout(id);
    },
    send(order, done) {
      attempts.add(1);
      call(plan, order, authorize, nowMs).then(done).catch(fail);
    },
    attemptEnded: write,
    requestEnded(row) {
      requestsEnded.add(1);
      write(row);
    },
  };
}

function nowMs(): number {
  return Date.now() - startMs;
}

function sleep(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}

function write(row: ReplayRow): void {
  console.log(JSON.stringify(row));
}
