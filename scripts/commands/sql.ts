/** `meridian sql`: one SELECT over all saved runs. */

import { escapeMarkdown } from "../../reports/text/markdown.ts";
import { terminalTable } from "../../reports/text/terminal.ts";
import { EXIT_CODES, formatProblem, MeridianError, printable } from "../../simulator/base/errors.ts";
import { suggestOneOf } from "../../simulator/base/near-names.ts";
import type { QueryResult } from "../store/reader.ts";
import { openRunStore } from "../store/runs.ts";
import { STORE_TABLES, STORE_VIEWS } from "../store/tables/index.ts";
import { type CommandDefinition, type CommandInput, jsonDocument } from "./command.ts";
import { RUNS_FOLDER } from "./options.ts";

const FORMATS = ["table", "json", "csv", "md"] as const;
type Format = (typeof FORMATS)[number];

export const sqlCommand: CommandDefinition = {
  examples: [
    [
      'meridian sql "SELECT run, strategy, e2e_p95_ms, usd_per_1k_served FROM strategies ORDER BY e2e_p95_ms"',
      "all strategies of all runs, the fastest first",
    ],
    ["meridian sql \"SELECT * FROM runs WHERE tags LIKE '%quota%'\" --format md", "runs with a tag, as Markdown"],
    ['meridian sql "DESCRIBE classes"', "columns of a table"],
    ["meridian sql", "tables and views, with what they hold"],
  ],
  configure: (command) => {
    command
      .argument("[query]", "one SELECT; without it the tables are listed")
      .option("--format <format>", `${FORMATS.join(", ")}`, "table")
      .option("--out <dir>", "the runs folder", RUNS_FOLDER);
  },
  run: runSql,
};

async function runSql({ args, options, terminal, signal }: CommandInput): Promise<number> {
  const asked = options.json === true ? "json" : String(options.format);
  const format = FORMATS.find((each) => each === asked);
  if (format === undefined) {
    throw new MeridianError("usage", {
      code: "SQL_FORMAT",
      what: `there is no format "${asked}"`,
      fix: suggestOneOf(asked, FORMATS),
    });
  }
  const query = args[0];
  if (query === undefined) {
    terminal.out(await written(catalogue(), format));
    return EXIT_CODES.ok;
  }
  const store = await openRunStore(String(options.out));
  try {
    for (const problem of store.problems) terminal.problem(formatProblem(problem));
    const result = await store.query(query, signal);
    if (store.ids.length === 0 && result.rows.length === 0) terminal.note(`there is no run in ${options.out} yet`);
    terminal.out(await written(result, format));
    return EXIT_CODES.ok;
  } finally {
    store.close();
  }
}

/** What can be queried. */
function catalogue(): QueryResult {
  const tables = STORE_TABLES.map(({ name, doc, keyColumn, columns }) => [
    name,
    doc,
    [keyColumn, ...columns.map((each) => each.name)].join(", "),
  ]);
  return {
    columns: ["name", "holds", "columns"],
    rows: [...STORE_VIEWS.map(({ name, doc }) => [name, doc, ""]), ...tables],
  };
}

async function written(result: QueryResult, format: Format): Promise<string> {
  if (format === "json") {
    const rows = result.rows.map((row) => Object.fromEntries(row.map((value, i) => [result.columns[i]!, value])));
    return jsonDocument("query", { columns: result.columns, rows });
  }
  const cell = (value: unknown) =>
    value === null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
  if (format === "csv") {
    const { toCsv } = await import("../../reports/index.ts");
    const plain = (value: unknown) => (typeof value === "number" || value === null ? value : cell(value));
    return toCsv([result.columns, ...result.rows.map((row) => row.map(plain))]).trimEnd();
  }
  const isNumber = result.columns.map(
    (_, i) => result.rows.length > 0 && result.rows.every((row) => row[i] === null || typeof row[i] === "number"),
  );
  if (format === "md") {
    const { markdownTable } = await import("markdown-table");
    const rows = [result.columns, ...result.rows.map((row) => row.map(cell))].map((row) => row.map(escapeMarkdown));
    return markdownTable(rows, { align: isNumber.map((is) => (is ? "r" : "l")) });
  }
  const rows = [result.columns, ...result.rows.map((row) => row.map(cell))].map((row) => row.map(printable));
  return terminalTable(rows, { aligns: isNumber.map((is) => (is ? "right" : "left")), gap: 2 }).join("\n");
}
