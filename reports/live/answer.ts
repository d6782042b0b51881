/** The answer of a run as it is shown while sliders move: the verdict's own sentences, two pictures, the main table. */
import type { RunResult } from "../../simulator/experiment/result.ts";
import type { ChartTheme } from "../base/theme.ts";
import { tableHtml } from "../html/elements.ts";
import { boundText } from "../tables/bound.ts";
import { learnersText } from "../tables/learners.ts";
import { classTable, strategyTable } from "../tables/strategies.ts";
import type { Table } from "../tables/table.ts";
import { classPicture, frontierPicture } from "./pictures.ts";

/** Texts are plain, the others are markup in which every value was escaped. */
export interface LiveAnswer {
  readonly headline: string;
  readonly reasons: readonly string[];
  readonly frontierSvg: string;
  readonly classesSvg: string;
  readonly tablesHtml: string;
}

/**
 * Draws a result.
 *
 * @param result  what to show
 * @param before  the same scenario before something was changed, to show the change from; null for none
 * @returns       pieces of a page
 */
export async function liveAnswer(result: RunResult, before: RunResult | null, theme: ChartTheme): Promise<LiveAnswer> {
  const [headline = result.verdict, ...reasons] = result.verdictSentences ?? [result.verdict];
  const tables = [strategyTable(result), ...(result.classes.length > 1 ? [classTable(result)] : [])];
  return {
    headline,
    reasons: [...reasons, boundText(result), ...learnersText(result).slice(0, 1)].filter((text) => text !== ""),
    frontierSvg: frontierPicture(result, before, theme),
    classesSvg: classPicture(result, before, theme),
    tablesHtml: tables.map((table) => String(tableHtml(renamed(table)))).join("\n"),
  };
}

/** The page around may hold the same table of another run. */
function renamed(table: Table): Table {
  return { ...table, id: `live-${table.id}` };
}
