import type { OutcomeKind } from "../../client/strategy.ts";

/**
 * How endpoints of one kind are called: one file each, and a line in index.ts. It knows words only; the wire, the clock
 * and credentials are the caller's. docs/adapters.md walks through adding one.
 */
export interface EndpointAdapter {
  /** As `api:` of an endpoints file names it. */
  readonly name: string;
  /** Ways to let a call in. */
  readonly auths: readonly AuthKind[];
  /** Environment variable that holds its API key where the endpoints file names no other. */
  readonly keyVariable: string;
  /** Models are called by the scenario's ids unless the endpoints file says otherwise; if not, it has to say. */
  readonly knowsScenarioIds: boolean;
  readonly tiers: readonly ReplayTier[];
  /** Settings of its own in an endpoints file. */
  readonly settings: Readonly<Record<string, AdapterSetting>>;
  /** Servers may send a stream's headers before the first token is there. */
  readonly headersMayLead: boolean;
  /** How the body of a streamed answer is wanted. */
  readonly streamBody: "binary" | "text";
  request(call: AdapterCall): AdapterRequest;
  read(answer: AdapterAnswer, isStream: boolean): AdapterVerdict;
}

export type AuthKind = "none" | "api-key" | "sigv4";

/** A setting that may be left out. */
export type AdapterSetting =
  | { readonly kind: "choice"; readonly choices: readonly string[]; readonly description: string }
  | { readonly kind: "number"; readonly min: number; readonly max: number; readonly description: string };

export type AdapterSettings = Readonly<Record<string, string | number>>;

export interface AdapterCall {
  /** The model by its name at the endpoint. */
  readonly model: string;
  readonly prompt: PromptOrder;
  /** The answer comes token by token. */
  readonly isStream: boolean;
  readonly settings: AdapterSettings;
  /** Where the caller is, for an emulator that injects the way; undefined elsewhere. */
  readonly origin: string | undefined;
}

export interface AdapterRequest {
  /** What follows the endpoint's URL; segments percent-encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string;
}

export interface AdapterAnswer {
  readonly status: number;
  /** @param name in lower case */
  header(name: string): string | undefined;
  readonly body: string | ArrayBuffer | null;
  /** When it was read, ms since 1970. */
  readonly nowMs: number;
}

/** What an answer says of an attempt, in the words of the contract between strategies and the world. */
export interface Verdict {
  readonly kind: OutcomeKind;
  /** Not to be tried again: the request itself is wrong, or no attempt will fare better. */
  readonly isFinal: boolean;
  /** Name of the error, "" for none. */
  readonly error: string;
  /** Tokens as the service counted them: uncached input, output, cache read, cache write. */
  readonly usage: readonly [number, number, number, number] | null;
}

export interface AdapterVerdict extends Verdict {
  /** What the service asks to wait, ms; NaN = nothing. */
  readonly retryAfterMs: number;
  /** The service's name of the call; "" where it gives none. */
  readonly serviceRequestId: string;
}

export type ReplayTier = "standard" | "priority" | "flex" | "latency-optimized";

/** What a call asks for. Counts are tokens. */
export interface PromptOrder {
  /** Request and attempt, `17.0`: to find the call again in the service's log. */
  readonly requestId: string;
  readonly className: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** 0 = not set. */
  readonly maxTokens: number;
  readonly prefixTokens: number;
  readonly prefixId: number;
  readonly tier: ReplayTier;
  /** Characters of filler that make one token. */
  readonly charsPerToken: number;
  /**
   * Of the run. With one, no two requests share more text than their cacheable prefix, and no two runs share any, so
   * that a service which caches prompts unasked meets no text twice. "" for an emulator, which caches what is marked.
   */
  readonly salt: string;
  /** For an emulator, where several targets are called alike; undefined elsewhere. */
  readonly targetId?: string | undefined;
}

/** A prompt's text in two parts; either may be "", not both. */
export interface PromptTexts {
  /** The cacheable prefix, equal for equal ids. */
  readonly prefix: string;
  readonly rest: string;
}

const WORDS = "lamp tree road fish wind salt moon leaf ";

/**
 * Texts that have the wanted number of tokens, as far as the characters per token are known. They are of ASCII that
 * needs no escaping in JSON.
 */
export function promptTexts(order: PromptOrder): PromptTexts {
  const { inputTokens, prefixTokens, prefixId, charsPerToken, salt } = order;
  const text = (tokens: number, start: string): string => filler(Math.round(tokens * charsPerToken), start);
  const [request] = order.requestId.split(".", 1);
  const own = salt === "" ? "" : `${salt} ${request} `;
  const prefix = Math.min(prefixTokens, inputTokens);
  if (prefix <= 0) return { prefix: "", rest: text(Math.max(1, inputTokens), own) };
  const shared = `${salt === "" ? "" : `${salt} `}shared text ${prefixId}. `;
  return { prefix: text(prefix, shared), rest: inputTokens > prefix ? text(inputTokens - prefix, own) : "" };
}

/** Text of so many characters, at least one, that begins as given. */
function filler(chars: number, start: string): string {
  const length = Math.max(1, chars);
  const words = Math.max(0, Math.ceil((length - start.length) / WORDS.length));
  return (start + WORDS.repeat(words)).slice(0, length);
}

/** One segment of a URL's path; encodeURIComponent leaves five characters that RFC 3986 reserves. */
export function encodeSegment(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * Names under which a service says, by the status of a rate limit, that an account has no money left: no wait helps.
 * Source: OpenAI, "Error codes"; `error.code` names the limit, and `error.type` may still be insufficient_quota.
 */
export function isOutOfMoney(name: string): boolean {
  return OUT_OF_MONEY.test(name);
}

const OUT_OF_MONEY =
  /^(insufficient_quota|credit_balance_exhausted|billing_\w+|(organization|project)_(spend|usage)_limit_exceeded)$/;
