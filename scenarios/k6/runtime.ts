/**
 * What every script here stands on: the plan and the schedule that Node wrote, the run's clock, timers, the wire and a
 * place for rows.
 */
/// <reference path="./k6.d.ts" />

import { hmac, sha256 } from "k6/crypto";
import { SharedArray } from "k6/data";
import { test } from "k6/execution";
import { Counter } from "k6/metrics";
import { clearTimeout, setTimeout } from "k6/timers";
import { HOUR_MS } from "../../simulator/base/time.ts";
import { decodeReplayPlan } from "../../simulator/bench/plan.ts";
import type { ReplayIo } from "../../simulator/bench/router-io.ts";
import { decodeSchedule, type ReplayRow, type ScheduleRow } from "../../simulator/bench/rows.ts";
import { secretEchoes } from "../../simulator/bench/secret-echoes.ts";
import { authorizeFrom, call } from "./call.ts";
import { startInstantMs } from "./start.ts";

export const plan = decodeReplayPlan(open(__ENV.MERIDIAN_PLAN!));
export const schedule = new SharedArray<ScheduleRow>("schedule", () => decodeSchedule(open(__ENV.MERIDIAN_SCHEDULE!)));

const authorize = authorizeFrom(__ENV, { sha256, hmac });
const attempts = new Counter("meridian_attempts");
const requestsEnded = new Counter("meridian_requests_ended");

/** Where the scenario's clock is 0, ms since 1970; not a number where the instances are to agree on it. */
const givenMs = Number(__ENV.MERIDIAN_START_MS ?? Number.NaN);
let startMs = givenMs;

/** When a run ends at the latest, ms of the scenario's clock. */
export const endMs = plan.durationMs + plan.drainMs;

/** After the drain, this long for the last rows to be written. */
const CLOSING_MS = 3000;
/** Instances wait at most so long for each other. */
const AGREEING_MS = HOUR_MS;
/** Connections are kept for reuse, as many as there are calls in flight. */
const CONNECTIONS_KEPT = 10_000;
/** Link-local addresses and the metadata services of clouds: no benchmark has business there. */
const NEVER_CALLED = ["169.254.0.0/16", "fe80::/10", "fd00:ec2::/32", "100.100.100.200/32", "0.0.0.0/8"];

/** Longest that a virtual user may be at work, from now. */
export const longestMs = (Number.isFinite(givenMs) ? givenMs - Date.now() + endMs : AGREEING_MS + endMs) + CLOSING_MS;

export const commonOptions = {
  setupTimeout: `${Math.ceil(longestMs / 1000)}s`,
  hosts: JSON.parse(__ENV.MERIDIAN_ADDRESSES ?? "{}") as Readonly<Record<string, string>>,
  blacklistIPs: NEVER_CALLED,
  batch: CONNECTIONS_KEPT,
  batchPerHost: CONNECTIONS_KEPT,
  systemTags: ["name", "status", "error_code", "scenario"],
  summaryTrendStats: ["avg", "min", "med", "p(95)", "p(99)", "max"],
};

/** What setup settles, for every virtual user. */
export interface Start {
  readonly startMs: number;
}

/** Settles when the run starts, and says so. An instance of several says which it is. */
export function settleStart(): Start {
  const ready = Date.now();
  const atMs = startInstantMs(givenMs + plan.fromMs, ready);
  startMs = atMs - plan.fromMs;
  write({ t: "s", at: atMs, ready, ...instanceOf() });
  return { startMs };
}

/** A virtual user hears when the run starts. */
export function beginAt(start: Start): void {
  startMs = start.startMs;
}

/** k6's own counters: to the file that Node named, else as a row among the others. */
export function summaryOf(data: Summary): Readonly<Record<string, string>> {
  const file = __ENV.MERIDIAN_SUMMARY;
  if (file !== undefined) return { [file]: JSON.stringify(data) };
  const count = (name: string): number => data.metrics[name]?.values.count ?? 0;
  const row: ReplayRow = {
    t: "c",
    httpRequests: count("http_reqs"),
    attempts: count("meridian_attempts"),
    requestsEnded: count("meridian_requests_ended"),
  };
  return { stdout: `${JSON.stringify(row)}\n` };
}

export interface Summary {
  readonly metrics: Readonly<Record<string, { readonly values: { readonly count?: number } } | undefined>>;
}

/** Timers, the wire and rows as k6 has them. */
export function wireOf(fail: (error: unknown) => void): ReplayIo {
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

/** ms of the scenario's clock. */
export function nowMs(): number {
  return Date.now() - startMs;
}

export function sleep(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}

/** Credentials in use: whatever a server echoes, they get into no row. */
const secrets = (__ENV.MERIDIAN_SECRETS ?? "")
  .split(",")
  .flatMap((name) => (__ENV[name] ? secretEchoes(__ENV[name]) : []));

export function write(row: ReplayRow): void {
  console.log(secrets.reduce((text, secret) => text.split(secret).join("[hidden]"), JSON.stringify(row)));
}

/** Which instance of how many this is, where a run is spread over several; the tag is the one that k6-operator sets. */
function instanceOf(): object {
  const run = __ENV.MERIDIAN_RUN;
  if (run === undefined) return {};
  const { tags, executionSegmentSequence } = test.options;
  const cuts = (executionSegmentSequence ?? "0,1").split(",").length;
  const targets = plan.targets.map(({ api, region, seesFirstToken }) => ({ api, region, seesFirstToken }));
  return { run, instance: Number(tags?.instance_id ?? 1), instances: cuts - 1, targets };
}
