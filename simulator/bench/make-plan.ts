/** Makes the replay plan and the schedule of a scenario, and refuses what cannot be replayed against endpoints. */
import { MeridianError, type Problem } from "../base/errors.ts";
import { signalsOf } from "../client/strategy.ts";
import { replicationSeed } from "../engine/simulation.ts";
import type { Plan } from "../scenario/plan.ts";
import { FaultState } from "../service/fault-state.ts";
import { priceUsdPerMTok } from "../service/pricing/price-schedule.ts";
import { INPUT, OUTPUT, PREPAID } from "../service/pricing/prices.ts";
import { definitionOf } from "../strategies/index.ts";
import { createTraffic } from "../traffic/source.ts";
import type { ReplayTier } from "./adapters/adapter.ts";
import type { HealthEpoch, PriceEpoch, ReplayOperation, ReplayPlan, ReplayTarget, SpendPlan } from "./plan.ts";
import type { ScheduleRow } from "./rows.ts";

/** Where and how the targets of a scenario are called. */
export interface ReplayTargets {
  /** Base URL of each region's endpoint; every target's source region has one. */
  readonly urlOfRegion: ReadonlyMap<string, string>;
  readonly operation: ReplayOperation;
  /** The endpoints are an emulator of the scenario: it injects the round trips, and its faults are known. */
  readonly isEmulated: boolean;
  /** Where they are no emulator: round trip to each region contained in the latencies, ms. */
  readonly roundTripMs: ReadonlyMap<string, number>;
  /** Characters of filler text per token, by model id, where they were measured; 4 elsewhere. */
  readonly charsPerToken?: ReadonlyMap<string, number>;
  /** Tokens that a service adds to every prompt, by model id, where they were measured; 0 elsewhere. */
  readonly templateTokens?: ReadonlyMap<string, number>;
  /** Connection settings by region; other regions have Bedrock endpoints, called as the AWS SDKs do. */
  readonly waysOfRegion?: ReadonlyMap<string, EndpointWay>;
  readonly promptSalt?: string;
}

/** Connection settings of an endpoint: adapter, authentication and model names. */
export interface EndpointWay extends Pick<ReplayTarget, "api" | "settings" | "auth" | "seesFirstToken"> {
  /** Names of models there, by the scenario's name or id of the model, or by the id called elsewhere. */
  readonly models: Readonly<Record<string, string>>;
}

const BEDROCK_CONNECTION: EndpointWay = {
  api: "bedrock",
  settings: {},
  auth: { kind: "aws" },
  seesFirstToken: true,
  models: {},
};

/** The extent of a schedule. */
export interface ReplaySchedule {
  readonly requests: number;
  /** The last intended arrival, ms. */
  readonly lastArrivalMs: number;
  /** How long after that requests may still end, ms. */
  readonly drainMs: number;
  /** Limit on the cost of this strategy's run; none where left out. */
  readonly spend?: SpendPlan | undefined;
}

/** The usual estimate for English text, which the emulator makes too. */
const CHARS_PER_TOKEN = 4;

/**
 * The replay plan of one strategy: targets, prices, round trips and health as replication 0 of the scenario has them.
 */
export function makeReplayPlan(
  plan: Plan,
  strategyIndex: number,
  targets: ReplayTargets,
  schedule: ReplaySchedule,
): ReplayPlan {
  const { name, kind, source, options, client } = plan.strategies[strategyIndex]!;
  const durationMs = Math.min(plan.durationMs, schedule.lastArrivalMs + 1);
  const endMs = durationMs + schedule.drainMs;
  const regions = plan.regionNames.length;
  const seed = replicationSeed(plan.seed, 0);
  return {
    schemaVersion: 1,
    seed,
    routers: plan.routers,
    requests: schedule.requests,
    startMs: plan.startMs,
    fromMs: plan.arrivalsFromMs,
    durationMs,
    drainMs: schedule.drainMs,
    strategy: { name, kind, source, options },
    client: { ...(client ?? plan.client), isStreaming: targets.operation === "converse-stream" },
    signalAgeMs: plan.signals.ageMs,
    operation: targets.operation,
    origins: plan.originNames,
    isEmulated: targets.isEmulated,
    targets: plan.targets.map((target, t) => {
      const region = plan.regionNames[target.region]!;
      const tiers = plan.models.map((_, m) => tierOf(plan, t, m));
      const tier = (tiers.find((each) => each !== undefined) ?? "standard") as ReplayTier;
      const { models, ...connection } = targets.waysOfRegion?.get(region) ?? BEDROCK_CONNECTION;
      const calledIds = target.calledIds.map((id, m) => nameAtEndpoint(models, { ...plan.models[m]!, calledId: id }));
      return { id: target.id, region, url: targets.urlOfRegion.get(region) ?? "", calledIds, tier, ...connection };
    }),
    modelMaxTokens: plan.models.map((model) => model.maxOutputTokens),
    promptSalt: targets.promptSalt ?? "",
    templateTokens: plan.models.map(({ id }) => targets.templateTokens?.get(id) ?? 0),
    charsPerToken: plan.models.map(({ id }) => targets.charsPerToken?.get(id) ?? CHARS_PER_TOKEN),
    classes: plan.classes.map((each) => ({
      name: each.name,
      model: each.model,
      sloE2eMs: each.sloE2eMs,
      legal: [...each.legal.keys()].filter((t) => each.legal[t] === 1),
      deferrable: each.deferrable,
    })),
    rttMs: plan.originNames.map((_, origin) =>
      plan.targets.map(({ region }) =>
        targets.isEmulated
          ? plan.network.rttMs[origin * regions + region]!
          : (targets.roundTripMs.get(plan.regionNames[region]!) ?? 0),
      ),
    ),
    prices: priceEpochs(plan, endMs),
    spend: schedule.spend ?? null,
    health: targets.isEmulated ? healthEpochs(plan, seed, endMs) : [allHealthy(plan)],
  };
}

/** The name of a model at an endpoint: the mapping of its called id, id or name, in this order; else the called id. */
export function nameAtEndpoint(
  models: EndpointWay["models"],
  model: { readonly name: string; readonly id: string; readonly calledId: string | null },
): string | null {
  const { name, id, calledId } = model;
  if (calledId === null) return null;
  const known = [calledId, id, name].find((each) => Object.hasOwn(models, each));
  return known === undefined ? calledId : models[known]!;
}

function priceEpochs(plan: Plan, endMs: number): readonly PriceEpoch[] {
  const { schedule, keyOfTarget } = plan.money;
  const models = plan.models.length;
  const priceOf = (epoch: number, kind: number) =>
    plan.models.map((_, m) =>
      plan.targets.map((__, t) => {
        const key = keyOfTarget[t * models + m]!;
        return key < 0 ? Number.NaN : priceUsdPerMTok(schedule, epoch, key, kind);
      }),
    );
  const epochs: PriceEpoch[] = [];
  for (let epoch = 0; epoch < schedule.epochStartMs.length; epoch++) {
    const fromMs = schedule.epochStartMs[epoch]!;
    if (epoch > 0 && fromMs > endMs) break;
    epochs.push({ fromMs, inUsdPerMTok: priceOf(epoch, INPUT), outUsdPerMTok: priceOf(epoch, OUTPUT) });
  }
  return epochs;
}

/** Results of the scenario's health checks over time: the timeline that simulated routers follow. */
function healthEpochs(plan: Plan, seed: number, endMs: number): readonly HealthEpoch[] {
  const faults = new FaultState(plan.world, seed);
  const now = (fromMs: number): HealthEpoch => ({
    fromMs,
    isHealthy: plan.targets.map(({ region }) => faults.isHealthy(region)),
  });
  const epochs = [now(0)];
  while (faults.nextMs <= endMs) {
    const atMs = faults.nextMs;
    const { healthVersion } = faults;
    faults.advance();
    if (faults.healthVersion !== healthVersion) epochs.push(now(atMs));
  }
  return epochs;
}

function allHealthy(plan: Plan): HealthEpoch {
  return { fromMs: 0, isHealthy: plan.targets.map(() => true) };
}

/**
 * What in a scenario cannot be replayed against endpoints, each with its fix; empty when all of it can. Refusing is
 * better than measuring something other than what was simulated.
 *
 * @param seesQuotas the caller counts the account's quotas itself
 */
export function notReplayable(plan: Plan, seesQuotas = false): readonly Problem[] {
  const problems: Problem[] = [];
  const refuse = (where: string, what: string, fix: string) => {
    problems.push({ code: "BENCH_NOT_REPLAYABLE", where, what, fix });
  };
  if (plan.slices !== undefined) {
    refuse("slices", "a sample of a run has no schedule of every request", "leave out slices");
  }
  if (plan.signals.source === "shared") {
    refuse("signals.source", "a real router sees only its own outcomes", "--set signals.source=own");
  }
  if (plan.gateways.length > 0) {
    refuse("world.gateways", "stations before the routing have no endpoint to be measured at", "take them out");
  }
  plan.targets.forEach((target, t) => {
    if (!plan.classes.some((each) => each.legal[t] === 1)) return;
    const isPrepaid = plan.models.some((_, m) => tierOf(plan, t, m) === PREPAID);
    if (target.isAsync || isPrepaid) {
      const what = `target "${target.id}" is ${target.isAsync ? "batch" : "reserved capacity"}, which is not called like others`;
      refuse("world.targets", what, "bench the on-demand targets of the scenario");
    }
  });
  for (const strategy of plan.strategies) {
    const { retry } = strategy.client ?? plan.client;
    if (retry.mode === "custom" && retry.backoff.kind === "law") {
      refuse(
        "client.retry.backoff",
        "a backoff drawn from a law is for the simulator only",
        "give base, factor and cap",
      );
    }
    if (!seesQuotas && signalsOf(definitionOf(strategy), strategy.options).includes("quotaHeadroom")) {
      refuse("strategies", `${strategy.name} reads quotas that no client can see`, "leave it out with --strategy");
    }
  }
  return problems;
}

/** The service tier at which a target offers a model; undefined where it does not. */
function tierOf(plan: Plan, target: number, model: number): string | undefined {
  const key = plan.money.keyOfTarget[target * plan.models.length + model]!;
  return key < 0 ? undefined : plan.money.schedule.keys[key]!.tier;
}

/** A model that some class may call at a target. */
export interface PlannedCall {
  readonly target: string;
  /** Source region: the one whose endpoint is called. */
  readonly region: string;
  /** The scenario's name of the model, and its id. */
  readonly model: string;
  readonly modelId: string;
  /** The id called there, of the model or of a profile; null where the target has none. */
  readonly calledId: string | null;
  readonly tier: ReplayTier;
}

/** Every model that some class may call, at every target legal for that class, in the plan's order. */
export function plannedCalls(plan: Plan): readonly PlannedCall[] {
  return plan.targets.flatMap((target, t) =>
    plan.models.flatMap(({ name, id }, m): readonly PlannedCall[] => {
      if (!plan.classes.some((each) => each.model === m && each.legal[t] === 1)) return [];
      const region = plan.regionNames[target.region]!;
      const tier = (tierOf(plan, t, m) ?? "standard") as ReplayTier;
      return [{ target: target.id, region, model: name, modelId: id, calledId: target.calledIds[m]!, tier }];
    }),
  );
}

/** Most requests of a bench: with more, the rows alone would take gigabytes. */
export const SCHEDULE_REQUESTS_MAX = 500_000;

/**
 * Draws the whole traffic of replication 0: the requests that a simulation of the plan sees, in the same order.
 *
 * @throws MeridianError usage BENCH_SESSIONS, BENCH_TOO_MANY_REQUESTS, BENCH_NO_REQUESTS
 */
export function recordSchedule(plan: Plan, requestsMax = SCHEDULE_REQUESTS_MAX): readonly ScheduleRow[] {
  refuseSessions(plan);
  const traffic = createTraffic(plan.traffic, {
    seed: plan.seed,
    replication: 0,
    durationMs: plan.durationMs,
    fromMs: plan.arrivalsFromMs,
    requestsMax: plan.requestsMax,
    chunkRows: 16_384,
  });
  const rows: ScheduleRow[] = [];
  for (let chunk = traffic.next(); chunk !== undefined; chunk = traffic.next()) {
    if (rows.length + chunk.length > requestsMax) throw tooMany(requestsMax);
    for (let row = 0; row < chunk.length; row++) {
      rows.push([
        chunk.arrivalMs[row]!,
        chunk.classIndex[row]!,
        chunk.originIndex[row]!,
        chunk.inputTokens[row]!,
        chunk.outputTokens[row]!,
        chunk.maxTokens[row]!,
        chunk.prefixTokens[row]!,
        chunk.prefixId[row]!,
      ]);
    }
  }
  if (rows.length > 0) return rows;
  throw new MeridianError("usage", {
    code: "BENCH_NO_REQUESTS",
    what: "no request arrives in this time",
    where: "duration",
    fix: "give a longer --duration, or more traffic",
  });
}

/** A schedule is made before the first request is sent, and knows no answers. */
function refuseSessions({ traffic }: Plan): void {
  const index = traffic.findIndex(({ sessions }) => sessions !== undefined);
  if (index < 0) return;
  throw new MeridianError("usage", {
    code: "BENCH_SESSIONS",
    what: `class ${traffic[index]!.name} has sessions, whose turns follow answers: a bench sends at instants fixed beforehand`,
    where: `traffic[${index}].sessions`,
    fix: "simulate it; or write its turns to a file with meridian traffic generate, and bench that: arrivals: { trace: turns.jsonl }",
  });
}

function tooMany(requestsMax: number): MeridianError {
  return new MeridianError("usage", {
    code: "BENCH_TOO_MANY_REQUESTS",
    what: `the scenario sends more than ${requestsMax} requests in this time`,
    where: "duration",
    fix: "bench a shorter stretch with --duration, for example --duration 2m",
  });
}
