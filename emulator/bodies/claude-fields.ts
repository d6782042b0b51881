/**
 * Fields of Claude's Messages API that callers send in two places: in Anthropic's body, and in Converse's
 * `additionalModelRequestFields`.
 */
import { ServiceError } from "../http/errors.ts";
import { isObject, type JsonObject } from "../http/request-body.ts";
import type { ParsedPrompt, ThinkingRequest } from "../model/prompt.ts";
import { sampleOfSchema } from "../model/schema-sample.ts";

/** Fields that every request may have. `cache_control` and others of Anthropic's own API are not among them. */
const FIELDS: readonly string[] = ["anthropic_beta", "output_config", "thinking", "tool_choice", "tools", "top_k"];
/** Fields that need a beta, by the beginning of its name. */
const BETA_FIELDS: Readonly<Record<string, string>> = {
  context_management: "context-management-",
  output_format: "structured-outputs-",
  mcp_servers: "mcp-client-",
  container: "code-execution-",
  speed: "fast-mode-",
};

/**
 * @param fields  the body, or Converse's additional fields
 * @param allowed further fields that may be there
 * @param header  value of the `anthropic-beta` header, comma-separated
 * @throws ServiceError ValidationException for unknown fields and values of the wrong type
 * Source: Amazon Bedrock User Guide, Anthropic Claude Messages API; Anthropic API reference.
 */
export function parseClaudeFields(
  fields: JsonObject,
  allowed: readonly string[],
  header?: string,
): Pick<ParsedPrompt, "thinking" | "betas" | "structured"> & { readonly topK: number | undefined } {
  const betas = betasOf(fields.anthropic_beta, header);
  for (const name of Object.keys(fields)) {
    const beta = Object.hasOwn(BETA_FIELDS, name) ? BETA_FIELDS[name]! : undefined;
    const isKnown = beta === undefined ? FIELDS.includes(name) || allowed.includes(name) : hasBeta(betas, beta);
    if (!isKnown) throw invalid(`${name}: Extra inputs are not permitted`);
  }
  return {
    betas,
    thinking: thinkingOf(fields.thinking),
    structured: structuredOf(fields),
    topK: integerOf(fields.top_k, "top_k", 0),
  };
}

function hasBeta(betas: readonly string[], beginning: string): boolean {
  return betas.some((beta) => beta.startsWith(beginning));
}

function betasOf(value: unknown, header: string | undefined): readonly string[] {
  const listed = value === undefined || value === null ? [] : value;
  if (!Array.isArray(listed) || !listed.every((beta) => typeof beta === "string")) {
    throw invalid("anthropic_beta: Input should be a valid list");
  }
  const named = (header ?? "").split(",").map((beta) => beta.trim());
  return [...listed, ...named.filter((beta) => beta !== "")];
}

const MODES = { enabled: "budget", adaptive: "adaptive", disabled: "disabled" } as const;

function thinkingOf(value: unknown): ThinkingRequest | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) throw invalid("thinking: Input should be a valid dictionary");
  const { type, budget_tokens: budget, display } = value;
  if (typeof type !== "string" || !Object.hasOwn(MODES, type)) {
    throw invalid(
      `thinking: Input tag '${String(type)}' found using 'type' does not match any of the expected tags: 'adaptive', 'disabled', 'enabled'`,
    );
  }
  if (display !== undefined && display !== "summarized" && display !== "omitted") {
    throw invalid(`thinking.${type}.display: Input should be 'summarized' or 'omitted'`);
  }
  const mode = MODES[type as keyof typeof MODES];
  if (mode === "budget" && budget === undefined) throw invalid("thinking.enabled.budget_tokens: Field required");
  if (mode !== "budget" && budget !== undefined) {
    throw invalid(`thinking.${type}.budget_tokens: Extra inputs are not permitted`);
  }
  const budgetTokens = integerOf(budget, "thinking.enabled.budget_tokens", 1);
  return { mode, budgetTokens, isShown: display !== "omitted" };
}

const EFFORTS: readonly unknown[] = ["low", "medium", "high", "xhigh", "max"];

/**
 * Refuses what is no object, and members that it must not have.
 *
 * @throws ServiceError ValidationException
 */
export function refuseOthers(value: unknown, at: string, known: readonly string[]): void {
  if (value === undefined || value === null) return;
  if (!isObject(value)) throw invalid(`${at}: Input should be a valid dictionary`);
  const other = Object.keys(value).find((name) => !known.includes(name));
  if (other !== undefined) throw invalid(`${at}.${other.slice(0, 60)}: Extra inputs are not permitted`);
}

/** The answer to a request for JSON that satisfies a schema. */
function structuredOf({ output_config: config, output_format: older }: JsonObject): string | undefined {
  refuseOthers(config, "output_config", ["effort", "format", "task_budget"]);
  const effort = isObject(config) ? config.effort : undefined;
  if (effort !== undefined && effort !== null && !EFFORTS.includes(effort)) {
    throw invalid(`output_config.effort: Input should be ${EFFORTS.map((each) => `'${each}'`).join(", ")}`);
  }
  const format = isObject(config) && config.format !== undefined && config.format !== null ? config.format : older;
  if (format === undefined || format === null) return undefined;
  if (!isObject(format)) throw invalid("output_config.format: Input should be a valid dictionary");
  if (format.type !== "json_schema") throw invalid("output_config.format.type: Input should be 'json_schema'");
  if (!isObject(format.schema)) throw invalid("output_config.format.schema: Field required");
  return JSON.stringify(sampleOfSchema(format.schema));
}

/** Reads a whole number of at least `least`; undefined if absent. @throws ServiceError ValidationException */
export function integerOf(value: unknown, at: string, least: number): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number" || !Number.isInteger(value)) throw invalid(`${at}: Input should be a valid integer`);
  if (value < least) throw invalid(`${at}: Input should be greater than or equal to ${least}`);
  return value;
}

/** Reads a number from 0 to 1; undefined if absent. @throws ServiceError ValidationException */
export function shareOf(value: unknown, at: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number") throw invalid(`${at}: Input should be a valid number`);
  if (value < 0) throw invalid(`${at}: Input should be greater than or equal to 0`);
  if (value > 1) throw invalid(`${at}: Input should be less than or equal to 1`);
  return value;
}

/** An error in the words of Anthropic's API. */
export function invalid(message: string): ServiceError {
  return new ServiceError("ValidationException", message);
}
