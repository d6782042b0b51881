/** The trace format `burstgpt`: the public BurstGPT traces. */
import { toMs } from "../../base/instants.ts";
import type { RecordedRow } from "../recorded-rows.ts";
import { lengthOfTime, tokenCount } from "../row-cells.ts";
import type { TraceFormat } from "../trace-format.ts";

const TIME = { name: "Timestamp", unit: "s" } as const;
const NEEDED = ["Timestamp", "Model", "Request tokens", "Response tokens"];

/**
 * The BurstGPT traces of Azure OpenAI callers: seconds from the first day's midnight; no response tokens mean a failed
 * call. Newer files have a session and the time to the whole answer. Source: Y. Wang et al., arXiv 2401.17644, 2024.
 */
export const burstgpt: TraceFormat = {
  name: "burstgpt",
  summary: "CSV of the BurstGPT traces: Timestamp (s), Model, Request tokens, Response tokens, Log Type, Session ID",
  matches: ({ columns }) => NEEDED.every((name) => columns.includes(name)),
  reader: ({ times, add, tag }) => ({
    take(record, place) {
      const outputTokens = tokenCount(record["Response tokens"], "Response tokens", place);
      const row: RecordedRow = {
        timeMs: times.read(record.Timestamp, TIME, place),
        inputTokens: tokenCount(record["Request tokens"], "Request tokens", place),
        outputTokens,
        outcome: outputTokens === 0 ? "failed" : "served",
        model: String(record.Model ?? ""),
        className: String(record[tag ?? "Log Type"] ?? ""),
      };
      const session = record["Session ID"];
      const elapsed = record["Elapsed time"];
      const more = {
        ...(session === undefined ? {} : { session: String(session) }),
        ...(elapsed === undefined ? {} : { e2eMs: toMs(lengthOfTime(elapsed, "Elapsed time", place), "s") }),
      };
      add({ ...row, ...more }, place);
    },
  }),
};
