import type { ObservedAttempt, SimulationObserver } from "../engine/observer.ts";
import { invariant } from "../errors.ts";
import type { EndpointRecord } from "../replay/endpoint-records.ts";
import type { AttemptRow, RequestRow } from "../replay/rows.ts";
import type { Plan } from "../scenario/plan.ts";
import { OUTCOME } from "../world/world.ts";

/** A simulated run in the words of a measured one. */
export interface SimulatedRows {
  /** In order of request and attempt. */
  readonly attempts: readonly AttemptRow[];
  readonly requests: readonly RequestRow[];
  readonly records: readonly EndpointRecord[];
}

/** Collects what a simulation does. */
export interface RowCollector extends SimulationObserver {
  /** Once the run has ended. */
  rows(): SimulatedRows;
}

const KIND: Readonly<Record<number, AttemptRow["k"]>> = {
  [OUTCOME.ok]: "ok",
  [OUTCOME.throttled]: "throttled",
  [OUTCOME.unavailable]: "unavailable",
  [OUTCOME.error]: "error",
  [OUTCOME.abandoned]: "unavailable",
  [OUTCOME.timeout]: "timeout",
};

/**
 * Watches a simulation and writes the rows that a replaying client would: so both sides of a validation are counted by
 * the same code. An attempt's end is when the service was done with it, except that of one that serves its request.
 */
export function collectRows(plan: Plan): RowCollector {
  const attempts: AttemptRow[] = [];
  const requests: RequestRow[] = [];
  const records: EndpointRecord[] = [];
  /** Of served attempts that are still on their way back: time from first to last token, ms, by `request.attempt`. */
  const decodeMs = new Map<string, number>();
  const serving = new Map<string, number>();
  let isOver = false;

  return {
    onAttemptEnd(attempt) {
      const id = `${attempt.requestId}.${attempt.ordinal}`;
      if (attempt.outcome === OUTCOME.ok) {
        decodeMs.set(id, attempt.answeredMs - attempt.firstTokenMs);
        serving.set(id, attempts.length);
      }
      attempts.push(attemptRow(attempt));
      if (attempt.endpoint < 0 || attempt.outcome !== OUTCOME.ok) return;
      const region = plan.regionNames[plan.world.endpoints[attempt.endpoint]!.region]!;
      records.push({ id, region, usage: null });
    },
    onRequestEnd({ requestId, arrivalMs, endedMs, end, attempts: n, servedBy }) {
      requests.push({ t: "r", i: requestId, b: rounded(arrivalMs), e: rounded(endedMs), end, n, w: servedBy });
      if (servedBy < 0) return;
      const id = `${requestId}.${servedBy}`;
      const at = serving.get(id)!;
      const row = attempts[at]!;
      attempts[at] = { ...row, e: rounded(endedMs), f: rounded(endedMs - decodeMs.get(id)! - row.s) };
    },
    onRunEnd() {
      isOver = true;
    },
    rows() {
      invariant(isOver, "rows are taken when the run is over");
      attempts.sort((a, b) => a.i - b.i || a.o - b.o);
      requests.sort((a, b) => a.i - b.i);
      const place = (id: string) => id.split(".").map(Number) as [number, number];
      const keyed = records.map((record) => ({ record, at: place(record.id) }));
      keyed.sort(({ at: a }, { at: b }) => a[0] - b[0] || a[1] - b[1]);
      return { attempts, requests, records: keyed.map(({ record }) => record) };
    },
  };
}

function attemptRow(attempt: ObservedAttempt): AttemptRow {
  const { cacheReadTokens, cacheWriteTokens } = attempt;
  const uncached = attempt.inputTokens - cacheReadTokens - cacheWriteTokens;
  const kind = attempt.outcome < 0 ? "unfinished" : attempt.isGivenUp ? "timeout" : KIND[attempt.outcome]!;
  return {
    t: "a",
    i: attempt.requestId,
    o: attempt.ordinal,
    g: attempt.target,
    s: rounded(attempt.sentMs),
    e: rounded(attempt.endedMs),
    k: kind,
    c: 0,
    f: null,
    u: attempt.outcome === OUTCOME.ok ? [uncached, attempt.outputTokens, cacheReadTokens, cacheWriteTokens] : null,
    id: "",
    x: "",
  };
}

/** To the microsecond, as a measurement is. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
