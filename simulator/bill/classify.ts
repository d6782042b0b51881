/** What each line of a bill bought: which model's tokens, of which kind, at which tier; or why that cannot be said. */
import { type BillLine, type Decimal, ONE } from "./bill-line.ts";
import {
  featureOf,
  readUsageType,
  type TokenKind,
  tokensPerUnit,
  type UsageTier,
  type UsageTypeFacts,
} from "./usage-type.ts";

/**
 * `tokens`: of a text model, what routing can move. `bedrock`: other spend on Bedrock (images, guardrails, provisioned
 * hours). `other`: another service. `unattributed`: Bedrock's or not cannot be told.
 */
export type SpendKind = "tokens" | "bedrock" | "other" | "unattributed";

export interface ClassifiedLine {
  readonly line: BillLine;
  readonly spend: SpendKind;
  /** Name of the model as people know it; undefined where the line does not say. */
  readonly model: string | undefined;
  /** Its Bedrock id; undefined where the name fits no known model. */
  readonly modelId: string | undefined;
  readonly tokenKind: TokenKind | undefined;
  readonly tier: UsageTier | undefined;
  readonly routing: "regional" | "global" | undefined;
  readonly isLongPrompt: boolean;
  readonly region: string | undefined;
  /** Undefined where the line gives no quantity in a unit of tokens. */
  readonly tokens: Decimal | undefined;
  /** Why a line is not attributed, or what is odd about it. */
  readonly remark: string | undefined;
}

/** Reads one line's usage type, service and unit. */
export function classifyLine(line: BillLine, names: ModelNames): ClassifiedLine {
  const facts = line.usageType === undefined ? undefined : readUsageType(line.usageType);
  const isNamed = isMarketplaceModel(line.service);
  const isMarketplace = isNamed || facts?.isMarketplace === true;
  const written = isNamed ? modelNameOf(line.service!) : facts?.model;
  const modelId = written === undefined ? undefined : names.idOf(written);
  const spend = spendOf(line, facts);
  const tokenKind = spend === "tokens" ? facts?.tokenKind : undefined;
  const isHourly = facts?.tier === "reserved" || facts?.tier === "provisioned";
  const draft = {
    line,
    spend,
    model: written,
    modelId,
    tokenKind,
    tier: tokenKind === undefined && !(isHourly && spend === "bedrock") ? undefined : facts?.tier,
    routing: tokenKind === undefined ? undefined : facts?.routing,
    isLongPrompt: facts?.isLongPrompt ?? false,
    region: line.region ?? facts?.region,
    tokens: tokenKind === undefined ? undefined : tokensOf(line, isMarketplace),
  };
  return { ...draft, remark: remarkOf(draft, facts?.region) };
}

/** A line of the marketplace whose service is a name other than Bedrock's is of another seller, unless it meters tokens by region. */
function spendOf({ service, usageType }: BillLine, facts: UsageTypeFacts | undefined): SpendKind {
  const isMetered = facts?.tokenKind !== undefined && /(^|-)MP:[A-Z]{2,4}\d{1,2}[_-]/.test(usageType ?? "");
  const isBedrock = isMarketplaceModel(service) || /bedrock/i.test(service ?? "") || isMetered;
  if (facts?.tokenKind !== undefined && (isBedrock || service === undefined)) return "tokens";
  if (isBedrock || (service === undefined && usageType !== undefined && OF_BEDROCK.has(featureOf(usageType))))
    return "bedrock";
  return service === undefined ? "unattributed" : "other";
}

/** Features that no other service has, for exports that name usage types alone. */
const OF_BEDROCK: ReadonlySet<string> = new Set(["guardrails", "custom model import", "data automation"]);

function tokensOf(line: BillLine, isMarketplace: boolean): Decimal | undefined {
  const factor = tokensPerUnit(line.unit, isMarketplace);
  return factor === undefined || line.quantity === undefined ? undefined : line.quantity * BigInt(factor);
}

function remarkOf(draft: Omit<ClassifiedLine, "remark">, regionOfUsage: string | undefined): string | undefined {
  const { line, spend, model, modelId, tokens } = draft;
  if (regionOfUsage !== undefined && line.region !== undefined && line.region !== regionOfUsage)
    return `the usage type is of ${regionOfUsage}, the line of ${line.region}`;
  if (spend === "unattributed") {
    const isSaid = line.service !== undefined || line.usageType !== undefined;
    return isSaid ? "neither service nor usage type names Bedrock" : "the export does not say for what";
  }
  if (spend !== "tokens") return undefined;
  if (line.kind === "usage" && line.costUsd < 0n)
    return "a cost below zero that the export says is usage: it lowers the price of its tokens";
  if (model === undefined) return "the line does not say of which model its tokens are";
  if (modelId === undefined) return `the model ${model} is not in the table of models`;
  if (draft.region === undefined) return "neither the line nor its usage type says in which region";
  const isCounted = line.quantity === undefined || line.unit === undefined || tokens !== undefined;
  return isCounted ? undefined : `the unit ${line.unit} counts no tokens`;
}

/** USD per million tokens; undefined without tokens. @param tokens exact */
export function usdPerMTok(costUsd: Decimal, tokens: Decimal): Decimal | undefined {
  return tokens === 0n ? undefined : (costUsd * 1_000_000n * ONE) / tokens;
}

const MARKETPLACE = /\s*\(Amazon Bedrock Edition\)\s*$/i;

/** Whether a service of this name is a model sold through the marketplace. */
export function isMarketplaceModel(service: string | undefined): boolean {
  return service !== undefined && MARKETPLACE.test(service);
}

/** @example modelNameOf("Claude Haiku 4.5 (Amazon Bedrock Edition)") // => "Claude Haiku 4.5" */
export function modelNameOf(service: string): string {
  return service.replace(MARKETPLACE, "");
}

/** Ids of models by their names as bills write them. */
export interface ModelNames {
  /** Undefined for a name that fits no model, or more than one. */
  idOf(name: string): string | undefined;
}

/** Vendors that some bills write before a model's name and others do not. */
const VENDOR =
  /^(anthropic|open ?ai|amazon|meta|cohere|deepseek|qwen|google|nvidia|moonshot(ai)?|xai|writer)[ .-]*(?=\S)/i;

/**
 * @param models with their public names, e.g. `Claude Haiku 4.5`; ids are found too, with or without date and version
 */
export function createModelNames(models: readonly { readonly id: string; readonly name: string }[]): ModelNames {
  const named = new Map<string, string | undefined>();
  const add = (keys: Map<string, string | undefined>, key: string, id: string) =>
    keys.set(key, keys.has(key) && keys.get(key) !== id ? undefined : id);
  for (const { id, name } of models) add(named, keyOf(name), id);
  for (const { id, name } of models) if (VENDOR.test(name)) addMissing(named, keyOf(name.replace(VENDOR, "")), id);
  const ids = new Map<string, string | undefined>();
  for (const { id } of models) add(ids, keyOfId(id), id);
  const listed = new Set(models.map(({ id }) => id));
  return {
    idOf: (name) => {
      const plain = name.replace(ROUTING_PREFIX, "");
      if (listed.has(plain)) return plain;
      const id = /^[a-z0-9]+\.[a-z]/.test(plain) ? ids.get(keyOfId(plain)) : undefined;
      return id ?? named.get(keyOf(name)) ?? named.get(keyOf(name.replace(VENDOR, ""))) ?? ALIASES[name.toLowerCase()];
    },
  };
}

function addMissing(keys: Map<string, string | undefined>, key: string, id: string): void {
  if (!keys.has(key)) keys.set(key, id);
}

/** Names of the bill that say less than the model's own. Source: Price List Bulk API, offer AmazonBedrock. */
const ALIASES: Readonly<Record<string, string>> = {
  mistrallarge: "mistral.mistral-large-2402-v1:0",
  "mistral large": "mistral.mistral-large-2402-v1:0",
};

const ROUTING_PREFIX = /^(us|eu|apac|jp|au|ca|in|global|us-gov)\./;

/** An id without the date and version that usage types leave out. */
function keyOfId(id: string): string {
  return id
    .toLowerCase()
    .replace(/(-v?\d+(:\d+)?(:\d+k|:\w+)?)?$/, (version) => (/^-v|:/.test(version) ? "" : version))
    .replace(/-20\d{6}$/, "");
}

/** Words without order, digits in their order: `Claude4.6Opus` is `Claude Opus 4.6`, `Nova2.0Lite` is `Nova 2 Lite`. */
function keyOf(name: string): string {
  const plain = name
    .replace(/(\d)\.0(?!\d)/g, "$1")
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .replace(/\+/g, " plus ");
  const words = (plain.toLowerCase().match(/[a-z]+/g) ?? []).filter((word) => word !== "instruct").sort();
  return `${words.join(" ")} ${(plain.match(/\d+/g) ?? []).join("")}`;
}
