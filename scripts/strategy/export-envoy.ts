/** A scenario's strategy as resources of Envoy AI Gateway: a route with weights and priorities, backends, retries. */
import { MeridianError } from "../../simulator/base/errors.ts";
import type { Plan, StrategyPlan } from "../../simulator/scenario/plan.ts";
import { comments, type ExportFormat, lostOf } from "./export-format.ts";

/** A Kubernetes resource. */
export interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

export const envoy: ExportFormat = {
  name: "envoy",
  summary: "Envoy AI Gateway: AIGatewayRoute, backends and BackendTrafficPolicy",
  async write(plan, strategy) {
    const resources = envoyResources(plan, strategy);
    const { stringify } = await import("yaml");
    const lost = [...lostOf(plan, strategy, { residency: true }), ...lostOfRule(plan, strategy)];
    const head = comments("#", [
      `Envoy AI Gateway (aigateway.envoyproxy.io/v1beta1) with the strategy ${strategy.name} of ${plan.name}.`,
      `Attach it to a Gateway named ${GATEWAY}; credentials come from the pod's identity (IRSA or EKS Pod Identity).`,
      ...(needsClassHeader(plan)
        ? [`Callers say their class in the header ${CLASS_HEADER}; without one, the strictest route is theirs.`]
        : []),
      ...lost,
    ]);
    return { text: head + resources.map((each) => stringify(each)).join("---\n"), document: resources, lost };
  },
};

const AI = "aigateway.envoyproxy.io";
const ENVOY = "gateway.envoyproxy.io";
const K8S = "gateway.networking.k8s.io";
const GATEWAY = "meridian";
const CLASS_HEADER = "x-meridian-class";
const MODEL_HEADER = "x-ai-eg-model";

/** How a rule spreads calls over backends. */
interface Spread {
  weight?(target: number): number;
  /** 0 first. */
  priority?(target: number): number;
  /** How long a backend that failed is left alone, ms. */
  readonly cooldownMs?: number;
  /** Failures in a row that eject it; 1 unless given. */
  readonly consecutive?: number;
}

type Options = Readonly<Record<string, unknown>>;

const RULES: Readonly<Record<string, (plan: Plan, options: Options) => Spread>> = {
  single: (plan, { target }) => ({ weight: (t) => (t === indexOf(plan, String(target)) ? 1 : 0) }),
  random: () => ({}),
  "round-robin": (plan, { weights }) => weightsOf(plan, weights),
  weighted: (plan, { weights }) => weightsOf(plan, weights),
  priority: (plan, { targets, cooldown }) => {
    const order = (targets as readonly string[] | undefined)?.map((id) => indexOf(plan, id)) ?? [
      ...plan.targets.keys(),
    ];
    // A target that is not in the order is not a fallback either.
    const weight = (t: number) => (order.includes(t) ? 1 : 0);
    return { weight, priority: (t) => order.indexOf(t), cooldownMs: Number(cooldown ?? 30_000) };
  },
  "envoy-priorities": (plan, { priorities, weights, ejection, consecutive }) => ({
    ...weightsOf(plan, weights),
    priority: (t) => amountOf(plan, priorities, t) ?? 0,
    cooldownMs: Number(ejection ?? 30_000),
    consecutive: Number(consecutive ?? 5),
  }),
};

/** Names of the strategies that have a rule here. */
export const ENVOY_STRATEGIES: readonly string[] = Object.keys(RULES);

/**
 * The resources, in the order in which they are written: the route, then for each target its backend, then retries.
 *
 * @throws MeridianError usage STRATEGY_NOT_EXPORTED
 */
export function envoyResources(plan: Plan, strategy: StrategyPlan): readonly Resource[] {
  const make = Object.hasOwn(RULES, strategy.kind) ? RULES[strategy.kind] : undefined;
  if (make === undefined || strategy.source !== null) {
    throw new MeridianError("usage", {
      code: "STRATEGY_NOT_EXPORTED",
      what: `Envoy AI Gateway has no rule like ${strategy.kind}: it knows weights and priorities, not prices, latencies or quotas`,
      where: `strategy ${strategy.name}`,
      fix: `those with one are ${ENVOY_STRATEGIES.join(", ")}; any runs in a program of your own: --as module`,
    });
  }
  const spread = make(plan, strategy.options);
  const name = nameOf(plan.name);
  const rules = plan.models.flatMap((_, m) => rulesOfModel(plan, m, spread));
  const used = new Set(rules.flatMap(({ backendRefs }) => backendRefs.map((ref) => ref.name)));
  const backends = [...plan.targets.keys()].flatMap((t) =>
    used.has(nameOf(plan.targets[t]!.id)) ? backendOf(plan, t) : [],
  );
  const route = resource(`${AI}/v1beta1`, "AIGatewayRoute", name, {
    parentRefs: [{ name: GATEWAY, kind: "Gateway", group: K8S }],
    rules,
  });
  return [route, ...backends, trafficPolicy(plan, strategy, name, spread)];
}

interface RouteRule {
  readonly matches: readonly { readonly headers: readonly HeaderMatch[] }[];
  readonly backendRefs: readonly {
    readonly name: string;
    readonly modelNameOverride: string;
    readonly weight?: number;
    readonly priority?: number;
  }[];
}

interface HeaderMatch {
  readonly type: "Exact";
  readonly name: string;
  readonly value: string;
}

/** One rule where all classes may use the same targets; else one for each class, and the strictest without a header. */
function rulesOfModel(plan: Plan, model: number, spread: Spread): readonly RouteRule[] {
  const classes = plan.classes.filter((each) => each.model === model);
  if (classes.length === 0) return [];
  const header = (name: string, value: string): HeaderMatch => ({ type: "Exact", name, value });
  const modelHeader = header(MODEL_HEADER, plan.models[model]!.name);
  const legalOf = (legal: Uint8Array) =>
    [...plan.targets.keys()].filter((t) => isCalled(plan, t, model) && legal[t] === 1);
  const sets = classes.map(({ legal }) => legalOf(legal));
  const isOne = sets.every((set) => set.join() === sets[0]!.join());
  const rule = (targets: readonly number[], headers: readonly HeaderMatch[]): RouteRule => ({
    matches: [{ headers }],
    backendRefs: targets.flatMap((t) => {
      const weight = spread.weight?.(t);
      if (weight === 0) return [];
      const priority = spread.priority?.(t);
      return [
        {
          name: nameOf(plan.targets[t]!.id),
          modelNameOverride: plan.targets[t]!.calledIds[model]!,
          ...(weight === undefined ? {} : { weight }),
          ...(priority === undefined ? {} : { priority }),
        },
      ];
    }),
  });
  if (isOne) return [rule(sets[0]!, [modelHeader])];
  const common = sets[0]!.filter((t) => sets.every((set) => set.includes(t)));
  const byClass = classes.map(({ name }, i) => rule(sets[i]!, [modelHeader, header(CLASS_HEADER, name)]));
  const rules = common.length === 0 ? byClass : [...byClass, rule(common, [modelHeader])];
  return rules.filter(({ backendRefs }) => backendRefs.length > 0);
}

function backendOf(plan: Plan, target: number): readonly Resource[] {
  const { id, region } = plan.targets[target]!;
  const name = nameOf(id);
  const hostname = `bedrock-runtime.${plan.regionNames[region]!}.amazonaws.com`;
  return [
    resource(`${AI}/v1beta1`, "AIServiceBackend", name, {
      schema: { name: "AWSBedrock" },
      backendRef: { name, kind: "Backend", group: ENVOY },
    }),
    resource(`${AI}/v1beta1`, "BackendSecurityPolicy", name, {
      targetRefs: [{ group: AI, kind: "AIServiceBackend", name }],
      type: "AWSCredentials",
      awsCredentials: { region: plan.regionNames[region]! },
    }),
    resource(`${ENVOY}/v1alpha1`, "Backend", name, { endpoints: [{ fqdn: { hostname, port: 443 } }] }),
    resource(`${K8S}/v1alpha3`, "BackendTLSPolicy", name, {
      targetRefs: [{ group: ENVOY, kind: "Backend", name }],
      validation: { wellKnownCACertificates: "System", hostname },
    }),
  ];
}

/** Retries, and how long a backend that failed is out. The HTTPRoute that the gateway makes has the route's name. */
function trafficPolicy(plan: Plan, { client }: StrategyPlan, name: string, spread: Spread): Resource {
  const { retry, timeout } = client ?? plan.client;
  const attempts =
    retry.mode === "none" ? 1 : retry.mode === "custom" || retry.mode === "litellm" ? (retry.maxAttempts ?? 3) : 3;
  const backoff = retry.mode === "custom" && retry.backoff.kind === "exponential" ? retry.backoff : undefined;
  const ejection = spread.cooldownMs;
  return resource(`${ENVOY}/v1alpha1`, "BackendTrafficPolicy", name, {
    targetRefs: [{ group: K8S, kind: "HTTPRoute", name }],
    ...(attempts > 1
      ? {
          retry: {
            numRetries: attempts - 1,
            ...(spread.priority === undefined ? {} : { numAttemptsPerPriority: 1 }),
            perRetry: {
              backOff: {
                baseInterval: milliseconds(backoff?.baseMs ?? 50),
                maxInterval: milliseconds(Math.max(backoff?.baseMs ?? 50, backoff?.capMs ?? 20_000)),
              },
              ...(Number.isFinite(timeout.attemptMs) ? { timeout: milliseconds(timeout.attemptMs) } : {}),
            },
            retryOn: {
              httpStatusCodes: [429, 500, 503],
              triggers: ["connect-failure", "retriable-status-codes"],
            },
          },
        }
      : {}),
    ...(ejection === undefined || ejection === 0
      ? {}
      : {
          healthCheck: {
            passive: {
              baseEjectionTime: milliseconds(ejection),
              interval: "1s",
              maxEjectionPercent: 100,
              consecutive5XxErrors: spread.consecutive ?? 1,
            },
          },
        }),
  });
}

function lostOfRule(plan: Plan, { kind, client }: StrategyPlan): readonly string[] {
  const { retry } = client ?? plan.client;
  return [
    ...(kind === "round-robin" ? ["Turns become a random split with the same shares."] : []),
    ...(kind === "priority" || kind === "envoy-priorities"
      ? [
          "A 429 does not eject a backend in Envoy, a 5xx does: a throttled target is tried first again by the next request.",
        ]
      : []),
    ...(retry.mode === "adaptive" ? ["The adaptive client's send limit is not kept."] : []),
    ...(retry.mode === "custom" && retry.budget !== undefined ? ["The budget of retries is not kept."] : []),
  ];
}

function needsClassHeader(plan: Plan): boolean {
  return plan.models.some((_, m) => {
    const legal = plan.classes.filter((each) => each.model === m).map((each) => each.legal.join());
    return new Set(legal).size > 1;
  });
}

function isCalled(plan: Plan, target: number, model: number): boolean {
  const { calledIds, isAsync } = plan.targets[target]!;
  return calledIds[model] !== null && !isAsync;
}

/** Weights are whole numbers in the Gateway API: shares are written in thousandths. */
function weightsOf(plan: Plan, weights: unknown): Spread {
  if (weights === undefined) return {};
  const areWhole = Object.values(weights as Readonly<Record<string, number>>).every(Number.isInteger);
  return { weight: (t) => Math.round((areWhole ? 1 : 1000) * (amountOf(plan, weights, t) ?? 0)) };
}

function amountOf(plan: Plan, amounts: unknown, target: number): number | undefined {
  const entries = Object.entries((amounts ?? {}) as Readonly<Record<string, number>>);
  return entries.find(([name]) => indexOf(plan, name) === target)?.[1];
}

function indexOf({ targets, regionNames }: Plan, name: string): number {
  const byId = targets.findIndex(({ id }) => id === name);
  return byId >= 0 ? byId : targets.findIndex(({ region }) => regionNames[region] === name);
}

/** As Kubernetes takes names: lower case, digits and hyphens. */
function nameOf(text: string): string {
  const plain = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return plain.slice(0, 63) || "meridian";
}

function milliseconds(ms: number): string {
  return ms % 1000 === 0 && ms > 0 ? `${ms / 1000}s` : `${Math.max(1, Math.round(ms))}ms`;
}

function resource(apiVersion: string, kind: string, name: string, spec: Resource["spec"]): Resource {
  return { apiVersion, kind, metadata: { name }, spec };
}
