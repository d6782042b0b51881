/**
 * How much of a run can be simulated while a slider moves: one replication, and of a long one its first requests, as
 * many as the machine does in the time that an answer may take.
 */
import type { RunResult } from "../../simulator/experiment/result.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import { createTraffic } from "../../simulator/traffic/source.ts";

/** A plan that is short enough, and what of the whole it is. */
export interface Part {
  readonly plan: Plan;
  /** Left out where a replication is simulated to its end. */
  readonly firstRequests?: number;
  /** Of a replication, by its time or its number of requests. */
  readonly share?: number;
}

/** Requests of a replication, before anything is known of the machine. */
export const REQUESTS_AT_FIRST = 20_000;

/** An answer should take no longer, ms; and while it takes less than the second figure, it may have more requests. */
const ANSWER_MS = 240;
const SPARE_MS = 80;
/** Fewer requests than this say nothing about a p95. */
const REQUESTS_MIN = 2_000;
const REQUESTS_MAX = 400_000;
/** The first answers are those of code that is not compiled yet. */
const COLD_ANSWERS = 2;

/** How many requests the next part may have: fewer where this one took too long, more where there was time to spare. */
export function adjusted(
  requestsMax: number,
  done: {
    readonly result: RunResult;
    readonly simulatedMs: number;
    readonly tookMs: number;
    /** Answers so far, this one included. */
    readonly answers: number;
  },
): number {
  const { simulatedMs, tookMs, result, answers } = done;
  const requests = result.strategies[0]?.total.counts.sent ?? 0;
  if (answers <= COLD_ANSWERS || requests === 0) return requestsMax;
  const left = ANSWER_MS - (tookMs - simulatedMs);
  const fits = (requests * Math.max(30, left)) / simulatedMs;
  if (tookMs > ANSWER_MS) return between(Math.min(requestsMax, fits * 0.9));
  const isFull = requests >= requestsMax * 0.9;
  return isFull && tookMs < SPARE_MS ? between(fits * 0.7) : requestsMax;
}

function between(requests: number): number {
  return Math.round(Math.min(REQUESTS_MAX, Math.max(REQUESTS_MIN, requests)));
}

/** One replication of the plan, cut after that many requests. */
export function partOf(plan: Plan, requestsMax: number): Part {
  const one = { ...plan, replications: 1 };
  const endMs = arrivalOf(one, requestsMax);
  if (endMs === undefined) return { plan: plan.warmup.isAuto === true ? withoutWarmup(one) : one };
  // The end is a time, not a number of requests: costs per month are those of the time that was simulated.
  const cut = { ...one, durationMs: endMs, requestsMax: Number.POSITIVE_INFINITY };
  const { durationMs, arrivalsFromMs } = plan;
  const byTime = (endMs - arrivalsFromMs) / (durationMs - arrivalsFromMs);
  const share = Number.isFinite(durationMs) ? byTime : requestsMax / plan.requestsMax;
  return { plan: withoutWarmup(cut), firstRequests: requestsMax, share };
}

/** What is cut this short has no start to leave out. */
function withoutWarmup(plan: Plan): Plan {
  return { ...plan, warmup: { kind: "none", amount: 0 } };
}

/** When the request after the first `count` arrives, ms; undefined where there are no more than these. */
function arrivalOf(plan: Plan, count: number): number | undefined {
  const traffic = createTraffic(plan.traffic, {
    seed: plan.seed,
    replication: 0,
    durationMs: plan.durationMs,
    fromMs: plan.arrivalsFromMs,
    requestsMax: Math.min(plan.requestsMax, count + 1),
    chunkRows: 16_384,
  });
  let before = 0;
  for (let chunk = traffic.next(); chunk !== undefined; chunk = traffic.next()) {
    if (before + chunk.length > count) return chunk.arrivalMs[count - before]!;
    before += chunk.length;
  }
  return undefined;
}
