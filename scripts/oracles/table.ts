import { markdownTable } from "markdown-table";
import type { Answer } from "./run.ts";

const HEAD = ["row", "model", "quantity", "expected", "got", "error", "tolerance", "verdict"] as const;

/** The answers as a Markdown table. */
export function answerTable(answers: readonly Answer[]): string {
  return markdownTable([[...HEAD], ...answers.map(cellsOf)]);
}

/** One line, for watching a long run. */
export function answerLine(answer: Answer): string {
  const [row, , quantity, expected, got, error, tolerance, verdict] = cellsOf(answer);
  return `${verdict!.padEnd(7)} ${row!.padEnd(20)} ${quantity} ${got} (expected ${expected}), ${error} of ${tolerance}, sd ${sd(answer)}`;
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

/** Relative standard error of the estimate, from its 95 % interval. */
function sd({ value, high }: Answer): string {
  return high === null ? "-" : ((high - value) / value).toExponential(2);
}

function significant(value: number): string {
  return String(Number(value.toPrecision(6)));
}

function percent(share: number): string {
  return Math.abs(share) < 1e-7 ? `${share.toExponential(1)}` : `${(100 * share).toFixed(3)} %`;
}
