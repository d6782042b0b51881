/** The trace format `bailian`: the public usage traces of Qwen models on Bailian. */
import { tokenCount } from "../row-cells.ts";
import type { TraceFormat } from "../trace-format.ts";
import { blockIds, SharedRuns } from "./mooncake.ts";

/** Tokens that one hash id stands for. */
const BLOCK_TOKENS = 16;
const TIME = { name: "timestamp", unit: "s" } as const;

/**
 * Qwen-Bailian usage traces: seconds from the start, turns of one conversation chained by `parent_chat_id`, and a hash id
 * for each 16-token block of the prompt. Source: alibaba-edu/qwen-bailian-usagetraces-anon.
 */
export const bailian: TraceFormat = {
  name: "bailian",
  summary:
    "JSONL of the Qwen-Bailian traces: chat_id, parent_chat_id, timestamp (s), input_length, output_length, turn",
  matches: ({ record = {} }) => "chat_id" in record && "timestamp" in record && "input_length" in record,
  reader: (sink) => {
    const prefixes = new SharedRuns(BLOCK_TOKENS, sink.add);
    /** The first chat of each conversation, by chat. */
    const firstOf = new Map<number, number>();
    return {
      take(record, place) {
        const chat = Number(record.chat_id);
        const parent = Number(record.parent_chat_id ?? -1);
        const first = parent >= 0 ? (firstOf.get(parent) ?? parent) : chat;
        const row = {
          timeMs: sink.times.read(record.timestamp, TIME, place),
          inputTokens: tokenCount(record.input_length, "input_length", place),
          outputTokens: tokenCount(record.output_length, "output_length", place),
          session: String(first),
          className: String(record[sink.tag ?? "type"] ?? ""),
        };
        firstOf.set(chat, first);
        prefixes.add(row, blockIds(record.hash_ids, place), place);
      },
      end: () => prefixes.end(),
    };
  },
};
