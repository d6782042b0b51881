/** The trace format `mooncake`: the Mooncake traces, with their shared prompt blocks. */

import { lengthOfTime, tokenCount } from "../row-cells.ts";
import { blockIds, SharedRuns } from "../shared-runs.ts";
import type { TraceFormat } from "../trace-format.ts";

/** Tokens that one hash id stands for. */
const BLOCK_TOKENS = 512;
/** Other tools write files of this form with seconds, which then have fractions. */
const TIME = { name: "timestamp", unit: "ms", isWhole: true } as const;

/** AIPerf's own sessions may have fractions of ms. */
const SESSION_TIME = { name: "timestamp", unit: "ms" } as const;

/**
 * Mooncake traces, which AIPerf replays too: a hash id for each 512-token block of the prompt. In AIPerf's sessions a
 * later turn's length is that of its message alone, put behind the conversation so far, and it may have a `delay` after
 * the answer before it in place of a time. Source: R. Qin et al., "Mooncake", FAST 2025; AIPerf's trace replay.
 */
export const mooncake: TraceFormat = {
  name: "mooncake",
  summary:
    "JSONL of the Mooncake traces, and of AIPerf's sessions: timestamp (ms), input_length, output_length, hash_ids",
  matches: ({ record = {} }) =>
    "input_length" in record &&
    (("hash_ids" in record && "timestamp" in record) || ("session_id" in record && !("chat_id" in record))),
  reader: (sink) => {
    const prefixes = new SharedRuns(BLOCK_TOKENS, sink.add);
    const sessions = new Map<string, { timeMs: number; contextTokens: number }>();
    return {
      take(record, place) {
        const session = record.session_id === undefined ? undefined : String(record.session_id);
        const before = session === undefined ? undefined : sessions.get(session);
        const inputTokens = (before?.contextTokens ?? 0) + tokenCount(record.input_length, "input_length", place);
        const outputTokens = tokenCount(record.output_length, "output_length", place);
        const isDelayed = record.timestamp === undefined && before !== undefined;
        if (isDelayed)
          sink.note("% later turns have no time of their own, and stand their delay after the turn before");
        const timeMs = isDelayed
          ? before.timeMs + (Number.isNaN(lengthOfTime(record.delay, "delay", place)) ? 0 : Number(record.delay))
          : sink.times.read(record.timestamp, session === undefined ? TIME : SESSION_TIME, place);
        if (session !== undefined) sessions.set(session, { timeMs, contextTokens: inputTokens + outputTokens });
        const row = { timeMs, inputTokens, outputTokens, ...(session === undefined ? {} : { session }) };
        prefixes.add(row, blockIds(record.hash_ids, place), place);
      },
      end: () => prefixes.end(),
    };
  },
};
