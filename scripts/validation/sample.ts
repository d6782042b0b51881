import type { Measured } from "./measured.ts";

/** What callers saw of one run, measured or simulated alike. */
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

/** The numbers that are compared. Latencies of served requests in ms, shares in [0, 1]. */
export interface Figures {
  readonly e2eMsP50: number;
  readonly e2eMsP95: number;
  readonly e2eMsP99: number;
  readonly ttftMsP50: number;
  readonly ttftMsP95: number;
  readonly ttftMsP99: number;
  /** Of attempts: answered 429. */
  readonly throttledShare: number;
  /** Of served requests: by the first target. */
  readonly firstTargetShare: number;
  /** Of requests. */
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
    e2eMsP50: quantile(e2e, 0.5),
    e2eMsP95: quantile(e2e, 0.95),
    e2eMsP99: quantile(e2e, 0.99),
    ttftMsP50: quantile(ttft, 0.5),
    ttftMsP95: quantile(ttft, 0.95),
    ttftMsP99: quantile(ttft, 0.99),
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

/** Linear between order statistics at p (n - 1), as k6 and the simulator have it; NaN of nothing. */
export function quantile(ascending: ArrayLike<number>, p: number): number {
  const rank = p * (ascending.length - 1);
  const low = ascending[Math.floor(rank)] ?? Number.NaN;
  const high = ascending[Math.ceil(rank)] ?? Number.NaN;
  return low + (high - low) * (rank - Math.floor(rank));
}
