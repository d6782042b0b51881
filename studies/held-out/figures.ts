/** The figures compared, computed alike for measured and simulated runs, and the interval of a measured one. */

import { quantileSorted } from "../../simulator/base/statistics.ts";
import { createDraws } from "./endpoints/server.ts";
import type { Measured } from "./runs.ts";

/** A measured or simulated run as its callers observed it. */
export interface Sample {
  /** Of served requests, in order of intended arrival. */
  readonly served: readonly ServedRequest[];
  readonly requests: number;
  readonly attempts: number;
  readonly attemptsThrottled: number;
}

export interface ServedRequest {
  /** Intended arrival, ms since the run's start; latencies count from here. */
  readonly arrivalMs: number;
  readonly e2eMs: number;
  readonly ttftMs: number;
  /** Index of the target that served it. */
  readonly target: number;
}

/** The figures compared. Latencies of served requests in ms, shares in [0, 1]. */
export interface Figures {
  readonly e2eMsP50: number;
  readonly e2eMsP95: number;
  readonly e2eMsP99: number;
  readonly ttftMsP50: number;
  readonly ttftMsP95: number;
  readonly ttftMsP99: number;
  /** Share of the attempts answered 429. */
  readonly throttledShare: number;
  /** Share of the served requests that the first target served. */
  readonly firstTargetShare: number;
  /** Share of the requests. */
  readonly servedShare: number;
}

/** The caller's view of a measured run. */
export function sampleOf({ schedule, attempts, requests }: Measured): Sample {
  const byKey = new Map(attempts.map((attempt) => [`${attempt.i}.${attempt.o}`, attempt]));
  const served = requests.flatMap((request): ServedRequest[] => {
    const attempt = byKey.get(`${request.i}.${request.w}`);
    if (attempt === undefined) return [];
    const arrivalMs = schedule[request.i]![0];
    const e2eMs = request.e - arrivalMs;
    return [
      { arrivalMs, e2eMs, ttftMs: attempt.f === null ? e2eMs : attempt.s + attempt.f - arrivalMs, target: attempt.g },
    ];
  });
  return {
    served: served.sort((a, b) => a.arrivalMs - b.arrivalMs),
    requests: requests.length,
    attempts: attempts.length,
    attemptsThrottled: attempts.filter(({ k }) => k === "throttled").length,
  };
}

export function figuresOf({ served, requests, attempts, attemptsThrottled }: Sample): Figures {
  const e2e = Float64Array.from(served, ({ e2eMs }) => e2eMs).sort();
  const ttft = Float64Array.from(served, ({ ttftMs }) => ttftMs).sort();
  return {
    e2eMsP50: quantileSorted(e2e, 0.5),
    e2eMsP95: quantileSorted(e2e, 0.95),
    e2eMsP99: quantileSorted(e2e, 0.99),
    ttftMsP50: quantileSorted(ttft, 0.5),
    ttftMsP95: quantileSorted(ttft, 0.95),
    ttftMsP99: quantileSorted(ttft, 0.99),
    throttledShare: attemptsThrottled / attempts,
    firstTargetShare: served.filter(({ target }) => target === 0).length / served.length,
    servedShare: served.length / requests,
  };
}

/** Mean of each figure over several runs. */
export function meanFigures(runs: readonly Figures[]): Figures {
  const keys = Object.keys(runs[0]!) as (keyof Figures)[];
  const mean = (key: keyof Figures): number => runs.reduce((sum, run) => sum + run[key], 0) / runs.length;
  return Object.fromEntries(keys.map((key) => [key, mean(key)])) as unknown as Figures;
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Requests close in time share a queue, so blocks of this length are drawn. */
const BLOCK_MS = 5000;
const RESAMPLES = 2000;

/**
 * 95 % percentile interval of a measured E2E quantile, ms, by a block bootstrap over time: what another run of the same
 * length might have shown.
 * Source: Künsch 1989, Annals of Statistics 17(3).
 */
export function e2eInterval({ served }: Sample, p: number): Interval {
  const blocks: number[][] = [];
  for (const { arrivalMs, e2eMs } of served) (blocks[Math.floor(arrivalMs / BLOCK_MS)] ??= []).push(e2eMs);
  const filled = blocks.filter((block) => block !== undefined);
  const draws = createDraws(95);
  const found = new Float64Array(RESAMPLES);
  for (let i = 0; i < RESAMPLES; i++) {
    const drawn: number[] = [];
    for (let b = 0; b < filled.length; b++) drawn.push(...filled[Math.floor(draws.uniform() * filled.length)]!);
    found[i] = quantileSorted(Float64Array.from(drawn).sort(), p);
  }
  found.sort();
  return { low: quantileSorted(found, 0.025), high: quantileSorted(found, 0.975) };
}
