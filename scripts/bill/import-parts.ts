/**
 * Several files of one source in one import: parts of one export are added up, and a later export of the same days takes the
 * place of the earlier one. Which it is, their lines say: parts share none.
 */
import { formatDecimal, sumOf } from "../../simulator/bill/bill-line.ts";
import type { ClassifiedLine } from "../../simulator/bill/classify.ts";

/** Lines that a command has imported so far, by the key of their source, account and day. */
export type ImportedLines = Map<string, readonly ClassifiedLine[]>;

/** From this share of lines in common on, a file is another export of the same days. */
const SHARED_MIN = 0.5;

/**
 * The lines of a file by key, with those of earlier parts before them.
 *
 * @param groups the file's own lines
 * @param notes  receives what was done where a file has days of an earlier one
 */
export function withEarlierParts(
  groups: ReadonlyMap<string, readonly ClassifiedLine[]>,
  earlier: ImportedLines,
  notes: string[],
): ReadonlyMap<string, readonly ClassifiedLine[]> {
  const both = [...groups.keys()].filter((key) => earlier.has(key));
  if (both.length === 0) return groups;
  const [own, before] = [groups, earlier].map((of) => both.flatMap((key) => of.get(key)!));
  const known = new Set(before!.map(digestOf));
  const shared = own!.filter((line) => known.has(digestOf(line))).length;
  const days = `${both.length} ${both.length === 1 ? "day" : "days"} of an account that a file before it has, too`;
  if (shared >= SHARED_MIN * own!.length) {
    notes.push(`it has ${days}, with the same lines: it takes their place, as a later export of the same days`);
    return groups;
  }
  notes.push(`it has ${days}, with other lines: they were added up, as parts of one export`);
  return new Map([...groups].map(([key, lines]) => [key, earlier.has(key) ? [...earlier.get(key)!, ...lines] : lines]));
}

function digestOf({ line }: ClassifiedLine): string {
  return JSON.stringify({ ...line, line: 0 }, (_, one) => (typeof one === "bigint" ? formatDecimal(one) : one));
}

/** What lines cost in all. */
export function costOf(groups: Iterable<readonly ClassifiedLine[]>): bigint {
  return sumOf([...groups].flatMap((lines) => lines.map(({ line }) => line.costUsd)));
}
