/** The trace format `azure-llm`: the public Azure LLM inference traces. */
import { csvCells } from "../named-columns.ts";
import { dateTime, RowBuffer, rowError, type TraceFormat, tokenCount } from "../trace-format.ts";

const HEADER = "TIMESTAMP,ContextTokens,GeneratedTokens";

/** The public Azure LLM inference traces of 2023 and 2024. All seven fractional digits of the time are kept. */
export const azureLlm: TraceFormat = {
  name: "azure-llm",
  summary: "CSV of the Azure LLM inference traces: TIMESTAMP, ContextTokens, GeneratedTokens",
  matches: (firstLine) => firstLine.trim() === HEADER,
  reader(source) {
    const rows = new RowBuffer(source);
    let originS: number | undefined;
    let originFractionMs = 0;
    return {
      line(text, lineNumber) {
        if (lineNumber === 1 || text === "") return;
        const place = { source, lineNumber };
        const cells = csvCells(text, place);
        if (cells.length !== 3) {
          throw rowError(place, "TRACE_BAD_CSV", `${cells.length} fields instead of 3`, `each row has ${HEADER}`);
        }
        const { epochS, fractionMs } = dateTime(cells[0], "TIMESTAMP", place);
        if (originS === undefined) {
          originS = epochS;
          originFractionMs = fractionMs;
        }
        rows.add(
          {
            // Rounded to the 100 ns of the file, so that no digit of the subtraction's error remains.
            timeMs: Math.round(((epochS - originS) * 1000 + fractionMs - originFractionMs) * 1e4) / 1e4,
            inputTokens: tokenCount(cells[1], "ContextTokens", place),
            outputTokens: tokenCount(cells[2], "GeneratedTokens", place),
          },
          place,
        );
      },
      finish: () => rows.finish(),
    };
  },
};
