import { markdownTable } from "markdown-table";
import { criticalT } from "../../simulator/experiment/statistics.ts";
import type { Budget } from "./oracle.ts";
import type { Answer } from "./run.ts";

const HEAD = ["row", "model", "quantity", "expected", "got", "error", "tolerance", "verdict"] as const;

/** The answers as a Markdown table. */
export function answerTable(answers: readonly Answer[]): string {
  return markdownTable([[...HEAD], ...answers.map(cellsOf)]);
}

/** One line, for watching a long run. */
export function answerLine(answer: Answer, budget: Budget): string {
  const [row, , quantity, expected, got, error, tolerance, verdict] = cellsOf(answer);
  return `${verdict!.padEnd(7)} ${row!.padEnd(20)} ${quantity} ${got} (expected ${expected}), ${error} of ${tolerance}, sd ${sd500k(answer, budget)}`;
}

function cellsOf({ oracle, value, tolerance, isMet, high }: Answer): string[] {
  const isBound = oracle.compare === "at-most";
  return [
    oracle.id,
    oracle.model,
    oracle.quantity,
    `${isBound ? "at most " : ""}${significant(oracle.value)}`,
    isBound ? `${significant(value)} (to ${significant(high ?? value)})` : significant(value),
    isBound ? "-" : percent(value / oracle.value - 1),
    isBound ? "-" : percent(tolerance),
    isMet ? "met" : "NOT MET",
  ];
}

/** Standard deviation of one 500,000-request estimate over the answer, from the spread of the replications. */
function sd500k({ value, low, high }: Answer, { replications, requests }: Budget): string {
  if (low === null || high === null) return "-";
  const sd = ((high - low) / 2 / criticalT(replications)) * Math.sqrt(replications * (requests / 500_000));
  return (sd / value).toPrecision(3);
}

function significant(value: number): string {
  return String(Number(value.toPrecision(6)));
}

function percent(share: number): string {
  return Math.abs(share) < 1e-7 ? `${share.toExponential(1)}` : `${(100 * share).toFixed(3)} %`;
}
