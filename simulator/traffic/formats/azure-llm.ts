/** The trace format `azure-llm`: the public Azure LLM inference traces. */
import { tokenCount } from "../row-cells.ts";
import type { TraceFormat } from "../trace-format.ts";

const HEADER = "TIMESTAMP,ContextTokens,GeneratedTokens";
const TIME = { name: "TIMESTAMP", unit: null };

/** The public Azure LLM inference traces of 2023 and 2024. All seven fractional digits of the time are kept. */
export const azureLlm: TraceFormat = {
  name: "azure-llm",
  summary: "CSV of the Azure LLM inference traces: TIMESTAMP, ContextTokens, GeneratedTokens",
  matches: ({ columns }) => columns.join(",") === HEADER,
  reader: ({ times, add }) => ({
    take(record, place) {
      add(
        {
          timeMs: times.read(record.TIMESTAMP, TIME, place),
          inputTokens: tokenCount(record.ContextTokens, "ContextTokens", place),
          outputTokens: tokenCount(record.GeneratedTokens, "GeneratedTokens", place),
        },
        place,
      );
    },
  }),
};
