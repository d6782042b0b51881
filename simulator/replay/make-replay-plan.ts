import { replicationSeed } from "../engine/simulation.ts";
import type { Plan } from "../scenario/plan.ts";
import { FaultState } from "../world/faults/fault-state.ts";
import { priceUsdPerMTok } from "../world/pricing/price-schedule.ts";
import { INPUT, OUTPUT } from "../world/pricing/prices.ts";
import type { ReplayTier } from "./adapters/adapter.ts";
import type { HealthEpoch, PriceEpoch, ReplayOperation, ReplayPlan, ReplayTarget, SpendPlan } from "./replay-plan.ts";
import { tierOf } from "./replayable.ts";

/** Where and how a scenario's targets are called. */
export interface ReplayTargets {
  /** Base URL of each region's endpoint; every target's source region has one. */
  readonly urlOfRegion: ReadonlyMap<string, string>;
  readonly operation: ReplayOperation;
  /** The endpoints are an emulator of the scenario: they inject its round trips, and its faults are known. */
  readonly isEmulated: boolean;
  /** Round trip to each region that a caller's latencies contain, ms, where they are no emulator. */
  readonly roundTripMs: ReadonlyMap<string, number>;
  /** Characters of filler text per token, by model id, where they were measured; 4 elsewhere. */
  readonly charsPerToken?: ReadonlyMap<string, number>;
  /** Tokens that a service adds to every prompt, by model id, where they were measured; 0 elsewhere. */
  readonly templateTokens?: ReadonlyMap<string, number>;
  /** Regions whose endpoints are called in a way of their own; the others are Bedrock's, as the AWS SDKs call them. */
  readonly waysOfRegion?: ReadonlyMap<string, EndpointWay>;
  readonly promptSalt?: string;
}

/** In what way an endpoint is called. */
export interface EndpointWay extends Pick<ReplayTarget, "api" | "settings" | "auth" | "seesFirstToken"> {
  /** Names of models there, by the scenario's name or id of a model, or by the id that is called elsewhere. */
  readonly models: Readonly<Record<string, string>>;
}

const AS_THE_SDKS: EndpointWay = {
  api: "bedrock",
  settings: {},
  auth: { kind: "aws" },
  seesFirstToken: true,
  models: {},
};

export interface ReplaySchedule {
  readonly requests: number;
  /** The last intended arrival. */
  readonly lastArrivalMs: number;
  readonly drainMs: number;
  /** What this strategy's run may cost; no limit where left out. */
  readonly spend?: SpendPlan | undefined;
}

/** What services that do not count tokens assume of English text, the emulator among them. */
const CHARS_PER_TOKEN = 4;

/** What a client needs to replay one strategy of a plan. */
export function makeReplayPlan(
  plan: Plan,
  strategyIndex: number,
  targets: ReplayTargets,
  schedule: ReplaySchedule,
): ReplayPlan {
  const { name, kind, options, client } = plan.strategies[strategyIndex]!;
  const durationMs = Math.min(plan.durationMs, schedule.lastArrivalMs + 1);
  const endMs = durationMs + schedule.drainMs;
  const regions = plan.regionNames.length;
  const seed = replicationSeed(plan.seed, 0);
  return {
    schemaVersion: 1,
    seed,
    routers: plan.routers,
    requests: schedule.requests,
    fromMs: plan.arrivalsFromMs,
    durationMs,
    drainMs: schedule.drainMs,
    strategy: { name, kind, options },
    client: client ?? plan.client,
    signalAgeMs: plan.signals.ageMs,
    operation: targets.operation,
    origins: plan.originNames,
    isEmulated: targets.isEmulated,
    targets: plan.targets.map((target, t) => {
      const region = plan.regionNames[target.region]!;
      const tiers = plan.models.map((_, m) => tierOf(plan, t, m));
      const tier = (tiers.find((each) => each !== undefined) ?? "standard") as ReplayTier;
      const { models, ...way } = targets.waysOfRegion?.get(region) ?? AS_THE_SDKS;
      const calledIds = target.calledIds.map((id, m) => nameAtEndpoint(models, { ...plan.models[m]!, calledId: id }));
      return { id: target.id, region, url: targets.urlOfRegion.get(region) ?? "", calledIds, tier, ...way };
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

/** What a model is called at an endpoint: as the nearest of its names there is mapped, else by the id that is called. */
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

/** What the scenario's health checks say when: the same timeline that the simulated routers follow. */
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
