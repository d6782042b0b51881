/**
 * Hedged requests: when an attempt has not answered for a while, send another and take the first answer. The loser
 * runs to its end and is billed. Source: Dean, Barroso, "The tail at scale", CACM 56(2), 2013.
 */
export interface HedgePolicy {
  /** Silence after which the next hedge leaves, counted from the latest send. */
  readonly afterMs: number;
  /** Hedges per attempt; 0 = never. */
  readonly hedgesMax: number;
}

export const NO_HEDGE: HedgePolicy = { afterMs: Infinity, hedgesMax: 0 };

/** When the next hedge is due, given how many were sent; Infinity when no more may be sent. */
export function nextHedgeMs(policy: HedgePolicy, hedgesSent: number, latestSentMs: number): number {
  return hedgesSent < policy.hedgesMax ? latestSentMs + policy.afterMs : Infinity;
}
