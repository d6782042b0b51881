/** Limits of a client that k6 cannot keep on streams, and how many answers of a run they might have ended. */
import { firstByteLimitMs, type TimeoutPolicy } from "../client/request-rules.ts";
import type { AttemptRow } from "./rows.ts";

/**
 * k6 sees when a stream's headers and its last byte come. A pause within it, and the time that connecting takes, it cannot
 * limit, and it cannot end a call whose headers are late: of these limits only `total` is kept. What the rows say is a
 * bound: an answer whose parts all took less than a limit has not broken it.
 *
 * @param client   its limits, ms, Infinity where there is none; of whole answers k6 keeps all of them
 * @param attempts of one strategy's run
 * @returns one sentence, or none where every limit is kept
 */
export function unseenLimitNotes(
  { timeout, isStreaming }: { readonly timeout: SocketLimits; readonly isStreaming: boolean },
  attempts: readonly Timed[],
): readonly string[] {
  if (!isStreaming) return [];
  const named = (
    [
      ["connect", timeout.connectMs],
      ["firstByte", timeout.firstByteMs],
      ["idle", timeout.idleMs],
    ] as const
  ).filter(([, ms]) => ms < Number.POSITIVE_INFINITY);
  if (named.length === 0) return [];
  const limits = named.map(([name, ms]) => `${name} ${ms / 1000} s`).join(", ");
  const suspects = attempts.filter((attempt) => mayHaveBroken(timeout, attempt)).length;
  const bound =
    suspects === 0
      ? `none of its ${attempts.length} attempts took long enough to have broken them`
      : `they might have ended up to ${suspects} of its ${attempts.length} attempts, which went on instead`;
  return [`k6 does not see the pauses in a stream and kept none of the limits ${limits}: ${bound}.`];
}

type SocketLimits = Pick<TimeoutPolicy, "connectMs" | "firstByteMs" | "idleMs">;
type Timed = Pick<AttemptRow, "s" | "e" | "f" | "k">;

function mayHaveBroken(timeout: SocketLimits, { s, e, f, k }: Timed): boolean {
  // What the run's end or the total limit cut off is not known to have been silent.
  if (k === "unfinished") return false;
  const beforeBytesMs = f ?? e - s;
  const afterwardsMs = f === null ? 0 : e - s - f;
  return beforeBytesMs > Math.min(timeout.connectMs, firstByteLimitMs(timeout)) || afterwardsMs > timeout.idleMs;
}
