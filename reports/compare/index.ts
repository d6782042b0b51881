/** Reports of a comparison of runs: pure functions of the comparison and the runs' results. */
import type { ComparisonResult } from "../../simulator/compare/result.ts";
import { toCsv } from "../tables/table.ts";
import { comparisonCsv } from "./tables.ts";

export { renderComparisonHtml } from "./html.ts";
export { renderComparisonMarkdown, renderComparisonTerminal } from "./text.ts";

/** All numbers of a comparison as CSV. */
export function renderComparisonCsv(result: ComparisonResult): string {
  return toCsv(comparisonCsv(result));
}
