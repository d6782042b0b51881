/** The plan of a client that is in use: what a replay plan says of strategy, targets and client rules, without an end. */
import { MeridianError } from "../base/errors.ts";
import { DAY_MS } from "../base/time.ts";
import type { StrategyDefinition } from "../client/strategy.ts";
import type { Plan, RetryPlan } from "../scenario/plan.ts";
import { requestCostFUsd } from "../service/pricing/billing.ts";
import { makeReplayPlan, notReplayable } from "./make-plan.ts";
import { billedAttempt } from "./measured.ts";
import type { ClientQuotas, ReplayPlan, ReplayTarget } from "./plan.ts";
import type { AttemptRow, ScheduledRequest } from "./rows.ts";

/** What a client in use needs to know. */
export interface LivePlan {
  readonly replay: ReplayPlan;
  /** A strategy of the caller's own, which the plan cannot hold as data. */
  readonly definition?: StrategyDefinition;
  /** Where the clock of prices and quotas begins, ms since 1970. */
  readonly startMs: number;
  /** By model: the names under which callers may ask for it. */
  readonly modelNames: readonly (readonly string[])[];
  /** By class: its residency rule, for the log; null where it has none. */
  readonly residency: readonly (string | null)[];
  /** By class: its tags, for the log. */
  readonly tags: readonly Readonly<Record<string, string>>[];
  /** By target: `regional`, or the profile as the scenario names it. */
  readonly routes: readonly string[];
  /** Cost of an attempt by the tokens that the service reported, 1e-15 USD; null where prices are not known. */
  costFUsd(attempt: AttemptRow, request: ScheduledRequest): bigint | null;
}

/**
 * The plan of a client that routes with one strategy of a scenario: its targets, prices, round trips, quotas, residency
 * rules, retries, time limits and hedges. Faults and emulated health stay behind: those of the world are real.
 *
 * @throws MeridianError usage BENCH_NOT_REPLAYABLE with all that no client can do
 */
export function livePlan(plan: Plan, strategyIndex: number): LivePlan {
  const strategy = plan.strategies[strategyIndex]!;
  const problems = notReplayable({ ...plan, gateways: [], strategies: [strategy] }, true);
  if (problems.length > 0) throw new MeridianError("usage", problems);
  const made = makeReplayPlan(
    plan,
    strategyIndex,
    { urlOfRegion: new Map(), operation: "converse", isEmulated: false, roundTripMs: new Map() },
    { requests: Number.POSITIVE_INFINITY, lastArrivalMs: Number.POSITIVE_INFINITY, drainMs: 0 },
  );
  const { offered } = strategy;
  const lastMs = made.prices.at(-1)!.fromMs;
  const classes = made.classes.map((each, c) => {
    const may = offered === null ? each.legal : each.legal.filter((target) => offered[c]![target] === 1);
    return { ...each, legal: may };
  });
  const replay: ReplayPlan = {
    ...made,
    routers: 1,
    fromMs: 0,
    classes,
    rttMs: plan.originNames.map((_, origin) =>
      plan.targets.map(({ region }) => plan.network.rttMs[origin * plan.regionNames.length + region]!),
    ),
    // Hours of prices come round each day; a curve over several days, after those.
    ...(lastMs > 0 ? { pricesRepeatMs: Math.ceil((lastMs + 1) / DAY_MS) * DAY_MS } : {}),
    ...(plan.world.quotas.length > 0 ? { quotas: quotasOf(plan) } : {}),
  };
  return {
    replay,
    startMs: plan.startMs,
    modelNames: plan.models.map(({ name, id }, m) => [
      ...new Set([name, id, ...plan.targets.flatMap(({ calledIds }) => calledIds[m] ?? [])]),
    ]),
    residency: plan.classes.map((each) => each.residency),
    tags: plan.classes.map((each) => each.tags),
    routes: plan.targets.map(({ route }) => route),
    costFUsd: (attempt, { classIndex }) => planCostFUsd(plan, attempt, classIndex, replay.pricesRepeatMs),
  };
}

/** By the scenario's price list and billing rule, as if it ran where it was sent. */
function planCostFUsd(
  plan: Plan,
  attempt: AttemptRow,
  classIndex: number,
  repeatMs = Number.POSITIVE_INFINITY,
): bigint {
  const { placements, candidateKeys, routingFeeUsdPer1kDecisions, billing, schedule } = plan.money;
  const terms = { rule: billing, schedule, placements, candidateKeys, routingFeeUsdPer1kDecisions };
  const sentMs = Number.isFinite(repeatMs) ? attempt.s % repeatMs : attempt.s;
  const run = { schedule: [[sentMs, classIndex, 0, 0, 0, 0, 0, -1] as const], ranIn: () => undefined };
  return requestCostFUsd(billedAttempt(plan, run, { ...attempt, i: 0, s: sentMs }), terms);
}

function quotasOf({ world, classes, targets, models }: Plan): ClientQuotas {
  return {
    startMs: world.startMs,
    specs: world.quotas,
    quotaOf: classes.map(({ model }, c) =>
      targets.map((_, t) => world.routes[t * models.length + model]?.quotas[world.accountOfClass[c]!] ?? -1),
    ),
  };
}

/** A target of a client without a scenario. */
export interface LiveTarget {
  /** Name by which options and the log know it; the region unless given. */
  readonly id?: string;
  /** Region whose endpoint is called. */
  readonly region: string;
  /** What is called there: the id of the model or of an inference profile, by the caller's name of the model. */
  readonly models: Readonly<Record<string, string>>;
  /** USD per million tokens; a target without a price is never the cheapest. */
  readonly priceInUsdPerMTok?: number;
  readonly priceOutUsdPerMTok?: number;
  /** Network round trip from the caller, ms; 0 unless given. */
  readonly rttMs?: number;
}

/** What a class of callers may use, for a client without a scenario. */
export interface LiveClass {
  readonly model: string;
  /** Ids of the targets that its data may reach; all that sell the model unless given. */
  readonly targets?: readonly string[];
  /** E2E objective, ms. */
  readonly sloE2eMs?: number;
  readonly deferrable?: boolean;
}

/** A client without a scenario. */
export interface LiveOptions {
  /** Name of a bundled strategy, or a definition of your own. */
  readonly strategy: string | StrategyDefinition;
  /** Its options as plain values: durations in ms, shares in [0, 1]. */
  readonly options?: Readonly<Record<string, unknown>>;
  readonly targets: readonly LiveTarget[];
  /** Classes of callers by name; one for each model unless given. */
  readonly classes?: Readonly<Record<string, LiveClass>>;
  /** `standard` retries of the JavaScript SDK unless given. */
  readonly retry?: RetryPlan;
  /** Limit of an attempt and of a whole request, ms; none unless given. */
  readonly timeoutMs?: number;
  readonly deadlineMs?: number;
  /** max_tokens where a caller sets none; 4096 unless given. */
  readonly maxTokens?: number;
  /** Seed of the draws of randomised strategies; give each client its own. */
  readonly seed?: number;
}

const MAX_TOKENS = 4096;
/** A caller that waits for bytes as long as its own limits let it. */
const NO_OTHER_LIMITS = {
  connectMs: Number.POSITIVE_INFINITY,
  firstByteMs: Number.POSITIVE_INFINITY,
  idleMs: Number.POSITIVE_INFINITY,
};
/** No hedges, and no calls made again. */
const NOTHING_BESIDES = {
  isStreaming: true,
  broken: { again: "never", callsMax: 0, delayMs: 0 },
  hedge: { afterMs: Number.POSITIVE_INFINITY, quantile: 0, hedgesMax: 0, budgetShare: Number.POSITIVE_INFINITY },
} as const;
const CHARS_PER_TOKEN = 4;
/** 1e-15 USD for a token at 1 USD per million tokens. */
const FUSD_PER_TOKEN = 1e9;

/**
 * The plan of a client that is described by its targets alone.
 *
 * @throws MeridianError usage ROUTER_TARGETS
 */
export function livePlanOfTargets(options: LiveOptions): LivePlan {
  const { strategy, targets, seed = 0 } = options;
  const ids = targets.map(({ id, region }) => id ?? region);
  const models = [...new Set(targets.flatMap((target) => Object.keys(target.models)))];
  refuseTargets(ids, models);
  const calledIds = targets.map((target) => models.map((name) => target.models[name] ?? null));
  const given = options.classes ?? Object.fromEntries(models.map((model) => [model, { model }]));
  const names = Object.keys(given);
  const classes = names.map((name) => classOf(name, given[name]!, { ids, models, calledIds }));
  const priceRows = (of: (target: LiveTarget) => number | undefined) =>
    models.map(() => targets.map((target) => of(target) ?? Number.NaN));
  const own = typeof strategy === "string" ? undefined : strategy;
  const label = own?.name ?? String(strategy);
  const replay: ReplayPlan = {
    schemaVersion: 1,
    seed,
    routers: 1,
    requests: Number.POSITIVE_INFINITY,
    fromMs: 0,
    durationMs: Number.POSITIVE_INFINITY,
    drainMs: 0,
    strategy: { name: label, kind: label, source: null, options: options.options ?? {} },
    client: {
      retry: options.retry ?? { mode: "standard", sdk: "js" },
      timeout: {
        attemptMs: options.timeoutMs ?? Number.POSITIVE_INFINITY,
        requestMs: options.deadlineMs ?? Number.POSITIVE_INFINITY,
        ...NO_OTHER_LIMITS,
      },
      ...NOTHING_BESIDES,
    },
    signalAgeMs: 0,
    operation: "converse",
    origins: ["here"],
    isEmulated: false,
    targets: targets.map(({ region }, t): ReplayTarget => {
      const called = { id: ids[t]!, region, url: "", calledIds: calledIds[t]!, tier: "standard" as const };
      return { ...called, api: "bedrock", settings: {}, auth: { kind: "aws" }, seesFirstToken: true };
    }),
    modelMaxTokens: models.map(() => options.maxTokens ?? MAX_TOKENS),
    templateTokens: models.map(() => 0),
    charsPerToken: models.map(() => CHARS_PER_TOKEN),
    promptSalt: "",
    classes,
    rttMs: [targets.map(({ rttMs = 0 }) => rttMs)],
    prices: [
      {
        fromMs: 0,
        inUsdPerMTok: priceRows((target) => target.priceInUsdPerMTok),
        outUsdPerMTok: priceRows((target) => target.priceOutUsdPerMTok),
      },
    ],
    spend: null,
    health: [{ fromMs: 0, isHealthy: targets.map(() => true) }],
  };
  const modelNames = models.map((name, m) => [...new Set([name, ...calledIds.flatMap((row) => row[m] ?? [])])]);
  const routes = calledIds.map((row) =>
    row.some((id) => /^(us|eu|apac|jp|au|ca|us-gov|global)\./.test(id ?? "")) ? "profile" : "regional",
  );
  const labels = { modelNames, residency: names.map(() => null), tags: names.map(() => ({})), routes };
  return {
    replay,
    startMs: 0,
    costFUsd: pricerOf(targets),
    ...labels,
    ...(own === undefined ? {} : { definition: own }),
  };
}

/** By the prices that the targets state; not known where one is missing, or a cache was used, which has prices of its own. */
function pricerOf(targets: readonly LiveTarget[]): LivePlan["costFUsd"] {
  const fUsd = (tokens: number, usdPerMTok: number) => BigInt(tokens) * BigInt(Math.round(usdPerMTok * FUSD_PER_TOKEN));
  return ({ g, u }) => {
    const { priceInUsdPerMTok, priceOutUsdPerMTok } = targets[g]!;
    const [input = 0, output = 0, ...cached] = u ?? [];
    if (priceInUsdPerMTok === undefined || priceOutUsdPerMTok === undefined) return null;
    return cached.some((tokens) => tokens > 0)
      ? null
      : fUsd(input, priceInUsdPerMTok) + fUsd(output, priceOutUsdPerMTok);
  };
}

function classOf(
  name: string,
  { model, targets, sloE2eMs = Number.POSITIVE_INFINITY, deferrable = false }: LiveClass,
  known: {
    readonly ids: readonly string[];
    readonly models: readonly string[];
    readonly calledIds: readonly (readonly (string | null)[])[];
  },
) {
  const m = known.models.indexOf(model);
  const strangers = (targets ?? []).filter((id) => !known.ids.includes(id));
  const legal = known.ids.flatMap((id, t) =>
    m >= 0 && known.calledIds[t]![m] !== null && (targets === undefined || targets.includes(id)) ? [t] : [],
  );
  if (m < 0 || strangers.length > 0 || legal.length === 0) {
    const what =
      m < 0
        ? `no target has the model "${model}"`
        : strangers.length > 0
          ? `there is no target "${strangers[0]}"`
          : "no target is left for it";
    const fix = `models are ${known.models.join(", ")}; targets are ${known.ids.join(", ")}`;
    throw new MeridianError("usage", { code: "ROUTER_CLASS", what, where: `classes.${name}`, fix });
  }
  return { name, model: m, sloE2eMs, legal, deferrable };
}

function refuseTargets(ids: readonly string[], models: readonly string[]): void {
  const isUnique = new Set(ids).size === ids.length;
  if (ids.length > 0 && models.length > 0 && isUnique) return;
  const what = isUnique ? "a client needs at least one target with a model" : "two targets have the same id";
  const fix = 'give targets such as [{ region: "us-east-1", models: { sonnet: "us.anthropic.claude-..." } }]';
  throw new MeridianError("usage", { code: "ROUTER_TARGETS", what, where: "targets", fix });
}
