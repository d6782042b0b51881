/** How much a plan simulates: replications within a budget of requests, and the busiest hours where three are too much. */
import { busiestWindow, type Demand } from "../../simulator/advice/demand.ts";
import { HOUR_MS } from "../../simulator/base/time.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import type { Override } from "../io/overrides.ts";

/** Most replications that a plan runs of its own accord. */
const REPLICATIONS_MAX = 10;
/** Fewest: an interval over two is six times as wide as one over three, and over one there is none. */
export const REPLICATIONS_MIN = 3;

export interface SizeOptions {
  /** Requests in all, over strategies and replications. */
  readonly budget: number;
  /** As asked for on the command line; then the budget sets nothing. */
  readonly replications: number | undefined;
  /** Replications are added until intervals are narrow; then the budget sets nothing. */
  readonly isPrecise: boolean;
}

export interface RunSize {
  readonly changes: readonly Override[];
  readonly hours: number;
  /** Only a part of the run is simulated. */
  readonly isPart: boolean;
}

/** Replications and length: as many as the budget allows, and a part of the run where it does not hold the fewest. */
export function runSize(
  whole: Demand,
  plan: Plan,
  strategies: number,
  { budget, replications, isPrecise }: SizeOptions,
): RunSize {
  const perReplication = Math.max(1, whole.calls * strategies);
  const ofHours = whole.minutes / 60;
  if (replications !== undefined || isPrecise) return { changes: [], hours: ofHours, isPart: false };
  const fits = Math.floor(budget / perReplication);
  const n = Math.max(REPLICATIONS_MIN, Math.min(fits, plan.replications, REPLICATIONS_MAX));
  const changes = n === plan.replications ? [] : [changed(["replications"], n)];
  if (fits >= n || !Number.isFinite(plan.durationMs)) return { changes, hours: ofHours, isPart: false };
  const window = busiestWindow(whole.callsByHour, budget / strategies / n);
  const fromMs = Math.max(plan.arrivalsFromMs, window.fromHour * HOUR_MS);
  const untilMs = Math.min(plan.durationMs, (window.fromHour + window.hours) * HOUR_MS);
  return {
    changes: [
      ...changes,
      changed(["arrivalsFrom"], `${fromMs}ms`),
      changed(["duration"], `${untilMs}ms`),
      changed(["warmup"], "none"),
    ],
    hours: window.hours,
    isPart: true,
  };
}

/** Calls of the busiest day of the run: any 24 h in a row, or all of a shorter run. */
export function busiestDayCalls({ callsByHour }: Demand): number {
  let [sum, most] = [0, 0];
  callsByHour.forEach((calls, hour) => {
    sum += calls - (callsByHour[hour - 24] ?? 0);
    most = Math.max(most, sum);
  });
  return most;
}

function changed(path: readonly string[], value: unknown): Override {
  return { path: [...path], value, origin: "meridian plan" };
}
