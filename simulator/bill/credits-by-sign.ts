/** Credits and refunds of an export that does not say what its lines are charged for: usage never costs less than nothing. */
import { type BillExport, formatCents, sumOf } from "./bill-line.ts";

/**
 * Lines below zero as credits, so that prices of tokens, savings and trends are not lower for them. What was netted within a
 * line that is above zero cannot be seen, which the note says.
 */
export function withCreditsBySign(exported: BillExport): BillExport {
  const credits = exported.lines.filter(({ kind, costUsd }) => kind === "usage" && costUsd < 0n);
  if (credits.length === 0) return exported;
  const sum = formatCents(-sumOf(credits.map(({ costUsd }) => costUsd)));
  const what = credits.length === 1 ? "1 line below zero is" : `${credits.length} lines below zero are`;
  const note = `the export does not say what lines are charged for: ${what} taken for credits, USD ${sum} in all; what is netted in other lines cannot be seen: group it by charge type, too`;
  return {
    ...exported,
    lines: exported.lines.map((line) =>
      line.kind === "usage" && line.costUsd < 0n ? { ...line, kind: "credit" as const } : line,
    ),
    notes: [...exported.notes, note],
  };
}
