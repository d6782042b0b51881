/** What `--explain` finds: sampled requests, what each strategy saw and chose, and what would have come of other choices. */

export interface ExplainedDecisions {
  readonly replication: number;
  readonly requests: readonly ExplainedRequest[];
}

/** One sampled request under every strategy. */
export interface ExplainedRequest {
  readonly request: number;
  readonly class: string;
  readonly origin: string;
  readonly arrivedAt: string;
  readonly inputTokens: number;
  /** The caller's max_tokens, or the model's maximum where unset. */
  readonly maxTokens: number;
  readonly strategies: readonly ExplainedChoice[];
}

/** The first decision of one strategy about a request. */
export interface ExplainedChoice {
  readonly strategy: string;
  /** ms from the arrival to the decision. */
  readonly decidedAfterMs: number;
  /** Id of the target; `later` or `refused` where the strategy put it off or refused it. */
  readonly chosen: string;
  readonly targets: readonly SeenTarget[];
  /** What came of each target when the first attempt was sent there, the strategy's own choice among them. */
  readonly outcomes: readonly WhatIf[];
  /** The target that hindsight would have chosen: served first, then within the objective, then cheaper, then faster. */
  readonly hindsight: string;
}

/** What the strategy could see of an eligible target; null for what it does not ask for or does not know yet. */
export interface SeenTarget {
  readonly target: string;
  readonly score: number | null;
  readonly priceInUsdPerMTok: number | null;
  readonly priceOutUsdPerMTok: number | null;
  readonly rttMs: number | null;
  readonly inFlight: number;
  readonly e2eMsMean: number | null;
  readonly e2eMsP95: number | null;
  readonly ttftMsMean: number | null;
  readonly failureShare: number | null;
  readonly throttleShare: number | null;
  readonly quotaHeadroom: number | null;
}

/** The request's own end in a run in which its first attempt went to this target. */
export interface WhatIf {
  readonly target: string;
  readonly end: string;
  /** From the arrival to the end, ms. */
  readonly e2eMs: number;
  readonly costUsd: number;
  readonly attempts: number;
  /** Null where its class has no objective. */
  readonly isWithinObjective: boolean | null;
}
