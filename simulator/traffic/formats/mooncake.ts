/** The trace format `mooncake`: the Mooncake traces, with their shared prompt blocks. */

import { tokenCount } from "../row-cells.ts";
import { blockIds, SharedRuns } from "../shared-runs.ts";
import type { TraceFormat } from "../trace-format.ts";

/** Tokens that one hash id stands for. */
const BLOCK_TOKENS = 512;
/** Other tools write files of this form with seconds, which then have fractions. */
const TIME = { name: "timestamp", unit: "ms", isWhole: true } as const;

/**
 * Mooncake traces, which AIPerf replays too: a hash id for each 512-token block of the prompt. Source: R. Qin et al.,
 * "Mooncake", FAST 2025.
 */
export const mooncake: TraceFormat = {
  name: "mooncake",
  summary: "JSONL of the Mooncake traces: timestamp (ms), input_length, output_length, hash_ids",
  matches: ({ record = {} }) => "hash_ids" in record && "input_length" in record && "timestamp" in record,
  reader: (sink) => {
    const prefixes = new SharedRuns(BLOCK_TOKENS, sink.add);
    return {
      take(record, place) {
        const row = {
          timeMs: sink.times.read(record.timestamp, TIME, place),
          inputTokens: tokenCount(record.input_length, "input_length", place),
          outputTokens: tokenCount(record.output_length, "output_length", place),
        };
        prefixes.add(row, blockIds(record.hash_ids, place), place);
      },
      end: () => prefixes.end(),
    };
  },
};
