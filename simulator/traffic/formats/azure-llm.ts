/** The trace format `azure-llm`: the public Azure LLM inference traces. */
import { csvCells, headerCells } from "../named-columns.ts";
import { RecordedTimes } from "../recorded-times.ts";
import { RowBuffer, rowError, type TraceFormat, tokenCount } from "../trace-format.ts";

const HEADER = "TIMESTAMP,ContextTokens,GeneratedTokens";
const TIME = { name: "TIMESTAMP", unit: null };

/** The public Azure LLM inference traces of 2023 and 2024. All seven fractional digits of the time are kept. */
export const azureLlm: TraceFormat = {
  name: "azure-llm",
  summary: "CSV of the Azure LLM inference traces: TIMESTAMP, ContextTokens, GeneratedTokens",
  matches: (firstLine) => headerCells(firstLine).join(",") === HEADER,
  reader(source, unit) {
    const rows = new RowBuffer(source);
    const times = new RecordedTimes(unit);
    return {
      line(text, lineNumber) {
        if (lineNumber === 1 || text === "") return;
        const place = { source, lineNumber };
        const cells = csvCells(text, place);
        if (cells.length !== 3) {
          throw rowError(place, "TRACE_BAD_CSV", `${cells.length} fields instead of 3`, `each row has ${HEADER}`);
        }
        rows.add(
          {
            timeMs: times.read(cells[0], TIME, place),
            inputTokens: tokenCount(cells[1], "ContextTokens", place),
            outputTokens: tokenCount(cells[2], "GeneratedTokens", place),
          },
          place,
        );
      },
      finish: () => rows.finish(times),
    };
  },
};
