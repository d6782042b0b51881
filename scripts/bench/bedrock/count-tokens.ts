/** How a Bedrock model counts the tokens of our prompts, measured with CountTokens before the run. */
import { BedrockRuntimeClient, CountTokensCommand } from "@aws-sdk/client-bedrock-runtime";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { quantileSorted } from "../../../simulator/base/statistics.ts";
import { promptTexts } from "../../../simulator/bench/adapters/adapter.ts";
import { requestOf, type ScheduleRow } from "../../../simulator/bench/rows.ts";
import type { Plan } from "../../../simulator/scenario/plan.ts";
import { type BedrockCredentials, hideSecrets } from "./credentials.ts";

/** How a model counts the prompts that we make. */
export interface PromptMeasure {
  readonly charsPerToken: number;
  /** Tokens of a prompt beyond its text. */
  readonly templateTokens: number;
  /** How far counted tokens were from those wanted, at most, as a share, over the lengths that were tried. */
  readonly errorMax: number;
}

export interface CountOptions {
  /** Foundation model, not a profile: the service counts for those only. */
  readonly modelId: string;
  readonly region: string;
  readonly url: string;
  readonly credentials: BedrockCredentials;
  /** Wanted input tokens of some prompts of the traffic, ascending. */
  readonly lengths: readonly number[];
  /** As in the run: it is part of the texts. */
  readonly salt: string;
  readonly signal: AbortSignal;
}

/** Wrong for every call that would follow, so better said before the first one that costs. */
const REJECTED = /UnrecognizedClient|InvalidSignature|IncompleteSignature|ExpiredToken|MissingAuthenticationToken/;
const LIMIT_MS = 20_000;
/** The two lengths that the line is laid through lie at least so many tokens apart. */
const SPREAD_TOKENS = 500;
const FIRST_GUESS = 4;

/**
 * Measures how many characters of our filler make a token of a model, with CountTokens, which is free of charge.
 * Counts are a line over characters: tokens = template + characters / charsPerToken.
 *
 * @returns undefined with the reason where the model or the account cannot count
 * @throws MeridianError environment CREDENTIALS_REJECTED
 */
export async function measurePrompts(options: CountOptions): Promise<PromptMeasure | { readonly reason: string }> {
  const client = clientOf(options);
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(LIMIT_MS)]);
  const count = async (tokens: number, charsPerToken: number): Promise<Counted> => {
    const text = textOf(options.salt, tokens, charsPerToken);
    const input = { converse: { messages: [{ role: "user" as const, content: [{ text }] }] } };
    const answer = await client.send(new CountTokensCommand({ modelId: options.modelId, input }), {
      abortSignal: signal,
    });
    return { chars: text.length, tokens: answer.inputTokens ?? Number.NaN };
  };
  try {
    const shortest = Math.max(20, options.lengths[0] ?? 0);
    const longest = Math.max(shortest + SPREAD_TOKENS, options.lengths.at(-1) ?? 0);
    const measure = lineThrough(await count(shortest, FIRST_GUESS), await count(longest, FIRST_GUESS));
    if (measure === undefined) return { reason: "its counts do not grow with the text" };
    let errorMax = 0;
    for (const wanted of options.lengths) {
      const { tokens } = await count(Math.max(1, wanted - measure.templateTokens), measure.charsPerToken);
      errorMax = Math.max(errorMax, Math.abs(tokens - wanted) / wanted);
    }
    return { ...measure, errorMax };
  } catch (error) {
    return reasonOf(error, options);
  } finally {
    client.destroy();
  }
}

interface Counted {
  readonly chars: number;
  readonly tokens: number;
}

function lineThrough(short: Counted, long: Counted): Omit<PromptMeasure, "errorMax"> | undefined {
  const charsPerToken = (long.chars - short.chars) / (long.tokens - short.tokens);
  if (!(charsPerToken > 0.1 && charsPerToken < 100)) return undefined;
  return { charsPerToken, templateTokens: Math.max(0, Math.round(short.tokens - short.chars / charsPerToken)) };
}

/** The text of a prompt without a prefix, as the run makes it. */
function textOf(salt: string, inputTokens: number, charsPerToken: number): string {
  const order = { inputTokens, charsPerToken, salt, prefixTokens: 0, prefixId: -1, requestId: "1.0" };
  return promptTexts({ ...order, className: "", outputTokens: 1, maxTokens: 1, tier: "standard" }).rest;
}

function clientOf({ region, url, credentials }: CountOptions): BedrockRuntimeClient {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_BEARER_TOKEN_BEDROCK } =
    credentials.variables;
  const auth =
    AWS_BEARER_TOKEN_BEDROCK === undefined
      ? {
          credentials: {
            accessKeyId: AWS_ACCESS_KEY_ID!,
            secretAccessKey: AWS_SECRET_ACCESS_KEY!,
            ...(AWS_SESSION_TOKEN === undefined ? {} : { sessionToken: AWS_SESSION_TOKEN }),
          },
          authSchemePreference: ["sigv4"],
        }
      : { token: { token: AWS_BEARER_TOKEN_BEDROCK }, authSchemePreference: ["httpBearerAuth"] };
  return new BedrockRuntimeClient({ region, endpoint: url, ...auth });
}

function reasonOf(error: unknown, { credentials, region, signal }: CountOptions): { readonly reason: string } {
  if (signal.aborted) return { reason: "it was stopped" };
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const said = hideSecrets(
    `${name}: ${message}`.split("\n", 1)[0]!.slice(0, 200),
    Object.values(credentials.variables),
  );
  if (!REJECTED.test(name)) return { reason: said };
  throw new MeridianError("environment", {
    code: "CREDENTIALS_REJECTED",
    what: `Bedrock does not take the credentials from ${credentials.source}: ${said}`,
    where: region,
    fix: "sign in again, or check that they are of this partition and this region",
  });
}

/**
 * A schedule in which every answer has a limit: where the caller set none, the wanted length, so that the bill is
 * bounded by what was simulated and not by the model's largest answer.
 */
export function boundAnswers(schedule: readonly ScheduleRow[]): {
  readonly schedule: readonly ScheduleRow[];
  /** How many requests had none. */
  readonly bounded: number;
} {
  let bounded = 0;
  const rows = schedule.map((row): ScheduleRow => {
    const [arrivalMs, classIndex, originIndex, inputTokens, outputTokens, maxTokens, ...prefix] = row;
    if (maxTokens > 0) return row;
    bounded++;
    return [arrivalMs, classIndex, originIndex, inputTokens, outputTokens, Math.max(1, outputTokens), ...prefix];
  });
  return { schedule: rows, bounded };
}

/** Wanted input tokens of a model's requests at their 10th, 50th and 90th percentile, without repeats; ascending. */
export function promptLengths(plan: Plan, schedule: readonly ScheduleRow[], model: number): readonly number[] {
  const tokens = schedule
    .map((row, id) => requestOf(row, id))
    .filter(({ classIndex }) => plan.classes[classIndex]!.model === model)
    .map(({ inputTokens }) => inputTokens)
    .sort((a, b) => a - b);
  if (tokens.length === 0) return [];
  return [...new Set([0.1, 0.5, 0.9].map((p) => Math.max(1, Math.round(quantileSorted(tokens, p)))))];
}
