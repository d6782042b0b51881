/** The trace format `csv`: any CSV with named columns. */
import { csvCells, hasNamedColumns, headerCells, namedReader } from "../named-columns.ts";
import { rowError, type TraceFormat } from "../trace-format.ts";

/** Any CSV with a header that names the columns. */
export const csv: TraceFormat = {
  name: "csv",
  summary: "CSV with named columns: time_ms, input_tokens, output_tokens; optional max_tokens, class, origin",
  matches: (firstLine) => !firstLine.startsWith("{") && hasNamedColumns(headerCells(firstLine)),
  reader(source, unit) {
    let names: string[] = [];
    const indexOf = new Map<string, number>();
    return namedReader(source, unit, (rows, text, lineNumber) => {
      const place = { source, lineNumber };
      const cells = csvCells(text, place);
      if (names.length === 0) {
        names = cells.map((cell) => cell.trim());
        for (const [i, name] of names.entries()) {
          if (indexOf.has(name))
            throw rowError(place, "TRACE_BAD_CSV", `the column ${name} is there twice`, "take one out");
          indexOf.set(name, i);
        }
        return;
      }
      if (cells.length !== names.length) {
        const what = `${cells.length} fields instead of the header's ${names.length}`;
        throw rowError(place, "TRACE_BAD_CSV", what, "give every row as many fields as the header");
      }
      rows.add(names, (name) => cells[indexOf.get(name) ?? -1]?.trim(), lineNumber);
    });
  },
};
