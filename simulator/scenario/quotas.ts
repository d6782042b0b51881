/** `world.quotas`: limits of accounts, and the meters of each account, source region, model and family. */
import { z } from "zod";
import { count, durationMs, unionOf } from "../base/schema-forms.ts";
import { DAY_MS, MINUTE_MS } from "../base/time.ts";
import type { RouteFamily } from "../service/pricing/prices.ts";
import { appliedQuotaOf, defaultQuotaOf, type QuotaData } from "../service/quota/default-quotas.ts";
import type { MeterSpec } from "../service/quota/meter.ts";
import type { QuotaSpec } from "../service/quota/token-quota.ts";
import type { RoutePlan } from "../service/service-plan.ts";
import type { RouteDraft } from "./drafts.ts";
import type { SettledModel } from "./models.ts";
import type { Problems } from "./problems.ts";

const lawSchema = z.enum(["token-bucket", "clock-window", "rolling-window"]).meta({
  description:
    "Window law: AWS does not publish its own. token-bucket refills continuously; clock-window restarts at each whole window of UTC; rolling-window looks back one window",
});

const unlimited = z.literal("unlimited").transform(() => Number.POSITIVE_INFINITY);
const positive = z
  .union([unlimited, count])
  .refine((value) => value > 0, "a quota of 0 refuses everything: leave it out, or give a number above 0");

const meterSchema = unionOf([
  positive.transform((limit) => ({ limit, law: undefined, burst: undefined, window: undefined })),
  z.strictObject({
    limit: positive.meta({ description: "Amount per window" }),
    window: durationMs
      .refine((ms) => ms > 0, "must be more than 0")
      .optional()
      .meta({ description: "Length of the window" }),
    law: lawSchema.optional(),
    burst: count
      .refine((value) => value > 0, "must be more than 0")
      .optional()
      .meta({ description: "Bucket size of a token bucket; the limit unless given" }),
  }),
]);

export const quotaSchema = z
  .strictObject({
    account: z
      .string()
      .min(1)
      .optional()
      .meta({ description: "Account it is for; every account has its own unless given" }),
    region: z.string().min(1).optional().meta({ description: "Source region; every region has its own unless given" }),
    model: z
      .string()
      .min(1)
      .optional()
      .meta({ description: "The scenario's model; every model has its own unless given" }),
    family: z
      .enum(["on-demand", "geographic", "global"])
      .optional()
      .meta({ description: "Quota family: each has its own unless given" }),
    tier: z
      .literal("latency-optimized")
      .optional()
      .meta({ description: "Quota of latency-optimised calls alone; beyond it they go on as standard" }),
    defaults: z.literal("aws-2026").optional().meta({
      description: "AWS's published defaults of 2026, wherever no other entry fits; stands alone, or with a law",
    }),
    tokensPerMinute: meterSchema.optional().meta({ description: "TPM: a number, or limit with law and burst" }),
    tokensPerDay: meterSchema.optional().meta({ description: "TPD; restarts at midnight UTC" }),
    requests: meterSchema.optional().meta({ description: "Requests per window (a minute unless given)" }),
    law: lawSchema.default("token-bucket"),
    retryAfter: durationMs
      .optional()
      .meta({ description: "What a refusal tells the caller to wait; nothing unless given" }),
    burndown: z
      .number()
      .positive()
      .optional()
      .meta({ description: "Output tokens count this often at settlement; from the model unless given" }),
    reserveCacheReads: z
      .boolean()
      .default(false)
      .meta({ description: "Cache reads are part of the reservation (the older reading of the AWS page)" }),
    reserveWeightedOutput: z
      .boolean()
      .default(false)
      .meta({ description: "max_tokens counts times the burndown at reservation too (as some callers report)" }),
  })
  .superRefine((quota, context) => {
    const limits = ["tokensPerMinute", "tokensPerDay", "requests"] as const;
    if (quota.defaults === undefined) {
      if (limits.some((key) => quota[key] !== undefined)) return;
      const message = "a quota limits something: give tokensPerMinute, tokensPerDay or requests";
      context.addIssue({ code: "custom", message });
      return;
    }
    for (const key of [...limits, "region", "model", "account", "family", "tier", "burndown", "retryAfter"] as const) {
      if (quota[key] === undefined) continue;
      const message = "defaults stand alone: write what differs as an entry of its own, which then wins";
      context.addIssue({ code: "custom", path: [key], message });
    }
  })
  .meta({
    description:
      "A limit of each account x source region x model x family that it names; the last entry that fits wins",
  });
type QuotaInput = z.output<typeof quotaSchema>;

/** The meters of a quota entry. */
export function metersOf(quota: QuotaInput): {
  readonly tokensPerMinute: MeterSpec | null;
  readonly tokensPerDay: MeterSpec | null;
  readonly requests: MeterSpec | null;
} {
  const meter = (input: z.output<typeof meterSchema> | undefined, windowMs: number, law: MeterSpec["law"]) =>
    input === undefined || input.limit === Number.POSITIVE_INFINITY
      ? null
      : {
          law: input.law ?? law,
          limit: input.limit,
          windowMs: input.window ?? windowMs,
          burst: input.burst ?? input.limit,
        };
  return {
    tokensPerMinute: meter(quota.tokensPerMinute, MINUTE_MS, quota.law),
    tokensPerDay: meter(quota.tokensPerDay, DAY_MS, "clock-window"),
    requests: meter(quota.requests, MINUTE_MS, quota.law),
  };
}

const FAMILY: Readonly<Record<RouteFamily, NonNullable<QuotaInput["family"]>>> = {
  regional: "on-demand",
  geographic: "geographic",
  global: "global",
};

export interface QuotasInput {
  /** Models by the scenario's names: what of them sets a quota. */
  readonly models: Readonly<Record<string, Pick<SettledModel, "id" | "burndown" | "unknown">>>;
  /** `world.quotas`. */
  readonly entries: readonly QuotaInput[];
  readonly regionNames: readonly string[];
  readonly accounts: readonly string[];
  readonly data: QuotaData;
  readonly routes: readonly (RouteDraft | null)[];
  readonly problems: Problems;
}

export interface Quotas {
  readonly quotas: readonly QuotaSpec[];
  readonly routes: readonly (RoutePlan | null)[];
  /** Where the defaults come from, and whose burndown is not known; empty where neither is used. */
  readonly notes: readonly string[];
}

/** The quotas: one set of meters for each account × source region × model × family that a route uses and an entry limits. */
export function resolveQuotas(input: QuotasInput): Quotas {
  const { regionNames, accounts, problems } = input;
  const modelNames = Object.keys(input.models);
  input.entries.forEach((entry, i) => {
    const where = `world.quotas[${i}]`;
    if (entry.region !== undefined) problems.indexOf(entry.region, regionNames, "region", `${where}.region`);
    if (entry.model !== undefined) problems.indexOf(entry.model, modelNames, "model", `${where}.model`);
    if (entry.account !== undefined) problems.indexOf(entry.account, accounts, "account", `${where}.account`);
  });
  const list = new QuotaList(input);
  const planOf = (draft: RouteDraft, model: number): RoutePlan => {
    const of = { region: draft.sourceRegion, model, family: draft.family };
    const overflow = draft.overflow === null ? null : planOf(draft.overflow, model);
    const draw = (tier: QuotaInput["tier"]) => accounts.map((account) => list.indexOf({ account, tier, ...of }));
    if (draft.quotaSource === "none") return { ...draft, overflow, quotas: accounts.map(() => -1) };
    if (draft.quotaSource === "family") return { ...draft, overflow, quotas: draw(undefined) };
    const own = draw(draft.quotaSource);
    // Without a quota of its own the tier draws on the family's, and beyond that standard has no room either.
    return own.every((quota) => quota < 0)
      ? { ...draft, overflow: null, quotas: draw(undefined) }
      : { ...draft, overflow, quotas: own };
  };
  const routes = input.routes.map((draft, i) => (draft === null ? null : planOf(draft, i % modelNames.length)));
  return { quotas: list.quotas, routes, notes: list.notes() };
}

interface QuotaKey {
  readonly account: string;
  readonly region: number;
  readonly model: number;
  readonly family: RouteFamily;
  readonly tier: QuotaInput["tier"];
}

/** The quotas that routes draw on, each once. */
class QuotaList {
  readonly quotas: QuotaSpec[] = [];
  private readonly input: QuotasInput;
  private readonly modelNames: readonly string[];
  private readonly known = new Map<string, number>();
  private readonly defaults = new Set<string>();
  private readonly sources = new Set<string>();
  /** Models whose burndown is not known but counts. */
  private readonly unknown = new Set<string>();

  constructor(input: QuotasInput) {
    this.input = input;
    this.modelNames = Object.keys(input.models);
  }

  /** Index of the quota that counts the key's calls; -1 where nothing limits them. */
  indexOf(key: QuotaKey): number {
    const region = this.input.regionNames[key.region]!;
    const model = this.modelNames[key.model]!;
    const tier = key.tier === undefined ? "" : `/${key.tier}`;
    const id = `${key.account}/${region}/${model}/${FAMILY[key.family]}${tier}`;
    const known = this.known.get(id);
    if (known !== undefined) return known;
    const entry = this.entryOf(key, region, model);
    const index = entry === undefined ? -1 : this.add(id, key, entry);
    this.known.set(id, index);
    return index;
  }

  notes(): readonly string[] {
    const { data, models } = this.input;
    const sources = [...this.sources].map((source) => data.sources[source] ?? source);
    const defaults = `AWS default quotas: ${[...this.defaults].join("; ")}. Sources: ${sources.join("; ")}.`;
    const unknown = [...this.unknown].map(
      (name) =>
        `The burndown of ${name} (${models[name]!.id}) is not known: its output tokens count once against quotas. If you know it, state world.models.${name}.burndown.`,
    );
    return this.defaults.size === 0 ? unknown : [defaults, ...unknown];
  }

  private entryOf(key: QuotaKey, region: string, model: string): QuotaInput | undefined {
    const { entries: quotas } = this.input;
    const own = quotas.findLast(
      (each) =>
        each.defaults === undefined &&
        (each.account ?? key.account) === key.account &&
        (each.region ?? region) === region &&
        (each.model ?? model) === model &&
        (each.family ?? FAMILY[key.family]) === FAMILY[key.family] &&
        each.tier === key.tier,
    );
    if (own !== undefined || key.tier !== undefined) return own;
    const at = quotas.findLastIndex((each) => each.defaults !== undefined);
    return at < 0 ? undefined : this.defaultEntry(key, region, model, at);
  }

  private defaultEntry(key: QuotaKey, region: string, model: string, at: number): QuotaInput | undefined {
    const { models, data, problems } = this.input;
    const asked = { modelId: models[model]!.id, region, family: key.family };
    const found = defaultQuotaOf(data, asked);
    if (found === undefined) {
      const applied = appliedQuotaOf(data, asked);
      const seen = applied === undefined ? "" : ` (accounts were seen to have ${applied} tokens per minute)`;
      problems.add(
        "QUOTA_DEFAULT_UNKNOWN",
        `world.quotas[${at}].defaults`,
        `no default quota is known for ${asked.modelId}, ${FAMILY[key.family]}, in ${region}${seen}`,
        `state it: world.quotas: [{ model: ${model}, family: ${FAMILY[key.family]}, tokensPerMinute: <tokens or unlimited> }]`,
      );
      return undefined;
    }
    this.defaults.add(`${model} ${FAMILY[key.family]} ${found.tokensPerMinute} TPM in ${region}`);
    this.sources.add(found.source);
    const meter = (limit: number) => ({ limit, law: undefined, burst: undefined, window: undefined });
    return {
      law: this.input.entries[at]!.law,
      tokensPerMinute: meter(found.tokensPerMinute),
      tokensPerDay: meter(found.tokensPerDay),
      reserveCacheReads: this.input.entries[at]!.reserveCacheReads,
      reserveWeightedOutput: this.input.entries[at]!.reserveWeightedOutput,
    };
  }

  private add(id: string, key: QuotaKey, entry: QuotaInput): number {
    const name = this.modelNames[key.model]!;
    const spec = this.input.models[name]!;
    const meters = metersOf(entry);
    const isCounting = meters.tokensPerMinute !== null || meters.tokensPerDay !== null;
    if (isCounting && entry.burndown === undefined && spec.unknown.includes("burndown")) this.unknown.add(name);
    this.quotas.push({
      id,
      region: key.region,
      model: key.model,
      ...meters,
      burndown: entry.burndown ?? spec.burndown,
      reservesCacheReads: entry.reserveCacheReads,
      reservesWeightedOutput: entry.reserveWeightedOutput,
      retryAfterMs: entry.retryAfter ?? Number.NaN,
    });
    return this.quotas.length - 1;
  }
}
