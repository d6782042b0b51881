/** The audit of a run: every request with all its attempts, in names, instants and money. */
import { invariant } from "../base/errors.ts";
import { END } from "../client/request-rules.ts";
import type { Plan } from "../scenario/plan.ts";
import { type BilledAttempt, type BillingTerms, requestCostFUsd } from "../service/pricing/billing.ts";
import { type BillingRule, formatUsd } from "../service/pricing/prices.ts";
import { OUTCOME } from "../service/service.ts";
import type { ObservedAttempt, ObservedRequest, SimulationObserver } from "./observer.ts";

/** How a request ended, by the names of a result's counts. */
export type AuditEnd = keyof typeof END;

/** What the service made of an attempt. */
export type AuditOutcome = Exclude<keyof typeof OUTCOME, "timeout"> | "inFlight";

/** Tokens that are billed, each kind at its own price: `input` is the part of the prompt outside the cache. */
export interface AuditTokens {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
}

/** One HTTP try: where it was sent, where it ran. Instants are ISO UTC, cut to the millisecond. */
export interface AuditAttempt {
  readonly target: string;
  readonly sourceRegion: string;
  /** `regional`, or the profile as the scenario names it. */
  readonly route: string;
  /** Region that ran it or had it in its queue; null when the source region refused it. */
  readonly destinationRegion: string | null;
  readonly outcome: AuditOutcome;
  /** The caller's time limit had passed: it saw a timeout, and what was served is billed all the same. */
  readonly givenUp: boolean;
  readonly sentAt: string;
  /** When the service was done with it, or the run ended. */
  readonly endedAt: string;
  /** Of a throttled attempt: `<quota id>: <limit>`. */
  readonly refusedBy: string | null;
  readonly tokens: AuditTokens;
  /** Exact decimal USD, routing fee included. */
  readonly costUsd: string;
}

/** One request: who asked, where each attempt went, under which rule, and what it cost. */
export interface AuditRecord {
  readonly strategy: string;
  readonly replication: number;
  readonly request: number;
  readonly class: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly arrivedAt: string;
  readonly origin: string;
  /** False in the warm-up: then it is in no count and on no bill. */
  readonly counted: boolean;
  readonly end: AuditEnd;
  readonly endedAt: string;
  /** Region whose answer the caller took; null when it was not served. */
  readonly servedIn: string | null;
  readonly residency: string | null;
  /** Every target and region that it was sent to or ran in is one that the class's rule allows. */
  readonly allowed: boolean;
  /** All of the prompt, cached parts included. */
  readonly promptTokens: number;
  readonly tokens: AuditTokens;
  readonly billing: BillingRule;
  readonly costUsd: string;
  readonly attempts: readonly AuditAttempt[];
}

export interface AuditInput {
  readonly plan: Plan;
  /** Index into the plan's strategies. */
  readonly strategy: number;
  readonly replication: number;
  /** Takes each record as soon as the request and all its attempts have ended. */
  readonly write: (record: AuditRecord) => void;
}

/**
 * The audit of one run: one record per request, written when nothing more can happen to it, so memory holds only what
 * is under way. The costs of the counted records sum to the run's bill to the last digit.
 */
export function createAudit(input: AuditInput): SimulationObserver {
  const { plan, write } = input;
  const naming = new Naming(plan);
  const open = new Map<number, OpenRequest>();
  const settle = (id: number, request: OpenRequest) => {
    if (request.ended === null || request.attempts.length < request.ended.attempts) return;
    open.delete(id);
    write(recordOf(input, naming, request.ended, request.attempts));
  };
  const openOf = (id: number): OpenRequest => {
    const known = open.get(id);
    if (known !== undefined) return known;
    const request: OpenRequest = { ended: null, attempts: [] };
    open.set(id, request);
    return request;
  };
  return {
    onAttemptEnd: (attempt) => {
      const request = openOf(attempt.requestId);
      request.attempts.push(naming.attempt(attempt));
      settle(attempt.requestId, request);
    },
    onRequestEnd: (ended) => {
      const request = openOf(ended.requestId);
      request.ended = { ...ended };
      settle(ended.requestId, request);
    },
    onRunEnd: () => invariant(open.size === 0, "every audited request ends with the run"),
  };
}

interface OpenRequest {
  ended: ObservedRequest | null;
  readonly attempts: DatedAttempt[];
}

/** An attempt as the record shows it, and what its request's record follows from. */
interface DatedAttempt {
  readonly ordinal: number;
  readonly isAllowed: boolean;
  readonly costFUsd: bigint;
  readonly shown: AuditAttempt;
}

const ENDS = Object.keys(END) as readonly AuditEnd[];
const OUTCOMES = Object.keys(OUTCOME) as readonly AuditOutcome[];
const LIMITS = ["", "tokens per minute", "tokens per day", "requests"];
const NOTHING: AuditTokens = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };

function recordOf(
  { plan, strategy, replication }: AuditInput,
  naming: Naming,
  ended: ObservedRequest,
  attempts: readonly DatedAttempt[],
): AuditRecord {
  const each = plan.classes[ended.classIndex]!;
  const inOrder = attempts.toSorted((a, b) => a.ordinal - b.ordinal);
  const serving = ended.servedBy < 0 ? undefined : inOrder[ended.servedBy];
  let costFUsd = 0n;
  let tokens = NOTHING;
  for (const attempt of inOrder) {
    costFUsd += attempt.costFUsd;
    tokens = addTokens(tokens, attempt.shown.tokens);
  }
  return {
    strategy: plan.strategies[strategy]!.name,
    replication,
    request: ended.requestId,
    class: each.name,
    tags: each.tags,
    arrivedAt: naming.iso(ended.arrivalMs),
    origin: plan.originNames[ended.origin]!,
    counted: ended.isCounted,
    end: ENDS[ended.end]!,
    endedAt: naming.iso(ended.endedMs),
    servedIn: serving?.shown.destinationRegion ?? null,
    residency: each.residency,
    allowed: inOrder.every((attempt) => attempt.isAllowed),
    promptTokens: ended.inputTokens,
    tokens,
    billing: plan.money.billing,
    costUsd: formatUsd(costFUsd),
    attempts: inOrder.map((attempt) => attempt.shown),
  };
}

function addTokens(a: AuditTokens, b: AuditTokens): AuditTokens {
  return {
    input: a.input + b.input,
    output: a.output + b.output,
    cacheRead: a.cacheRead + b.cacheRead,
    cacheWrite: a.cacheWrite + b.cacheWrite,
  };
}

/** Turns the plan's indices back into names, and tokens into costs. */
class Naming {
  declare private readonly plan: Plan;
  declare private readonly terms: BillingTerms;

  constructor(plan: Plan) {
    this.plan = plan;
    const { billing, schedule, placements, candidateKeys, routingFeeUsdPer1kDecisions } = plan.money;
    this.terms = { rule: billing, schedule, placements, candidateKeys, routingFeeUsdPer1kDecisions };
  }

  iso(ms: number): string {
    return new Date(this.plan.startMs + ms).toISOString();
  }

  attempt(seen: ObservedAttempt): DatedAttempt {
    const { plan } = this;
    const { id, region, route } = plan.targets[seen.target]!;
    const each = plan.classes[seen.classIndex]!;
    const destination = seen.endpoint < 0 ? -1 : plan.world.endpoints[seen.endpoint]!.region;
    const isAllowed = (where: number) => where < 0 || each.allowedRegions[where] === 1;
    const tokens = isBilled(seen.outcome) ? billedTokens(seen) : NOTHING;
    const costFUsd = this.costFUsd(seen, tokens);
    return {
      ordinal: seen.ordinal,
      isAllowed: each.legal[seen.target] === 1 && isAllowed(region) && isAllowed(destination),
      costFUsd,
      shown: {
        target: id,
        sourceRegion: plan.regionNames[region]!,
        route,
        destinationRegion: destination < 0 ? null : plan.regionNames[destination]!,
        outcome: seen.outcome < 0 ? "inFlight" : OUTCOMES[seen.outcome]!,
        givenUp: seen.isGivenUp,
        sentAt: this.iso(seen.sentMs),
        endedAt: this.iso(seen.endedMs),
        refusedBy:
          seen.refusedQuota < 0 ? null : `${plan.world.quotas[seen.refusedQuota]!.id}: ${LIMITS[seen.refusedBy]}`,
        tokens,
        costUsd: formatUsd(costFUsd),
      },
    };
  }

  /** What was served is billed where it ran; every attempt pays for its routing decision, if that costs anything. */
  private costFUsd(seen: ObservedAttempt, tokens: AuditTokens): bigint {
    const { plan } = this;
    const route = plan.world.routes[seen.target * plan.models.length + seen.model]!;
    const isServed = tokens !== NOTHING;
    const billed: BilledAttempt = {
      epoch: isServed ? seen.epoch : 0,
      placement: isServed ? seen.placement : route.placements[0]!,
      classIndex: seen.classIndex,
      tokens: [tokens.input, tokens.output, tokens.cacheRead, tokens.cacheWrite],
      decisions: 1,
    };
    return requestCostFUsd(billed, this.terms);
  }
}

/** What was served is billed, and what came of an answer that broke off. */
function isBilled(outcome: number): boolean {
  return outcome === OUTCOME.ok || outcome === OUTCOME.broken || outcome === OUTCOME.empty;
}

function billedTokens(seen: ObservedAttempt): AuditTokens {
  return {
    input: seen.inputTokens - seen.cacheReadTokens - seen.cacheWriteTokens,
    output: seen.outputTokens,
    cacheRead: seen.cacheReadTokens,
    cacheWrite: seen.cacheWriteTokens,
  };
}
