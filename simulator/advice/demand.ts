/** What a scenario's traffic asks for, before any routing: calls and tokens by minute and class. */

import { HOUR_MS, MINUTE_MS } from "../base/time.ts";
import { outputLimit } from "../client/request-rules.ts";
import type { Plan } from "../scenario/plan.ts";
import { PromptCache } from "../service/prompt-cache.ts";
import { createTraffic } from "../traffic/source.ts";

/** Tokens by minute of one class. */
export interface ClassDemand {
  /** Input tokens of the calls that arrive in each minute, cached prefixes included. */
  readonly input: Float64Array;
  readonly output: Float64Array;
  readonly calls: number;
  /** Of the input: tokens that the cache of one region would have read, and written; none unless given. */
  readonly cacheRead?: number;
  readonly cacheWrite?: number;
}

/** Input tokens of a class by what they are billed as, where all of its calls go to one region. */
export interface InputParts {
  readonly plain: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
}

/** @example inputParts({ input: Float64Array.of(10, 20), output: new Float64Array(2), calls: 2, cacheRead: 6 }).plain // => 24 */
export function inputParts({ input, cacheRead = 0, cacheWrite = 0 }: ClassDemand): InputParts {
  const all = input.reduce((sum, tokens) => sum + tokens, 0);
  return { plain: Math.max(0, all - cacheRead - cacheWrite), cacheRead, cacheWrite };
}

/** Of one replication. */
export interface Demand {
  readonly calls: number;
  /** By class, in the plan's order. */
  readonly byClass: readonly ClassDemand[];
  /** By whole hour of the run, from its start. */
  readonly callsByHour: Float64Array;
  /** Minute of the run at which arrivals, and the columns by minute, begin. */
  readonly fromMinute: number;
  /** Length of the columns. */
  readonly minutes: number;
}

/**
 * Draws the traffic of a replication and counts it. Costs a small part of a simulation of it.
 *
 * @param callsMax stop counting here: what is asked is then only how much there is of it at least
 */
export function demandOf(plan: Plan, replication = 0, callsMax = 20_000_000): Demand {
  const traffic = createTraffic(plan.traffic, {
    seed: plan.seed,
    replication,
    durationMs: plan.durationMs,
    fromMs: plan.arrivalsFromMs,
    requestsMax: Math.min(plan.requestsMax, callsMax),
    chunkRows: 16_384,
  });
  const fromMinute = Math.floor(plan.arrivalsFromMs / MINUTE_MS);
  const minutesMax = Number.isFinite(plan.durationMs) ? Math.ceil(plan.durationMs / MINUTE_MS) - fromMinute : 0;
  const cells = plan.classes.map(() => ({
    input: [] as number[],
    output: [] as number[],
    calls: 0,
    cacheRead: 0,
    cacheWrite: 0,
  }));
  const caches = plan.models.map((_, model) => cacheOf(plan, model));
  const hours: number[] = [];
  let [calls, last] = [0, 0];
  for (let chunk = traffic.next(); chunk !== undefined; chunk = traffic.next()) {
    for (let row = 0; row < chunk.length; row++) {
      const c = chunk.classIndex[row]!;
      const cell = cells[c]!;
      const minute = Math.floor(chunk.arrivalMs[row]! / MINUTE_MS) - fromMinute;
      const hour = Math.floor(chunk.arrivalMs[row]! / HOUR_MS);
      const limit = outputLimit(chunk.maxTokens[row]!, plan.models[plan.classes[c]!.model]!.maxOutputTokens);
      cell.input[minute] = (cell.input[minute] ?? 0) + chunk.inputTokens[row]!;
      cell.output[minute] = (cell.output[minute] ?? 0) + Math.min(limit, chunk.outputTokens[row]!);
      cell.calls++;
      const prefix = chunk.prefixTokens[row]!;
      const cache = prefix > 0 ? caches[plan.classes[c]!.model] : undefined;
      if (cache !== undefined && prefix >= cache.minimumTokens) {
        const [id, nowMs] = [chunk.prefixId[row]!, chunk.arrivalMs[row]!];
        if (cache.kept.has(nowMs, id)) cell.cacheRead += prefix;
        else cell.cacheWrite += prefix;
        cache.kept.touch(nowMs, id);
      }
      hours[hour] = (hours[hour] ?? 0) + 1;
      last = Math.max(last, minute + 1);
    }
    calls += chunk.length;
  }
  const minutes = Math.max(1, minutesMax, last);
  const filled = (values: readonly number[], length: number) => Float64Array.from({ length }, (_, i) => values[i] ?? 0);
  return {
    calls,
    byClass: cells.map(({ input, output, calls: own, cacheRead, cacheWrite }) => ({
      input: filled(input, minutes),
      output: filled(output, minutes),
      calls: own,
      cacheRead,
      cacheWrite,
    })),
    callsByHour: filled(hours, Math.ceil((fromMinute + minutes) / 60)),
    fromMinute,
    minutes,
  };
}

/** The cache of the first endpoint that has one for a model, as if it answered every call. */
function cacheOf({ world: { routes, endpoints }, models, targets }: Plan, model: number) {
  for (let t = 0; t < targets.length; t++) {
    const endpoint = endpoints[routes[t * models.length + model]?.destinations[0] ?? -1];
    if (endpoint !== undefined && endpoint.cacheTtlMs > 0)
      return { kept: new PromptCache(endpoint.cacheTtlMs), minimumTokens: endpoint.cacheMinimumTokens };
  }
  return undefined;
}

/** A part of a run. */
export interface RunWindow {
  readonly fromHour: number;
  readonly hours: number;
  readonly calls: number;
}

/**
 * The longest stretch of whole hours around the busiest one with at most so many calls; at least the busiest hour
 * itself. What a plan simulates where the whole run would take too long.
 *
 * @example busiestWindow(Float64Array.of(1, 5, 9, 4), 14).fromHour // => 1
 */
export function busiestWindow(callsByHour: Float64Array, callsMax: number): RunWindow {
  let peak = 0;
  callsByHour.forEach((calls, hour) => {
    if (calls > callsByHour[peak]!) peak = hour;
  });
  let [from, to, sum] = [peak, peak + 1, callsByHour[peak] ?? 0];
  for (;;) {
    const before = from > 0 ? callsByHour[from - 1]! : -1;
    const after = to < callsByHour.length ? callsByHour[to]! : -1;
    const more = Math.max(before, after);
    if (more < 0 || sum + more > callsMax) return { fromHour: from, hours: to - from, calls: sum };
    if (before >= after) from--;
    else to++;
    sum += more;
  }
}
