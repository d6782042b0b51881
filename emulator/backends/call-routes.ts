/**
 * What a call is in the scenario's terms: its target, class and account, the length of its answer, its cached prefixes.
 */
import { KeyedRandom, purposeKey } from "../../simulator/random/keyed-random.ts";
import type { Sampler } from "../../simulator/random/law.ts";
import { createLaw } from "../../simulator/random/laws/index.ts";
import { compileSampler } from "../../simulator/random/sampler.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import { STANDARD_LEVEL } from "../../simulator/service/capacity/capacity.ts";
import { PREPAID } from "../../simulator/service/pricing/prices.ts";
import type { CachedPrefix } from "../../simulator/service/prompt-cache.ts";
import type { ClassTraffic } from "../../simulator/traffic/class-stream.ts";
import type { InferenceCall } from "../model/backend.ts";

/** Indices into the plan, and the queue level. */
export interface CallRoute {
  readonly region: number;
  readonly target: number;
  readonly model: number;
  readonly classIndex: number;
  readonly account: number;
  /** Queue level of the class, shifted by the service tier where the scenario has no target of that tier. */
  readonly queueLevel: number;
  /** The target serves its calls latency-optimised. */
  readonly isLatencyOptimized: boolean;
}

export interface CallRoutes {
  /** Undefined when no target of the scenario offers the called id in that region. */
  of(call: InferenceCall): CallRoute | undefined;
}

interface Offer {
  readonly target: number;
  readonly model: number;
  readonly tier: string;
}

/** Scenario tiers by their names in the API. */
const TIER = { default: "standard", priority: "priority", flex: "flex", reserved: PREPAID } as const;
/** Shift of the queue level when the scenario has no target of the requested tier. */
const LEVEL_SHIFT: Readonly<Record<InferenceCall["serviceTier"], number>> = {
  default: 0,
  reserved: 0,
  priority: -1,
  flex: 1,
};

/**
 * Finds a call's target by source region, called id and service tier. Where several targets share an id,
 * `requestMetadata.target` selects one (provisioned throughput is called by its model's id here). The class, whose
 * account's quotas apply, is the one named by `requestMetadata.class`, else the first that calls the model.
 *
 * @param plan a resolved scenario
 */
export function createCallRoutes(plan: Plan): CallRoutes {
  const offers = offersOf(plan);
  const classOf = new Map(plan.classes.map(({ name }, index) => [name, index]));
  const firstClassOf = plan.models.map((_, model) =>
    Math.max(
      0,
      plan.classes.findIndex((each) => each.model === model),
    ),
  );

  return {
    of(call) {
      const candidates = offers.get(`${call.region} ${call.profileId ?? call.modelId}`);
      if (candidates === undefined) return undefined;
      const wanted = call.latencyOptimized ? "latency-optimized" : TIER[call.serviceTier];
      const named = candidates.find(({ target }) => plan.targets[target]!.id === call.requestMetadata.target);
      const exact = named ?? candidates.find(({ tier }) => tier === wanted);
      const offer = exact ?? candidates.find(({ tier }) => tier === "standard") ?? candidates[0]!;
      const classIndex = classOf.get(call.requestMetadata.class ?? "") ?? firstClassOf[offer.model]!;
      const level = plan.classes[classIndex]?.queueLevel ?? STANDARD_LEVEL;
      return {
        region: plan.targets[offer.target]!.region,
        target: offer.target,
        model: offer.model,
        classIndex,
        account: plan.world.accountOfClass[classIndex] ?? 0,
        queueLevel: Math.max(0, level + (exact === undefined ? LEVEL_SHIFT[call.serviceTier] : 0)),
        isLatencyOptimized: offer.tier === "latency-optimized",
      };
    },
  };
}

function offersOf(plan: Plan): ReadonlyMap<string, readonly Offer[]> {
  const offers = new Map<string, Offer[]>();
  plan.targets.forEach(({ region, route, calledIds, isAsync }, target) => {
    // Batch jobs go through files and an API of their own, which is not emulated.
    if (isAsync) return;
    calledIds.forEach((calledId, model) => {
      if (calledId === null) return;
      const key = `${plan.regionNames[region]} ${calledId}`;
      const priceKey = plan.money.keyOfTarget[target * plan.models.length + model]!;
      const billedTier = plan.money.schedule.keys[priceKey]?.tier ?? "standard";
      const offer = { target, model, tier: route === "provisioned" ? route : billedTier };
      const known = offers.get(key);
      if (known === undefined) offers.set(key, [offer]);
      else known.push(offer);
    });
  });
  return offers;
}

/** Lengths of answers for which the caller requests none. */
export interface AnswerLengths {
  /** @returns output tokens before any limit; the same for the same class and serial */
  draw(classIndex: number, serial: number): number;
}

/** Length for classes with neither a distribution nor a recording, and for models that no class calls. */
const DEFAULT_OUTPUT_TOKENS = 256;

/**
 * Draws answer lengths by class: from `tokens.output`, else from the lengths of the recorded requests.
 *
 * @param plan a resolved scenario
 */
export function createAnswerLengths(plan: Plan): AnswerLengths {
  const random = new KeyedRandom(plan.seed, "emulator/output");
  const samplers = plan.traffic.map(samplerOf);
  return {
    draw(classIndex, serial) {
      const sample = samplers[classIndex];
      if (sample === undefined) return DEFAULT_OUTPUT_TOKENS;
      random.seek(serial, classIndex);
      return Math.max(1, Math.round(sample(random.next())));
    },
  };
}

function samplerOf({ tokens, arrivals, recordings = {} }: ClassTraffic): Sampler | undefined {
  const output = tokens?.output;
  if (output !== undefined && output.kind !== "recorded") return compileSampler(createLaw(output));
  const named = output === undefined ? traceOf(arrivals) : output.name;
  const recording = named === undefined ? undefined : recordings[named];
  if (recording?.kind === "lengths") {
    return compileSampler(createLaw({ kind: "empirical", quantiles: recording.quantiles }));
  }
  if (recording?.kind !== "trace" || recording.columns.outputTokens.length === 0) return undefined;
  const { outputTokens } = recording.columns;
  return (u) => outputTokens[Math.floor(u * outputTokens.length)]!;
}

function traceOf(arrivals: ClassTraffic["arrivals"]): string | undefined {
  return arrivals.process === "trace" ? arrivals.trace : undefined;
}

/**
 * The cacheable prefixes of a call, shortest first. Their ids are 31-bit hashes of account and content, so that accounts do
 * not share a cache.
 */
export function prefixesOf({ cachePoints }: InferenceCall, account: number): readonly CachedPrefix[] {
  return cachePoints.map(({ prefixId, tokens }) => ({ id: purposeKey(account, prefixId) & 0x7fffffff, tokens }));
}
