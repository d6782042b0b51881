/** Time limits of a client. Infinity where there is none. */
export interface TimeoutPolicy {
  /** Of one attempt, from sending it (an SDK's read timeout). */
  readonly attemptMs: number;
  /** Of the whole request, from its intended arrival, over all attempts and waits (a caller's deadline). */
  readonly requestMs: number;
}

export const NO_TIMEOUT: TimeoutPolicy = { attemptMs: Infinity, requestMs: Infinity };

/** The instant at which an attempt is abandoned, whichever limit comes first; Infinity if none does. */
export function attemptDeadlineMs(policy: TimeoutPolicy, arrivalMs: number, sentMs: number): number {
  return Math.min(sentMs + policy.attemptMs, arrivalMs + policy.requestMs);
}
