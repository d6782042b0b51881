/**
 * Offers a schedule's requests with one of k6's own executors, as most k6 scripts do: the same calls, but k6 says when.
 * Every virtual user is a router with a state of its own, which mostly knows nothing. docs/executors.md has the bias.
 */
import { scenario } from "k6/execution";
import { clearTimeout, setTimeout } from "k6/timers";
import { ReplayRouter } from "../../simulator/bench/router.ts";
import { type RequestRow, requestOf } from "../../simulator/bench/rows.ts";
import {
  beginAt,
  commonOptions,
  endMs,
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

/** How virtual users take up requests: at once, one a second, or each at its instant. */
const pace = JSON.parse(__ENV.MERIDIAN_PACE!) as { readonly everyMs: number; readonly waits: boolean };

export const options = {
  ...commonOptions,
  scenarios: { replay: { exec: "replay", ...(JSON.parse(__ENV.MERIDIAN_EXECUTOR!) as object) } },
};

let router: ReplayRouter | undefined;
let failed: string | undefined;
let wake = (): void => {};

/** Executors begin when setup ends. */
export async function setup(): Promise<Start> {
  const start = settleStart();
  beginAt(start);
  await sleep(Math.max(0, plan.fromMs - nowMs()));
  return start;
}

/** One request: the next of the schedule, by whichever virtual user is free. */
export async function replay(start: Start): Promise<void> {
  beginAt(start);
  const begunMs = nowMs();
  const row = schedule[scenario.iterationInTest];
  if (row !== undefined && failed === undefined) {
    const waitMs = row[0] - nowMs();
    if (pace.waits && waitMs > 0) await sleep(waitMs);
    await serve(scenario.iterationInTest);
  }
  const restMs = begunMs + pace.everyMs - nowMs();
  if (restMs > 0) await sleep(restMs);
}

export function handleSummary(data: Summary): Readonly<Record<string, string>> {
  return summaryOf(data);
}

/** Until the request and all its attempts are over, or the run is. */
async function serve(index: number): Promise<void> {
  router ??= newRouter();
  const { isIdle } = router;
  if (!isIdle) fail("a virtual user was given a request while it had one");
  await new Promise<void>((resolve) => {
    const limit = setTimeout(resolve, Math.max(0, endMs - nowMs()));
    wake = () => {
      if (!router!.isIdle && failed === undefined) return;
      clearTimeout(limit);
      resolve();
    };
    router!.start(requestOf(schedule[index]!, index));
  });
  router.cutOff();
}

function newRouter(): ReplayRouter {
  const wire = wireOf(fail);
  return new ReplayRouter(plan, {
    ...wire,
    attemptEnded(row) {
      wire.attemptEnded(row);
      wake();
    },
    requestEnded(row: RequestRow) {
      wire.requestEnded(row);
      wake();
    },
  });
}

function fail(error: unknown): void {
  if (failed !== undefined) return;
  failed = String(error);
  write({ t: "x", what: failed });
  wake();
}
