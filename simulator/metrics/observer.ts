import type { End } from "../client/request-rules.ts";
import type { Outcome } from "../world/world.ts";

/**
 * Watches one run request by request: for audits and series that a summary cannot give. A run without one pays a null
 * check. Both objects are reused between calls: keep what is needed, not the object.
 */
export interface SimulationObserver {
  /** The service is done with an attempt, or the run ended before it was. Once per attempt, in the order of time. */
  onAttemptEnd(attempt: ObservedAttempt): void;
  /** A request has ended for its caller. Attempts of it may still end later: hedges that lost, calls given up. */
  onRequestEnd(request: ObservedRequest): void;
  /** Nothing more will come. */
  onRunEnd(): void;
}

/** Indices are the plan's; instants are ms since the run's start. */
export interface ObservedAttempt {
  requestId: number;
  /** 0 for a request's first attempt. */
  ordinal: number;
  classIndex: number;
  model: number;
  target: number;
  /** Endpoint that had it last; -1 when it never got as far. */
  endpoint: number;
  /** What the service made of it; -1 when the run ended first. */
  outcome: Outcome | -1;
  /** The caller had given it up by then: for the caller it timed out. */
  isGivenUp: boolean;
  /** Quota and limit (`REFUSED_BY`) of a throttled attempt; -1 and 0 otherwise. */
  refusedQuota: number;
  refusedBy: number;
  sentMs: number;
  endedMs: number;
  /** At the source region's door, for attempts that reached an endpoint. */
  receivedMs: number;
  /** At the same door on the way back, of a served attempt: first and last token. */
  firstTokenMs: number;
  answeredMs: number;
  /** All of the prompt, cached parts included. */
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
  /** Quota that its tokens count against; -1 = none. */
  quota: number;
  /** Where in the ledger a served attempt is billed. */
  epoch: number;
  placement: number;
  /** False in the warm-up. */
  isCounted: boolean;
}

export interface ObservedRequest {
  requestId: number;
  classIndex: number;
  origin: number;
  arrivalMs: number;
  endedMs: number;
  end: End;
  /** Attempts that were sent, ended or not. */
  attempts: number;
  /** The attempt that served it; -1 = none. */
  servedBy: number;
  inputTokens: number;
  isCounted: boolean;
}
