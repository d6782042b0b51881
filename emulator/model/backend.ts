import type { ServiceFault } from "../http/errors.ts";
import type { InferenceOperation } from "../http/router.ts";

/**
 * The seam between the wire and the physics. The wire layer parses, authenticates and validates a call, then asks a
 * backend to begin it; the backend says when tokens exist and how the call ends. All instants are milliseconds of
 * the emulator's clock (which may run faster than the wall), so a backend never looks at a clock of its own.
 */
export interface InferenceBackend {
  /**
   * Admits or refuses a call. Runs to its end without waiting.
   *
   * @param call     what is known of the request
   * @param nowMs    instant at which the request reaches the endpoint
   * @param observer told of the first token, the end or a failure; never from inside `begin`
   */
  begin(call: InferenceCall, nowMs: number, observer: InferenceObserver): Admission;
  /** Round trip between a call's caller and an endpoint, emulator ms, where the backend knows a network. */
  roundTripMs?(origin: string | undefined, region: string, requestMetadata?: InferenceCall["requestMetadata"]): number;
}

export interface InferenceCall {
  readonly requestId: string;
  /** The endpoint that was called: the source region. */
  readonly region: string;
  /** The base model, resolved from a profile id or ARN. */
  readonly modelId: string;
  /** System profile that the call goes through; also where an application profile wraps one. */
  readonly profileId: string | undefined;
  /** Where the call may run: the region itself, or the profile's destinations for this source. Never empty. */
  readonly destinations: readonly string[];
  readonly operation: InferenceOperation;
  /** All input tokens, cacheable prefix included. */
  readonly inputTokens: number;
  /** Cache checkpoints in order of growing prefix; empty without prompt caching. */
  readonly cachePoints: readonly CachePoint[];
  /** The caller's limit; undefined reserves the model's maximum. */
  readonly maxTokens: number | undefined;
  /** The model's own output limit. */
  readonly modelMaxTokens: number;
  /** Length that the caller asks for; undefined leaves it to the backend's law. */
  readonly wantedOutputTokens: number | undefined;
  /** A stop sequence ends a longer answer here. */
  readonly stopAtTokens: number | undefined;
  readonly serviceTier: ServiceTierName;
  /** True where the latency-optimised variant was asked for. */
  readonly latencyOptimized: boolean;
  readonly requestMetadata: Readonly<Record<string, string>>;
  readonly accountId: string;
}

export type ServiceTierName = "default" | "priority" | "flex" | "reserved";

/** A prefix of the prompt that the caller marked as cacheable. */
export interface CachePoint {
  /** Digest of everything up to the mark: equal ids share a cache entry. */
  readonly prefixId: string;
  /** Tokens up to the mark. */
  readonly tokens: number;
  readonly ttlMs: number;
}

export type Admission =
  | { readonly kind: "accepted"; readonly handle: InferenceHandle }
  | {
      readonly kind: "refused";
      readonly fault: ServiceFault;
      /** Time that the refusal itself takes. */
      readonly afterMs?: number;
    }
  /** The connection breaks (`reset`; on HTTP/2 the call's stream), or no answer ever comes (`silence`). */
  | { readonly kind: "dropped"; readonly how: "reset" | "silence" };

/** A running call. The wire pulls token counts to pace a stream, and is pushed the two instants that matter. */
export interface InferenceHandle {
  /** Where the call runs. */
  readonly destinationRegion: string;
  /** Output tokens of the whole answer, fixed at admission, at least 1, never above the caller's or model's limit. */
  readonly outputTokens: number;
  /** Input tokens read from the prompt cache and written to it. */
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  /** Tokens written by `nowMs`, from 0 to `outputTokens`, never falling. */
  tokensWritten(nowMs: number): number;
  /** Instant of the next token as far as known now. May prove early or late: it is asked again on waking. */
  nextTokenMs(nowMs: number): number;
  /** The caller went away. */
  cancel(nowMs: number): void;
}

/** How the backend tells the wire. After `onEnd`, `onFailure` or `onBreak` nothing more comes; `nowMs` is when it was due. */
export interface InferenceObserver {
  onFirstToken(nowMs: number): void;
  onEnd(nowMs: number): void;
  onFailure(nowMs: number, fault: ServiceFault): void;
  /** The endpoint itself is gone: the connection breaks. */
  onBreak(nowMs: number): void;
}

/** Length of an answer: the caller's wish or else the law's, cut by stop sequence, caller's and model's limit. */
export function cappedOutputTokens(call: InferenceCall, lawTokens: number): number {
  const cut = Math.min(outputLimit(call), call.stopAtTokens ?? Number.POSITIVE_INFINITY);
  return Math.max(1, Math.min(Math.round(call.wantedOutputTokens ?? lawTokens), cut));
}

/** The most tokens that the answer may have. */
export function outputLimit(call: Pick<InferenceCall, "maxTokens" | "modelMaxTokens">): number {
  return Math.min(call.maxTokens ?? call.modelMaxTokens, call.modelMaxTokens);
}
