import type { CachePoint, InferenceCall } from "./backend.ts";

/** How much of a prompt came from the cache and how much was put there. */
export interface CacheUse {
  readonly readTokens: number;
  readonly writeTokens: number;
}

/** A prompt cache of prefixes per account, region that serves and model; a hit restarts the entry's time to live. */
export interface PromptCache {
  use(call: InferenceCall, destinationRegion: string, nowMs: number): CacheUse;
}

const NO_USE: CacheUse = { readTokens: 0, writeTokens: 0 };
const MAX_ENTRIES = 50_000;

/**
 * The longest cached prefix is read; what lies between it and the last checkpoint is written. Prefixes under
 * `minPrefixTokens` are not cached, as on the service.
 * Source: Amazon Bedrock User Guide, Prompt caching.
 */
export function createPromptCache(minPrefixTokens = 1024): PromptCache {
  const expiresMs = new Map<string, number>();

  return {
    use(call, destinationRegion, nowMs) {
      const points = call.cachePoints.filter((point) => point.tokens >= minPrefixTokens);
      const last = points.at(-1);
      if (last === undefined) return NO_USE;
      const scope = `${call.accountId} ${destinationRegion} ${call.modelId} `;
      let readTokens = 0;
      for (const point of points) {
        if ((expiresMs.get(scope + point.prefixId) ?? 0) > nowMs) readTokens = point.tokens;
      }
      for (const point of points) store(scope, point, nowMs);
      return { readTokens, writeTokens: last.tokens - readTokens };
    },
  };

  function store(scope: string, point: CachePoint, nowMs: number): void {
    const key = scope + point.prefixId;
    // Deleting first keeps the map in order of last use, so that the oldest entry is the one that makes room.
    expiresMs.delete(key);
    expiresMs.set(key, nowMs + point.ttlMs);
    if (expiresMs.size > MAX_ENTRIES) expiresMs.delete(expiresMs.keys().next().value!);
  }
}
