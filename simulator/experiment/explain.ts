/** Explains sampled decisions: a run of each strategy as it is, and runs in which the samples go elsewhere. */
import type { TargetView } from "../client/strategy.ts";
import { SHED } from "../client/strategy.ts";
import { type AuditRecord, createAudit } from "../engine/audit.ts";
import type { ObservedDecision, SimulationObserver } from "../engine/observer.ts";
import { signalsOf } from "../engine/router.ts";
import { replicationSeed, Simulation } from "../engine/simulation.ts";
import type { Plan } from "../scenario/plan.ts";
import { createTraffic } from "../traffic/source.ts";
import type { ExplainedChoice, ExplainedDecisions, ExplainedRequest, SeenTarget, WhatIf } from "./result-detail.ts";

/** Most requests that are explained: more are not read, and what-ifs begin to disturb each other. */
export const EXPLAINED_MAX = 200;

/**
 * Explains the first decision about `count` requests, evenly spread over the counted ones of replication 0, under each
 * strategy: what it saw, how it scored, what it chose. Then every sample is sent to each of its other eligible targets in
 * runs of their own (one run for the k-th alternatives of all samples together), on the same draws: what comes of it is
 * hindsight, not an estimate. Samples are so few among the requests that they hardly change each other's worlds. Later
 * attempts of a sample are the strategy's own.
 *
 * Yields the share that is done. Costs as many runs a strategy as there are targets.
 */
export function* explainDecisions(plan: Plan, count: number): Generator<number, ExplainedDecisions> {
  const sampled = sampleIds(plan, count);
  const runs = plan.strategies.length * plan.targets.length;
  const found: ExplainedChoice[][] = sampled.map(() => []);
  let heads: readonly Head[] = [];
  for (const [index] of plan.strategies.entries()) {
    const own = new Trace(plan, index, sampled, 0);
    runOnce(plan, index, own);
    heads = own.heads();
    const outcomes = sampled.map((id) => [whatIf(plan, own.records.get(id), own.chosen(id))]);
    for (let turn = 1; turn < plan.targets.length; turn++) {
      yield (index * plan.targets.length + turn) / runs;
      const forced = new Trace(plan, index, sampled, turn);
      if (!own.hasAlternative(turn)) continue;
      runOnce(plan, index, forced);
      sampled.forEach((id, i) => {
        const target = forced.forcedTo(id);
        if (target !== undefined) outcomes[i]!.push(whatIf(plan, forced.records.get(id), target));
      });
    }
    sampled.forEach((id, i) => {
      const seen = own.seen.get(id);
      if (seen === undefined) return;
      const kept = outcomes[i]!.filter((each) => each !== undefined);
      found[i]!.push({ ...seen, outcomes: kept, hindsight: bestOf(kept) });
    });
  }
  const requests = sampled.flatMap((id, i): readonly ExplainedRequest[] => {
    const head = heads.find((each) => each.request === id);
    return head === undefined ? [] : [{ ...head, strategies: found[i]! }];
  });
  return { replication: 0, requests };
}

type Head = Omit<ExplainedRequest, "strategies">;

function trafficOf(plan: Plan) {
  return createTraffic(plan.traffic, {
    seed: plan.seed,
    replication: 0,
    durationMs: plan.durationMs,
    fromMs: plan.arrivalsFromMs,
    requestsMax: plan.requestsMax,
    chunkRows: 16_384,
  });
}

/** Numbers of requests, evenly spread over those that are counted. */
function sampleIds(plan: Plan, count: number): readonly number[] {
  const traffic = trafficOf(plan);
  const { warmup } = plan;
  let total = 0;
  let first = warmup.kind === "requests" ? warmup.amount : 0;
  for (let chunk = traffic.next(); chunk !== undefined; chunk = traffic.next()) {
    if (warmup.kind === "duration") {
      for (let row = 0; row < chunk.length && chunk.arrivalMs[row]! < warmup.amount; row++) first++;
    }
    total += chunk.length;
  }
  const counted = Math.max(0, total - first);
  const n = Math.min(count, counted);
  return Array.from({ length: n }, (_, k) => first + Math.floor(((k + 0.5) * counted) / n));
}

function runOnce(plan: Plan, strategy: number, observer: SimulationObserver): void {
  const run = new Simulation(plan, plan.strategies[strategy]!, replicationSeed(plan.seed, 0), observer);
  const traffic = trafficOf(plan);
  for (let chunk = traffic.next(); chunk !== undefined && run.run(chunk); chunk = traffic.next());
  run.end();
}

/** Watches one run: notes the samples' first decisions, or sends them to their `turn`-th alternative, and their ends. */
class Trace implements SimulationObserver {
  readonly seen = new Map<number, Omit<ExplainedChoice, "outcomes" | "hindsight">>();
  readonly records = new Map<number, AuditRecord>();
  private readonly headOf = new Map<number, Head>();
  private readonly alternatives = new Map<number, number>();
  private readonly forced = new Map<number, number>();
  private readonly plan: Plan;
  private readonly strategy: number;
  private readonly samples: ReadonlySet<number>;
  private readonly turn: number;
  private readonly audit: SimulationObserver;

  constructor(plan: Plan, strategy: number, samples: readonly number[], turn: number) {
    this.plan = plan;
    this.strategy = strategy;
    this.samples = new Set(samples);
    this.turn = turn;
    const write = (record: AuditRecord) => this.records.set(record.request, record);
    this.audit = createAudit({ plan, strategy, replication: 0, write });
  }

  onDecision(decision: ObservedDecision, choice: number): number {
    const { requestId, attempt } = decision.request;
    if (attempt > 0 || !this.samples.has(requestId) || this.seen.has(requestId)) return choice;
    this.note(decision, choice);
    if (this.turn === 0) return choice;
    const { eligible, eligibleCount } = decision.targets;
    const others = [...eligible.subarray(0, eligibleCount)].filter((target) => target !== choice);
    const target = others[this.turn - 1];
    if (target === undefined) return choice;
    this.forced.set(requestId, target);
    return target;
  }

  onAttemptEnd(attempt: Parameters<SimulationObserver["onAttemptEnd"]>[0]): void {
    if (this.samples.has(attempt.requestId)) this.audit.onAttemptEnd(attempt);
  }

  onRequestEnd(request: Parameters<SimulationObserver["onRequestEnd"]>[0]): void {
    if (this.samples.has(request.requestId)) this.audit.onRequestEnd(request);
  }

  onRunEnd(): void {}

  heads(): readonly Head[] {
    return [...this.headOf.values()];
  }

  chosen(id: number): string {
    return this.seen.get(id)?.chosen ?? "";
  }

  forcedTo(id: number): string | undefined {
    const target = this.forced.get(id);
    return target === undefined ? undefined : this.plan.targets[target]!.id;
  }

  /** Whether any sample has so many targets beside the one that was chosen. */
  hasAlternative(turn: number): boolean {
    return [...this.alternatives.values()].some((others) => others >= turn);
  }

  private note({ request, targets, nowMs, strategy }: ObservedDecision, choice: number): void {
    const { plan } = this;
    const { requestId, arrivalMs, inputTokens, maxTokens } = request;
    const eligible = [...targets.eligible.subarray(0, targets.eligibleCount)];
    const signals = new Set<string>(signalsOf(plan.strategies[this.strategy]!));
    this.alternatives.set(requestId, eligible.filter((target) => target !== choice).length);
    this.headOf.set(requestId, {
      request: requestId,
      class: plan.classes[request.classIndex]!.name,
      origin: plan.originNames[request.originIndex]!,
      arrivedAt: new Date(plan.startMs + arrivalMs).toISOString(),
      inputTokens,
      maxTokens,
    });
    this.seen.set(requestId, {
      strategy: plan.strategies[this.strategy]!.name,
      decidedAfterMs: nowMs - arrivalMs,
      chosen: choice >= 0 ? plan.targets[choice]!.id : choice === SHED ? "refused" : "later",
      targets: eligible.map((target) =>
        seenTarget(plan, targets, target, signals, strategy.scoreOf?.(target, request, targets, nowMs)),
      ),
    });
  }
}

function seenTarget(
  plan: Plan,
  view: TargetView,
  target: number,
  signals: ReadonlySet<string>,
  score: number | undefined,
): SeenTarget {
  const of = (signal: string, column: ArrayLike<number>) => (signals.has(signal) ? known(column[target]!) : null);
  return {
    target: plan.targets[target]!.id,
    score: score === undefined ? null : known(score),
    priceInUsdPerMTok: of("price", view.priceInUsdPerMTok),
    priceOutUsdPerMTok: of("price", view.priceOutUsdPerMTok),
    rttMs: of("rtt", view.rttMs),
    inFlight: view.inFlight[target]!,
    e2eMsMean: of("e2e", view.e2eMsMean),
    e2eMsP95: of("e2eP95", view.e2eMsP95),
    ttftMsMean: of("ttft", view.ttftMsMean),
    failureShare: of("failureShare", view.failureShare),
    throttleShare: of("throttleShare", view.throttleShare),
    quotaHeadroom: of("quotaHeadroom", view.quotaHeadroom),
  };
}

function known(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** Undefined for a request that had not ended with all its attempts when the run did. */
function whatIf(plan: Plan, record: AuditRecord | undefined, target: string): WhatIf | undefined {
  if (record === undefined) return undefined;
  const e2eMs = Date.parse(record.endedAt) - Date.parse(record.arrivedAt);
  const objectiveMs = plan.classes.find(({ name }) => name === record.class)!.sloE2eMs;
  const isServed = record.end === "served";
  return {
    target,
    end: record.end,
    e2eMs,
    costUsd: Number(record.costUsd),
    attempts: record.attempts.length,
    isWithinObjective: Number.isFinite(objectiveMs) ? isServed && e2eMs <= objectiveMs : null,
  };
}

/** Served before not served, within the objective before outside, then cheaper, then faster; ties to the first. */
function bestOf(outcomes: readonly WhatIf[]): string {
  const rank = ({ end, isWithinObjective, costUsd, e2eMs }: WhatIf) => [
    end === "served" ? 0 : 1,
    isWithinObjective === false ? 1 : 0,
    costUsd,
    e2eMs,
  ];
  const isBetter = (a: WhatIf, b: WhatIf): boolean => {
    const [left, right] = [rank(a), rank(b)];
    const differs = left.findIndex((value, i) => Math.abs(value - right[i]!) > 1e-12);
    return differs >= 0 && left[differs]! < right[differs]!;
  };
  return (
    outcomes.reduce<WhatIf | undefined>(
      (best, each) => (best === undefined || isBetter(each, best) ? each : best),
      undefined,
    )?.target ?? ""
  );
}
