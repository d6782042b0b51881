/** What an import of a bill did, in a sentence with its sums; and amounts as texts for JSON. */
import { type Decimal, formatCents, formatDecimal } from "../../simulator/bill/bill-line.ts";
import { plural } from "../base/text.ts";

/** Sums and counts of an import. */
export interface ImportedSums {
  readonly source: string;
  readonly lines: number;
  readonly days: number;
  readonly accounts: number;
  /** Of the file; what the store now holds of these days is the same, or the import has failed. */
  readonly totalUsd: Decimal;
  readonly storedUsd: Decimal;
  readonly tokensUsd: Decimal;
  readonly unattributedUsd: Decimal;
  readonly untaggedUsd: Decimal;
  readonly teamTag: string;
  /** Days that were there before. */
  readonly replacedDays: number;
}

/**
 * The file's sum, the store's, and what is not attributed or tagged: nothing of a bill goes unseen.
 */
export function importedBillText(found: ImportedSums): string {
  const { source, lines, days, accounts, totalUsd, storedUsd, tokensUsd, replacedDays } = found;
  const was = replacedDays === 0 ? "" : `, in the place of ${plural(replacedDays, "day", "days")} that were there`;
  return [
    `${plural(lines, "line", "lines")} (${source}) of ${plural(days, "day", "days")} and ${plural(accounts, "account", "accounts")}${was}.`,
    `USD ${amount(totalUsd)} in the file, USD ${amount(storedUsd)} in the store: equal to the last digit.`,
    `Of it USD ${amount(tokensUsd)} for tokens, USD ${amount(found.unattributedUsd)} not attributed; USD ${amount(found.untaggedUsd)} of usage has no ${found.teamTag}.`,
  ].join("\n  ");
}

function amount(value: Decimal): string {
  return formatCents(value).replace(/\B(?=(\d{3})+\.)/g, ",");
}

/** Amounts as exact decimals in texts: JSON's numbers would lose digits. */
export function plainAmounts(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, one) => (typeof one === "bigint" ? formatDecimal(one) : one)));
}
