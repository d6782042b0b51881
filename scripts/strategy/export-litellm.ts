/** A scenario's strategy as LiteLLM's configuration: `model_list` and `router_settings`. */
import { MeridianError } from "../../simulator/base/errors.ts";
import type { Plan, StrategyPlan } from "../../simulator/scenario/plan.ts";
import { priceUsdPerMTok } from "../../simulator/service/pricing/price-schedule.ts";
import { INPUT, OUTPUT } from "../../simulator/service/pricing/prices.ts";
import { comments, type ExportFormat, lostOf } from "./export-format.ts";

export const litellmFormat: ExportFormat = {
  name: "litellm",
  summary: "LiteLLM: model_list and router_settings",
  async write(plan, strategy) {
    const config = litellmConfig(plan, strategy);
    const { stringify } = await import("yaml");
    const lost = lostOf(plan, strategy, {});
    const head = comments("#", [`LiteLLM's configuration of the strategy ${strategy.name} of ${plan.name}.`, ...lost]);
    return { text: head + stringify(config), document: config, lost };
  },
};

/** The document, in the order in which it is written. */
export interface LitellmConfig {
  readonly model_list: readonly {
    readonly model_name: string;
    readonly litellm_params: Readonly<Record<string, string | number>>;
  }[];
  readonly router_settings: Readonly<Record<string, unknown>>;
}

/**
 * What routes in LiteLLM as the strategy does in the simulation, as far as LiteLLM can: the rule, its weights and limits,
 * cooldown, retries and timeout.
 *
 * @throws MeridianError usage STRATEGY_NOT_EXPORTED for a strategy that LiteLLM has no rule for
 */
export function litellmConfig(plan: Plan, strategy: StrategyPlan): LitellmConfig {
  const rule = Object.hasOwn(RULES, strategy.kind) ? RULES[strategy.kind] : undefined;
  if (rule === undefined || strategy.source !== null) {
    throw new MeridianError("usage", {
      code: "STRATEGY_NOT_EXPORTED",
      what: `LiteLLM's Router has no rule like ${strategy.kind}`,
      where: `strategy ${strategy.name}`,
      fix: `those with one are ${Object.keys(RULES).join(", ")}; any runs in a program of your own: --as module`,
    });
  }
  const { settings, params = () => ({}), groups = [] } = rule(plan, strategy.options);
  // Of deployments without a weight simple-shuffle draws by tpm: a quota there would move the calls. And what the strategy
  // litellm knows of limits are its own options.
  const ownLimitsOnly = settings.routing_strategy === "simple-shuffle" || strategy.kind === "litellm";
  const model_list: LitellmConfig["model_list"][number][] = [];
  const fallbacks: Record<string, readonly string[]>[] = [];
  plan.models.forEach(({ name }, m) => {
    const sold = [...plan.targets.keys()].filter((t) => isUsed(plan, t, m));
    const called = groups.length === 0 ? [sold] : groups.map((group) => group.filter((t) => sold.includes(t)));
    const ranked = called.filter((group) => group.length > 0);
    ranked.forEach((group, rank) => {
      const model_name = rank === 0 ? name : `${name}-${rank + 1}`;
      for (const t of group) {
        const { tpm, ...deployment } = deploymentOf(plan, t, m);
        const limit = tpm === undefined || ownLimitsOnly ? {} : { tpm };
        model_list.push({ model_name, litellm_params: { ...deployment, ...limit, ...params(t) } });
      }
    });
    const rest = ranked.slice(1).map((_, i) => `${name}-${i + 2}`);
    if (rest.length > 0) fallbacks.push({ [name]: rest });
  });
  const router_settings = { ...settings, ...(fallbacks.length > 0 ? { fallbacks } : {}), ...clientOf(plan, strategy) };
  return { model_list, router_settings };
}

interface Rule {
  readonly settings: Readonly<Record<string, unknown>>;
  /** More of a deployment's parameters. */
  readonly params?: (target: number) => Readonly<Record<string, number>>;
  /** Targets by model group: the first is called, the others are fallbacks in order; left out, all are one group. */
  readonly groups?: readonly (readonly number[])[];
}

type Options = Readonly<Record<string, unknown>>;

const RULES: Readonly<Record<string, (plan: Plan, options: Options) => Rule>> = {
  single: (plan, { target }) => ({
    settings: { routing_strategy: "simple-shuffle" },
    groups: [[indexOf(plan, String(target))]],
  }),
  random: () => ({ settings: { routing_strategy: "simple-shuffle" } }),
  weighted: (plan, { weights }) => ({
    settings: { routing_strategy: "simple-shuffle" },
    params: (t) => (weights === undefined ? {} : { weight: amountOf(plan, weights, t) }),
  }),
  priority: (plan, { targets, cooldown }) => ({
    settings: {
      routing_strategy: "simple-shuffle",
      cooldown_time: Number(cooldown ?? 30_000) / 1_000,
      allowed_fails: 0,
    },
    groups: ((targets as readonly string[] | undefined) ?? plan.targets.map(({ id }) => id)).map((id) => [
      indexOf(plan, id),
    ]),
  }),
  "least-outstanding": () => ({ settings: { routing_strategy: "least-busy" } }),
  "least-latency": () => ({ settings: { routing_strategy: "latency-based-routing" } }),
  "lowest-usage": () => ({ settings: { routing_strategy: "usage-based-routing-v2" } }),
  cheapest: () => ({ settings: { routing_strategy: "cost-based-routing" } }),
  litellm: (plan, options) => ({
    settings: {
      routing_strategy: options.routing ?? "simple-shuffle",
      cooldown_time: Number(options.cooldownTime ?? 5_000) / 1_000,
      ...(options.allowedFails === undefined ? {} : { allowed_fails: options.allowedFails }),
      ...(options.buffer === undefined ? {} : { routing_strategy_args: { lowest_latency_buffer: options.buffer } }),
    },
    params: (t) =>
      Object.fromEntries(
        ["weight", "rpm", "tpm"].flatMap((name) => {
          const amount = amountOf(plan, options[name] ?? {}, t);
          return amount > 0 ? [[name, amount]] : [];
        }),
      ),
    groups: groupsOf(plan, (options.fallbacks ?? []) as readonly (readonly string[])[]),
  }),
};

function groupsOf(plan: Plan, fallbacks: readonly (readonly string[])[]): readonly (readonly number[])[] {
  if (fallbacks.length === 0) return [];
  const groups = fallbacks.map((group) => group.map((name) => indexOf(plan, name)));
  const named = groups.flat();
  return [[...plan.targets.keys()].filter((t) => !named.includes(t)), ...groups];
}

/** Sold there, and used by some class. */
function isUsed({ targets, classes }: Plan, target: number, model: number): boolean {
  const isSold = targets[target]!.calledIds[model] !== null && !targets[target]!.isAsync;
  return isSold && classes.some((each) => each.model === model && each.legal[target] === 1);
}

function deploymentOf({ targets, regionNames, world, money, models }: Plan, t: number, m: number) {
  const { region, calledIds } = targets[t]!;
  const quota = world.routes[t * models.length + m]?.quotas[0] ?? -1;
  const tpm = quota < 0 ? undefined : world.quotas[quota]!.tokensPerMinute?.limit;
  const key = money.keyOfTarget[t * models.length + m]!;
  // The list price: LiteLLM has one price for a deployment, and no hours.
  const price = (kind: number) =>
    Number((priceUsdPerMTok(money.schedule, 0, key, kind) / money.schedule.factor[key]! / 1e6).toPrecision(8));
  return {
    model: `bedrock/converse/${calledIds[m]}`,
    aws_region_name: regionNames[region]!,
    input_cost_per_token: price(INPUT),
    output_cost_per_token: price(OUTPUT),
    tpm,
  };
}

/** Attempts and the limit of each, as far as LiteLLM has them. */
function clientOf(plan: Plan, { client, options }: StrategyPlan): Readonly<Record<string, number>> {
  const { retry, timeout } = client ?? plan.client;
  const attempts =
    retry.mode === "none" ? 1 : retry.mode === "custom" || retry.mode === "litellm" ? (retry.maxAttempts ?? 3) : 3;
  // With fallbacks the strategy has the retries of each group, and the client the attempts of all.
  const retryAfterMs = retry.mode === "litellm" ? Number(options.retryAfter ?? retry.retryAfterMs) : 0;
  const wait = retryAfterMs > 0 ? { retry_after: Math.ceil(retryAfterMs / 1_000) } : {};
  const limits = Number.isFinite(timeout.attemptMs) ? { timeout: timeout.attemptMs / 1_000 } : {};
  return { num_retries: Number(options.retries ?? attempts - 1), ...wait, ...limits };
}

function indexOf({ targets, regionNames }: Plan, name: string): number {
  const byId = targets.findIndex(({ id }) => id === name);
  return byId >= 0 ? byId : targets.findIndex(({ region }) => regionNames[region] === name);
}

function amountOf(plan: Plan, amounts: unknown, target: number): number {
  const entry = Object.entries(amounts as Readonly<Record<string, number>>).find(
    ([name]) => indexOf(plan, name) === target,
  );
  return entry?.[1] ?? 0;
}
