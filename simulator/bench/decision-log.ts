/** The decision log: every request of a client in use, with all its attempts, as the audit of a simulated run has them. */
import { END } from "../client/request-rules.ts";
import type { AuditAttempt, AuditEnd, AuditOutcome, AuditRecord, AuditTokens } from "../engine/audit.ts";
import { formatUsd } from "../service/pricing/prices.ts";
import type { LivePlan } from "./live-plan.ts";
import type { AttemptRow, RequestRow, ScheduledRequest } from "./rows.ts";

/** An attempt as its client saw it: where it ran is known only where the service says so. */
export interface DecisionAttempt extends Omit<AuditAttempt, "costUsd"> {
  readonly costUsd: string | null;
  /** What was called: id of a model or of an inference profile. */
  readonly calledId: string;
  /** HTTP status; 0 without an answer. */
  readonly status: number;
  /** Name of the error; "" for none. */
  readonly error: string;
  /** The service's id of the call; "" without an answer. */
  readonly serviceRequestId: string;
  readonly e2eMs: number;
  /** ms from sending to the first token; null where it was not seen. */
  readonly ttftMs: number | null;
}

/**
 * A line of the log: the record of an audit, and what a client knows beside it. `allowed` says that every attempt went
 * to a target that the class may use.
 */
export interface DecisionRecord extends Omit<AuditRecord, "attempts" | "billing" | "costUsd"> {
  readonly model: string;
  /** The caller's max_tokens; 0 = not set. */
  readonly maxTokens: number;
  /** Round trips that the latencies contain, ms, by target. */
  readonly roundTripMs: Readonly<Record<string, number>>;
  readonly costUsd: string | null;
  readonly attempts: readonly DecisionAttempt[];
}

/** Puts requests and attempts together, and writes each request when nothing more can happen to it. */
export class DecisionLog {
  private readonly plan: LivePlan;
  /** What ms 0 of the client's clock is, ms since 1970. */
  private readonly originMs: number;
  private readonly write: (record: DecisionRecord) => void;
  private readonly open = new Map<number, OpenRequest>();

  constructor(plan: LivePlan, originMs: number, write: (record: DecisionRecord) => void) {
    this.plan = plan;
    this.originMs = originMs;
    this.write = write;
  }

  began(request: ScheduledRequest): void {
    this.open.set(request.requestId, { request, attempts: [], sent: 0, ended: undefined });
  }

  sent(requestId: number): void {
    const open = this.open.get(requestId);
    if (open !== undefined) open.sent++;
  }

  attemptEnded(row: AttemptRow): void {
    const open = this.open.get(row.i);
    if (open === undefined) return;
    open.attempts.push(row);
    this.settle(open);
  }

  requestEnded(row: RequestRow): void {
    const open = this.open.get(row.i);
    if (open === undefined) return;
    open.ended = row;
    this.settle(open);
  }

  private settle(open: OpenRequest): void {
    const { ended, request } = open;
    if (ended === undefined || open.attempts.length < open.sent) return;
    this.open.delete(request.requestId);
    this.write(
      this.record(
        request,
        ended,
        [...open.attempts].sort((a, b) => a.o - b.o),
      ),
    );
  }

  private record(request: ScheduledRequest, ended: RequestRow, rows: readonly AttemptRow[]): DecisionRecord {
    const { replay, modelNames, residency, tags } = this.plan;
    const { classIndex, originIndex } = request;
    const { name, model, legal } = replay.classes[classIndex]!;
    const attempts = rows.map((row) => this.attempt(row, request, model));
    const serving = rows.findIndex((row) => row.o === ended.w);
    return {
      strategy: replay.strategy.name,
      replication: 0,
      request: request.requestId,
      class: name,
      tags: tags[classIndex]!,
      arrivedAt: this.iso(request.arrivalMs),
      origin: replay.origins[originIndex]!,
      counted: true,
      end: ENDS[ended.end]!,
      endedAt: this.iso(ended.e),
      servedIn: attempts[serving]?.sourceRegion ?? null,
      residency: residency[classIndex]!,
      allowed: rows.every(({ g }) => legal.includes(g)),
      promptTokens: request.inputTokens,
      tokens: attempts.map(({ tokens }) => tokens).reduce(addTokens, NOTHING),
      model: modelNames[model]![0]!,
      maxTokens: request.maxTokens,
      roundTripMs: Object.fromEntries(rows.map(({ g }) => [replay.targets[g]!.id, replay.rttMs[originIndex]![g]!])),
      costUsd: usdText(sumOf(rows.map((row) => this.plan.costFUsd(row, request)))),
      attempts,
    };
  }

  private attempt(row: AttemptRow, request: ScheduledRequest, model: number): DecisionAttempt {
    const { id, region, calledIds } = this.plan.replay.targets[row.g]!;
    const [input = 0, output = 0, cacheRead = 0, cacheWrite = 0] = row.u ?? [];
    const route = this.plan.routes[row.g]!;
    return {
      target: id,
      sourceRegion: region,
      route,
      // A profile may run a call in another region, and the answer does not say where.
      destinationRegion: row.k === "ok" && route === "regional" ? region : null,
      outcome: OUTCOMES[row.k],
      givenUp: row.k === "timeout",
      sentAt: this.iso(row.s),
      endedAt: this.iso(row.e),
      refusedBy: row.k === "throttled" ? row.x : null,
      tokens: { input, output, cacheRead, cacheWrite },
      costUsd: usdText(this.plan.costFUsd(row, request)),
      calledId: calledIds[model]!,
      status: row.c,
      error: row.x,
      serviceRequestId: row.id,
      e2eMs: round(row.e - row.s),
      ttftMs: row.f === null ? null : round(row.f),
    };
  }

  private iso(ms: number): string {
    return new Date(this.originMs + ms).toISOString();
  }
}

interface OpenRequest {
  readonly request: ScheduledRequest;
  readonly attempts: AttemptRow[];
  sent: number;
  ended: RequestRow | undefined;
}

const ENDS = Object.keys(END) as readonly AuditEnd[];

/** The audit's words; a call that was given up is one that the service may well have served. */
const OUTCOMES: Readonly<Record<AttemptRow["k"], AuditOutcome>> = {
  ok: "ok",
  throttled: "throttled",
  unavailable: "unavailable",
  error: "error",
  timeout: "abandoned",
  unfinished: "inFlight",
};

const NOTHING: AuditTokens = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };

function addTokens(a: AuditTokens, b: AuditTokens): AuditTokens {
  return {
    input: a.input + b.input,
    output: a.output + b.output,
    cacheRead: a.cacheRead + b.cacheRead,
    cacheWrite: a.cacheWrite + b.cacheWrite,
  };
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

function usdText(fUsd: bigint | null): string | null {
  return fUsd === null ? null : formatUsd(fUsd);
}

function sumOf(costs: readonly (bigint | null)[]): bigint | null {
  return costs.reduce((sum: bigint | null, cost) => (sum === null || cost === null ? null : sum + cost), 0n);
}
