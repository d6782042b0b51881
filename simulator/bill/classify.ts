/** What each line of a bill bought: which model's tokens, of which kind, at which tier; or why that cannot be said. */
import type { BillLine } from "./bill-line.ts";
import { readUsageType, type TokenKind, tokensPerUnit, type UsageTier } from "./usage-type.ts";
import { type Decimal, ONE } from "./usd.ts";

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
  const isMarketplace = isMarketplaceModel(line.service) || /(^|-)MP:/.test(line.usageType ?? "");
  const written = isMarketplaceModel(line.service) ? modelNameOf(line.service!) : facts?.model;
  const modelId = written === undefined ? undefined : names.idOf(written);
  const spend = spendOf(line, isMarketplace, facts?.tokenKind);
  return {
    line,
    spend,
    model: written,
    modelId,
    tokenKind: facts?.tokenKind,
    tier: facts?.tokenKind === undefined ? undefined : facts.tier,
    routing: facts?.tokenKind === undefined ? undefined : facts.routing,
    isLongPrompt: facts?.isLongPrompt ?? false,
    region: line.region ?? facts?.region,
    tokens: facts?.tokenKind === undefined ? undefined : tokensOf(line, isMarketplace),
    remark: remarkOf(line, spend, facts?.region, written, modelId),
  };
}

function spendOf(line: BillLine, isMarketplace: boolean, tokenKind: TokenKind | undefined): SpendKind {
  const isBedrock = isMarketplace || /bedrock/i.test(line.service ?? "");
  if (tokenKind !== undefined && (isBedrock || line.service === undefined)) return "tokens";
  if (isBedrock) return "bedrock";
  return line.service === undefined ? "unattributed" : "other";
}

function tokensOf(line: BillLine, isMarketplace: boolean): Decimal | undefined {
  const factor = tokensPerUnit(line.unit, isMarketplace);
  return factor === undefined || line.quantity === undefined ? undefined : line.quantity * BigInt(factor);
}

function remarkOf(
  line: BillLine,
  spend: SpendKind,
  regionOfUsage: string | undefined,
  model: string | undefined,
  modelId: string | undefined,
): string | undefined {
  if (regionOfUsage !== undefined && line.region !== undefined && line.region !== regionOfUsage)
    return `the usage type is of ${regionOfUsage}, the line of ${line.region}`;
  if (spend === "unattributed") {
    const isSaid = line.service !== undefined || line.usageType !== undefined;
    return isSaid ? "neither service nor usage type names Bedrock" : "the export does not say for what";
  }
  if (spend === "tokens" && model !== undefined && modelId === undefined)
    return `the model ${model} is not in the table of models`;
  if (
    spend === "tokens" &&
    line.quantity !== undefined &&
    line.unit !== undefined &&
    tokensOf(line, true) === undefined
  )
    return `the unit ${line.unit} counts no tokens`;
  return undefined;
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

/** @param models with their public names, e.g. `Claude Haiku 4.5` */
export function createModelNames(models: readonly { readonly id: string; readonly name: string }[]): ModelNames {
  const ids = new Map<string, string | undefined>();
  for (const { id, name } of models) {
    const key = keyOf(name);
    ids.set(key, ids.has(key) ? undefined : id);
  }
  return { idOf: (name) => ids.get(keyOf(name)) };
}

/** Words without order, digits in their order: `Claude4.6Opus` is `Claude Opus 4.6`, `Nova2.0Lite` is `Nova 2 Lite`. */
function keyOf(name: string): string {
  const plain = name.replace(/(\d)\.0(?!\d)/g, "$1").replace(/([a-z])([A-Z])/g, "$1 $2");
  const words = (plain.toLowerCase().match(/[a-z]+|\+/g) ?? []).filter((word) => word !== "instruct").sort();
  return `${words.join(" ")} ${(plain.match(/\d+/g) ?? []).join("")}`;
}
