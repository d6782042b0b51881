import { type Admission, cappedOutputTokens, type InferenceBackend } from "../backend.ts";
import type { EmulatorClock } from "../clock.ts";
import { createPromptCache } from "../prompt-cache.ts";
import { scheduledHandle } from "./scheduled-handle.ts";

export interface FixedLatencyOptions {
  /** Time to the first token. */
  readonly firstTokenMs: number;
  /** Time from one token to the next. */
  readonly perTokenMs: number;
  /** Length of an answer where nobody asks for one. */
  readonly outputTokens: number;
}

const DEFAULTS: FixedLatencyOptions = { firstTokenMs: 200, perTokenMs: 10, outputTokens: 64 };

/**
 * Unlimited capacity and no quota: the k-th token of an answer exists `firstTokenMs + (k - 1) * perTokenMs` after the
 * call. Runs where it is called.
 */
export function createFixedLatencyBackend(
  clock: EmulatorClock,
  options: Partial<FixedLatencyOptions> = {},
): InferenceBackend {
  const { firstTokenMs, perTokenMs, outputTokens: lawTokens } = { ...DEFAULTS, ...options };
  const cache = createPromptCache();
  return {
    begin(call, nowMs, observer): Admission {
      const outputTokens = cappedOutputTokens(call, lawTokens);
      const { readTokens, writeTokens } = cache.use(call, call.region, nowMs);
      const handle = scheduledHandle({
        clock,
        observer,
        destinationRegion: call.region,
        outputTokens,
        cacheReadTokens: readTokens,
        cacheWriteTokens: writeTokens,
        firstTokenAtMs: nowMs + firstTokenMs,
        endAtMs: nowMs + firstTokenMs + (outputTokens - 1) * perTokenMs,
      });
      return { kind: "accepted", handle };
    },
  };
}
