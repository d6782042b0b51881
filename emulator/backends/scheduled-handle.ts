import type { InferenceHandle, InferenceObserver } from "../backend.ts";
import type { EmulatorClock } from "../clock.ts";
import { NO_STALL, type StallClock } from "./stall.ts";

export interface ScheduledAnswer {
  readonly clock: EmulatorClock;
  readonly observer: InferenceObserver;
  readonly destinationRegion: string;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  /** Instants of the first and the last token, of the endpoint's clock of work; the others lie evenly between. */
  readonly firstTokenAtMs: number;
  readonly endAtMs: number;
  /** Where the endpoint freezes; tokens wait too. */
  readonly stall?: StallClock;
}

/** A handle whose whole future is known at admission: tokens evenly spaced between two instants. */
export function scheduledHandle(answer: ScheduledAnswer): InferenceHandle {
  const { clock, observer, outputTokens, firstTokenAtMs, endAtMs, stall = NO_STALL } = answer;
  const gapMs = outputTokens > 1 ? (endAtMs - firstTokenAtMs) / (outputTokens - 1) : 0;
  const [firstMs, lastMs] = [stall.instantMs(firstTokenAtMs), stall.instantMs(endAtMs)];
  const first = clock.schedule(firstMs, () => observer.onFirstToken(firstMs));
  const end = clock.schedule(lastMs, () => observer.onEnd(lastMs));

  const tokensWritten = (instantMs: number): number => {
    if (instantMs >= lastMs) return outputTokens;
    const nowMs = stall.workMs(instantMs);
    if (nowMs < firstTokenAtMs) return 0;
    if (nowMs >= endAtMs) return outputTokens;
    // The small addend keeps a token that is due exactly now from being lost to rounding.
    return Math.min(outputTokens, 1 + Math.floor((nowMs - firstTokenAtMs) / gapMs + 1e-6));
  };

  return {
    destinationRegion: answer.destinationRegion,
    outputTokens,
    cacheReadTokens: answer.cacheReadTokens,
    cacheWriteTokens: answer.cacheWriteTokens,
    tokensWritten,
    nextTokenMs: (nowMs) => stall.instantMs(firstTokenAtMs + tokensWritten(nowMs) * gapMs),
    cancel() {
      first.cancel();
      end.cancel();
    },
  };
}
