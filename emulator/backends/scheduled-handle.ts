import type { InferenceHandle, InferenceObserver } from "../backend.ts";
import type { EmulatorClock } from "../clock.ts";

export interface ScheduledAnswer {
  readonly clock: EmulatorClock;
  readonly observer: InferenceObserver;
  readonly destinationRegion: string;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  /** Instants of the first and the last token; the others lie evenly between. */
  readonly firstTokenAtMs: number;
  readonly endAtMs: number;
}

/** A handle whose whole future is known at admission: tokens evenly spaced between two instants. */
export function scheduledHandle(answer: ScheduledAnswer): InferenceHandle {
  const { clock, observer, outputTokens, firstTokenAtMs, endAtMs } = answer;
  const gapMs = outputTokens > 1 ? (endAtMs - firstTokenAtMs) / (outputTokens - 1) : 0;
  const first = clock.schedule(firstTokenAtMs, () => observer.onFirstToken(firstTokenAtMs));
  const end = clock.schedule(endAtMs, () => observer.onEnd(endAtMs));

  const tokensWritten = (nowMs: number): number => {
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
    nextTokenMs: (nowMs) => firstTokenAtMs + tokensWritten(nowMs) * gapMs,
    cancel() {
      first.cancel();
      end.cancel();
    },
  };
}
