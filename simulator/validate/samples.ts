/** One side of a validation: the rows of a run as columns by request, and the rows that a simulation writes. */
import { invariant } from "../base/errors.ts";
import { billedAttempt, isCounted, type MeasuredRun, regionOf } from "../bench/measured.ts";
import type { AttemptRow, EndpointRecord, RequestRow } from "../bench/rows.ts";
import type { ObservedAttempt, SimulationObserver } from "../engine/observer.ts";
import type { Plan } from "../scenario/plan.ts";
import { requestCostFUsd } from "../service/pricing/billing.ts";
import { usdOf } from "../service/pricing/prices.ts";
import { OUTCOME } from "../service/service.ts";

/**
 * The outcome of each request, in columns. Row k of both sides is the same request of the schedule; those of the
 * warm-up are left out.
 */
export interface RunSample {
  readonly requests: number;
  readonly classIndex: Int32Array;
  /** Latency from the intended arrival, ms; NaN unless the request was served. */
  readonly e2eMs: Float64Array;
  readonly ttftMs: Float64Array;
  /** Index of the region that ran it; -1 unless it was served. */
  readonly region: Int32Array;
  /** By region called: attempts until the request ended, and how many of them were answered 429 and 503. */
  readonly attempts: readonly AttemptColumns[];
  /** Charged for it, including attempts that timed out and losing hedges. */
  readonly costUsd: Float64Array;
}

export interface AttemptColumns {
  readonly sent: Float64Array;
  readonly throttled: Float64Array;
  readonly unavailable: Float64Array;
}

/** Reads the rows of a run; simulated and measured runs are counted alike. */
export function runSample(plan: Plan, run: MeasuredRun): RunSample {
  const kept = [...run.schedule.keys()].filter((id) => isCounted(plan, run.schedule[id]![0], id));
  const position = new Int32Array(run.schedule.length).fill(-1);
  kept.forEach((id, k) => {
    position[id] = k;
  });
  const n = kept.length;
  const sample: RunSample = {
    requests: n,
    classIndex: Int32Array.from(kept, (id) => run.schedule[id]![1]),
    e2eMs: new Float64Array(n).fill(Number.NaN),
    ttftMs: new Float64Array(n).fill(Number.NaN),
    region: new Int32Array(n).fill(-1),
    attempts: plan.regionNames.map(() => ({
      sent: new Float64Array(n),
      throttled: new Float64Array(n),
      unavailable: new Float64Array(n),
    })),
    costUsd: new Float64Array(n),
  };
  const attemptsOf: AttemptRow[][] = kept.map(() => []);
  for (const attempt of run.attempts) {
    const k = position[attempt.i]!;
    if (k >= 0) attemptsOf[k]!.push(attempt);
  }
  for (const row of run.requests) {
    const k = position[row.i]!;
    if (k < 0) continue;
    fillLatency(plan, run, sample, { k, row, attempts: attemptsOf[k]! });
    countAttempts(plan, sample, { k, row, attempts: attemptsOf[k]! });
    sample.costUsd[k] = costUsd(plan, run, attemptsOf[k]!);
  }
  return sample;
}

interface EndedRequest {
  readonly k: number;
  readonly row: RequestRow;
  readonly attempts: readonly AttemptRow[];
}

function fillLatency(plan: Plan, run: MeasuredRun, sample: RunSample, { k, row, attempts }: EndedRequest): void {
  const serving = row.w < 0 ? undefined : attempts.find((attempt) => attempt.o === row.w);
  if (serving === undefined) return;
  const arrivalMs = run.schedule[row.i]![0];
  const e2eMs = Math.max(0, row.e - arrivalMs);
  sample.e2eMs[k] = e2eMs;
  sample.ttftMs[k] = serving.f === null ? e2eMs : Math.min(e2eMs, Math.max(0, serving.s - arrivalMs + serving.f));
  sample.region[k] = regionOf(plan, serving, run.ranIn);
}

function countAttempts(plan: Plan, sample: RunSample, { k, row, attempts }: EndedRequest): void {
  for (const attempt of attempts) {
    if (attempt.o >= row.n) continue;
    const columns = sample.attempts[plan.targets[attempt.g]!.region]!;
    columns.sent[k]!++;
    if (attempt.e > row.e) continue;
    if (attempt.k === "throttled") columns.throttled[k]!++;
    else if (attempt.k === "unavailable") columns.unavailable[k]!++;
  }
}

/** Under the scenario's own billing rule. */
function costUsd(plan: Plan, run: MeasuredRun, attempts: readonly AttemptRow[]): number {
  const { schedule, placements, candidateKeys, routingFeeUsdPer1kDecisions, billing } = plan.money;
  const terms = { rule: billing, schedule, placements, candidateKeys, routingFeeUsdPer1kDecisions };
  let sum = 0n;
  for (const attempt of attempts) sum += requestCostFUsd(billedAttempt(plan, run, attempt), terms);
  return usdOf(sum);
}

/** A simulated run in the rows of a measured one. */
export interface SimulatedRows {
  /** In order of request and attempt. */
  readonly attempts: readonly AttemptRow[];
  readonly requests: readonly RequestRow[];
  readonly records: readonly EndpointRecord[];
}

/** Collects the rows of a simulation. */
export interface RowCollector extends SimulationObserver {
  /** Call after the run has ended. */
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
 * Observes a simulation and writes the rows that a replaying client would, so that both sides are counted by the same
 * code. An attempt ends when the service has finished it, the serving one when its request ends.
 */
export function collectRows(plan: Plan): RowCollector {
  const attempts: AttemptRow[] = [];
  const requests: RequestRow[] = [];
  const records: EndpointRecord[] = [];
  /** Of served attempts whose answers are in transit: time from first to last token, ms, by `request.attempt`. */
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
