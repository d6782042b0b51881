/**
 * What cannot be served whatever the load: models that do not exist or are no longer sold when the scenario runs, calls too
 * large for a quota or for the model's context window.
 */
import { DAY_MS, MINUTE_MS } from "../base/time.ts";
import { bareModelId, type Lifecycle, type ModelFacts } from "../service/model-facts.ts";
import type { MeterSpec } from "../service/quota/meter.ts";
import { type QuotaSpec, TokenQuota } from "../service/quota/token-quota.ts";
import type { RoutePlan, ServicePlan } from "../service/service-plan.ts";
import type { ClassTraffic } from "../traffic/class-stream.ts";
import { type SmallestCall, shareOfPromptsAbove, smallestCall } from "../traffic/token-bounds.ts";
import type { ModelsInput } from "./models.ts";
import type { ClassPlan, ModelPlan } from "./plan.ts";
import type { Problems } from "./problems.ts";
import type { Scenario } from "./schema.ts";

export interface FeasibilityInput {
  readonly classes: readonly ClassPlan[];
  readonly traffic: readonly ClassTraffic[];
  readonly models: readonly ModelPlan[];
  readonly targetIds: readonly string[];
  /** Indexed `target * models + model`. */
  readonly routes: readonly (RoutePlan | null)[];
  readonly quotas: readonly QuotaSpec[];
  /** Account index of each class. */
  readonly accountOfClass: readonly number[];
  readonly problems: Problems;
}

/**
 * A problem for each class that no target can ever serve.
 *
 * @returns a note for each class that only some of its targets can ever serve
 */
export function checkQuotasFit(input: FeasibilityInput): readonly string[] {
  return input.classes.flatMap((each, c) => {
    const call = smallestCall(input.traffic[c]!);
    const legal = input.targetIds.flatMap((id, t) => (each.legal[t] === 1 ? [{ id, t }] : []));
    if (call === undefined || legal.length === 0) return [];
    const refusals = legal.flatMap(({ id, t }) => {
      const route = input.routes[t * input.models.length + each.model] ?? null;
      const why = refusalOf(input, route, c, call);
      return why === undefined ? [] : [{ id, why }];
    });
    if (refusals.length === 0) return [];
    if (refusals.length < legal.length) {
      // A call through another target may have filled the cache; what is read from it need not be reserved.
      const which = call.hasPrefixes ? " whose prompt is not cached" : "";
      return [`Every call of class ${each.name}${which} reserves ${listed(refusals)}: never served there.`];
    }
    const isUnset = call.isUnset && call.maxTokens === Number.POSITIVE_INFINITY;
    input.problems.add(
      "QUOTA_NEVER_FITS",
      `traffic[${c}]${isUnset && input.traffic[c]!.tokens?.maxTokens !== undefined ? ".tokens.maxTokens" : ""}`,
      `every call of class ${each.name} reserves ${listed(refusals)}`,
      `give ${isUnset ? "maxTokens" : "a smaller maxTokens, shorter prompts"}, or a larger quota`,
    );
    return [];
  });
}

/** A law without an upper end exceeds any window now and then; less than one call in a million is not worth a note. */
const RARE = 1e-6;

/** By model: its context window where some prompts exceed it, so that the service refuses them. */
export function refusingWindows({
  classes,
  traffic,
  models,
}: Pick<FeasibilityInput, "classes" | "traffic" | "models">): Pick<ServicePlan, "contextTokens"> {
  // Of recorded prompts it is not known beforehand.
  const isExceeded = models.map(({ contextTokens }, m) =>
    classes.some((each, c) => each.model === m && (shareOfPromptsAbove(traffic[c]!, contextTokens) ?? 1) >= RARE),
  );
  if (!isExceeded.includes(true)) return {};
  const tokens = models.map((model, m) => (isExceeded[m]! ? model.contextTokens : Number.POSITIVE_INFINITY));
  return { contextTokens: tokens };
}

/**
 * A problem for each class whose prompts never fit into the context window of its model.
 *
 * @returns a note for each class of whose prompts some do not: the service refuses them
 */
export function checkContextFits({
  classes,
  traffic,
  models,
  problems,
}: Pick<FeasibilityInput, "classes" | "traffic" | "models" | "problems">): readonly string[] {
  return classes.flatMap((each, c) => {
    const { name, id, contextTokens } = models[each.model]!;
    const share = shareOfPromptsAbove(traffic[c]!, contextTokens) ?? 0;
    if (share < RARE) return [];
    const window = `the context window of ${name} (${id}), ${figure(contextTokens)} tokens`;
    if (share === 1) {
      const isStated = traffic[c]!.tokens?.input !== undefined;
      const fix = `give shorter prompts or another model; if its window is larger, state world.models.${name}.contextTokens`;
      problems.add(
        "CONTEXT_NEVER_FITS",
        `traffic[${c}]${isStated ? ".tokens.input" : ""}`,
        `every prompt of class ${each.name} exceeds ${window}: the service refuses it`,
        fix,
      );
      return [];
    }
    const percent = `${Number((100 * share).toPrecision(2))} %`;
    return [
      `An expected ${percent} of the prompts of class ${each.name} exceed ${window}: the service refuses such calls with 400 (ValidationException), and they count as failed. Limit tokens.input, or state world.models.${name}.contextTokens.`,
    ];
  });
}

/** `64,500 > 50,000 tokens a minute of us-east-1/us and us-west-2/us`. */
function listed(refusals: readonly { readonly id: string; readonly why: string }[]): string {
  const reasons = [...new Set(refusals.map(({ why }) => why))];
  const idsOf = (reason: string) => refusals.filter(({ why }) => why === reason).map(({ id }) => id);
  return reasons.map((reason) => `${reason} of ${idsOf(reason).join(" and ")}`).join("; ");
}

/** Why the quotas of a route and of its overflow can never grant a call of the class; undefined where one can. */
function refusalOf(
  input: FeasibilityInput,
  route: RoutePlan | null,
  classIndex: number,
  call: SmallestCall,
): string | undefined {
  if (route === null) return undefined;
  const quota = input.quotas[route.quotas[input.accountOfClass[classIndex]!]!];
  if (quota === undefined) return undefined;
  const { maxOutputTokens } = input.models[input.classes[classIndex]!.model]!;
  const maxTokens = call.isUnset ? Math.min(call.maxTokens, maxOutputTokens) : call.maxTokens;
  const reserved = new TokenQuota(quota, 0).reservation(call.inputTokens, 0, maxTokens);
  const tight = [quota.tokensPerMinute, quota.tokensPerDay].find((each) => each !== null && reserved > roomOf(each));
  const isTooFew = quota.requests !== null && roomOf(quota.requests) < 1;
  if ((tight ?? null) === null && !isTooFew) return undefined;
  if (route.overflow !== null && refusalOf(input, route.overflow, classIndex, call) === undefined) return undefined;
  if (!tight) return `1 > ${limitText(quota.requests!, "requests")}`;
  return `${call.isOnlySize ? "" : "at least "}${figure(reserved)} > ${limitText(tight, "tokens")}`;
}

/** The most that a meter ever grants at once. */
function roomOf({ law, limit, burst }: MeterSpec): number {
  return law === "token-bucket" ? burst : limit;
}

function limitText(meter: MeterSpec, unit: "tokens" | "requests"): string {
  const { windowMs } = meter;
  const room = roomOf(meter);
  if (room !== meter.limit) return `${figure(room)} ${unit}, the burst`;
  if (windowMs === MINUTE_MS || windowMs === DAY_MS)
    return `${figure(room)} ${unit} a ${windowMs === DAY_MS ? "day" : "minute"}`;
  return `${figure(room)} ${unit} in ${figure(windowMs / 1000)} s`;
}

function figure(value: number): string {
  return value.toLocaleString("en-US");
}

export interface KnownModelsInput {
  readonly world: {
    readonly models: ModelsInput;
    readonly prices: Pick<Scenario["world"]["prices"], "book" | "overrides">;
  };
  readonly facts: ModelFacts;
  /** Ids that have a price or a profile. */
  readonly otherIds: ReadonlySet<string>;
  readonly problems: Problems;
}

/**
 * One problem for each id that is not listed but like a listed one: a typo, a profile's id, an id without its version.
 * A scenario that states the model's price, or does without prices, means a model of its own.
 *
 * @returns the models as they were probably meant, so that the rest can be judged, and words of problems that may then be
 *          false: the ids that were put in
 */
export function checkModelIds({ world, facts, otherIds, problems }: KnownModelsInput): {
  readonly models: ModelsInput;
  readonly guessed: readonly string[];
} {
  const guessed: string[] = [];
  const { book, overrides } = world.prices;
  const entries = Object.entries(world.models).map(([name, model]) => {
    const { id } = model;
    const isPriced = overrides.some((each) => each.model === name || each.model === id);
    // A profile's id or an ARN is not a model of the scenario's own, whatever it states of it.
    const isOwn = book === "none" || (isPriced && bareModelId(id) === id);
    if (isOwn || facts.ids.includes(id) || otherIds.has(id)) return [name, model] as const;
    const meant = facts.idOf(id);
    const near = meant === undefined ? modelsLike(id, facts) : [meant];
    if (near.length === 0) return [name, model] as const;
    problems.add(
      "MODEL_ID_UNKNOWN",
      `world.models.${name}.id`,
      `there is no model "${id}" (did you mean ${near.join(", ")}?)`,
      `write id: ${near[0]}; for a model of your own, state its price: prices.overrides: [{ model: ${name}, input: <USD per million tokens>, output: <...> }]`,
    );
    // Where the model that was guessed is sold is said by the scenario's name of it.
    guessed.push(near[0]!, `not sell ${name}`);
    return [name, { ...model, id: near[0]! }] as const;
  });
  return { models: Object.fromEntries(entries), guessed };
}

/** The listed ids nearest to one, or to a name as people say it: `Claude Sonnet 4.5`. */
function modelsLike(id: string, facts: ModelFacts): readonly string[] {
  const near = facts.nearestModels(id);
  return near.length > 0 ? near : facts.nearestModels(id.trim().replace(/[\s._]+/g, "-"));
}

/** The span of a run, ms since 1970 UTC; the end may be Infinity. */
export interface RunSpan {
  readonly startMs: number;
  readonly endMs: number;
}

/** Notes on models whose life ends before the run does. */
export function endedNotes(models: ModelsInput, facts: ModelFacts, span: RunSpan): readonly string[] {
  return lifecycles(models, facts).flatMap(({ name, endOfLife, state }) => {
    if (endOfLife === undefined)
      return state === "ended" ? [`${name} is no longer sold: the service refuses its calls.`] : [];
    const endMs = Date.parse(endOfLife);
    if (endMs >= span.endMs || (span.endMs === Number.POSITIVE_INFINITY && endMs > span.startMs)) return [];
    const when = endMs <= span.startMs ? "before" : "during";
    return [`${name} reaches its end of life on ${endOfLife}, ${when} the run: the service then refuses its calls.`];
  });
}

/** Advice on models that are legacy when the run starts: for those who plan with them. */
export function legacyNotes(models: ModelsInput, facts: ModelFacts, span: RunSpan): readonly string[] {
  return lifecycles(models, facts).flatMap(({ name, state, legacySince, extendedAccessFrom, endOfLife }) => {
    const isLegacy = legacySince === undefined ? state === "legacy" : Date.parse(legacySince) <= span.startMs;
    if (!isLegacy || (endOfLife !== undefined && Date.parse(endOfLife) <= span.startMs)) return [];
    return [
      [
        `${name} is legacy${legacySince === undefined ? "" : ` since ${legacySince}`}`,
        ...(extendedAccessFrom === undefined ? [] : [`from ${extendedAccessFrom} on it may cost more`]),
        ...(endOfLife === undefined ? [] : [`its end of life is ${endOfLife}`]),
      ].join("; "),
    ].map((text) => `${text}.`);
  });
}

function lifecycles(models: ModelsInput, facts: ModelFacts): readonly (Lifecycle & { readonly name: string })[] {
  const ids = [...new Set(Object.values(models).map(({ id }) => id))];
  return ids.flatMap((id) => {
    const names = Object.keys(models).filter((name) => models[name]!.id === id);
    const known = facts.fact(id, "lifecycle")?.value;
    return known === undefined ? [] : [{ ...known, name: `${id} (${names.join(", ")})` }];
  });
}
