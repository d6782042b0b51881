/** "Did you mean": the known names nearest to one that was not found. */
import { distance } from "fastest-levenshtein";

/**
 * The known names nearest to one that was not found, best first. Nearness is edit distance; a name that contains the
 * given one (`nova-pro` in `amazon.nova-pro-v1:0`) is near whatever its length, and so is its plural, one whose first words
 * are near, and one of which it is the initials.
 *
 * @example nearNames("nova-pro", ["amazon.nova-pro-v1:0", "us-east-1"]) // => ["amazon.nova-pro-v1:0"]
 */
export function nearNames(asked: string, known: readonly string[], limit = 3): readonly string[] {
  const wanted = asked.toLowerCase();
  const most = Math.max(wanted.length <= SHORT ? 1 : 2, Math.floor(wanted.length / 3));
  const scored = known
    .map((name) => {
      const lower = name.toLowerCase();
      const contains =
        (wanted.length >= 3 && lower.includes(wanted)) || initialsOf(name) === wanted || isPlural(wanted, lower);
      return {
        name,
        score: contains ? 0 : Math.min(edits(wanted, lower, most), beginning(wanted, lower), stem(wanted, lower)),
      };
    })
    .filter((entry) => entry.score <= most);
  scored.sort((a, b) => a.score - b.score || (a.name < b.name ? -1 : 1));
  return scored.slice(0, limit).map((entry) => entry.name);
}

/** `replications` of `replicas`: words that begin alike and differ in their ending. */
function stem(wanted: string, name: string): number {
  let same = 0;
  while (same < wanted.length && wanted[same] === name[same]) same++;
  return same >= STEM_LENGTH && wanted.length - same <= 1 ? 1.5 : Number.POSITIVE_INFINITY;
}

const STEM_LENGTH = 6;

/** In words of so many letters two errors leave nothing that could be told. */
const SHORT = 4;

/** `strategies` of `strategy`. */
function isPlural(one: string, many: string): boolean {
  return one.endsWith("y") && many === `${one.slice(0, -1)}ies`;
}

/**
 * Edit distance in which two letters in the wrong order are one mistake, not two; exact where it is `most` or less. To
 * swap two letters back saves one mistake at best, so what is further away than that, or has saved it, need not try.
 */
function edits(wanted: string, name: string, most: number): number {
  const apart = Math.abs(wanted.length - name.length);
  if (apart > most) return apart;
  const plain = distance(wanted, name);
  if (plain <= 1 || plain > most + 1) return plain;
  for (let i = 0; i + 1 < wanted.length && i < SWAPS_MAX; i++) {
    const swapped = wanted.slice(0, i) + wanted[i + 1] + wanted[i] + wanted.slice(i + 2);
    if (distance(swapped, name) < plain - 1) return plain - 1;
  }
  return plain;
}

/** Names are short; what is longer is no typing error of one. */
const SWAPS_MAX = 60;

/** `tpm` of `tokensPerMinute`; "" of a single word. */
function initialsOf(name: string): string {
  const words = name.split(/[\s-]+|(?=[A-Z])/).filter((word) => word !== "");
  return words.length < 2 ? "" : words.map((word) => word[0]!.toLowerCase()).join("");
}

/** Distance to the first words of a name: `fallbak` is near `fallback west`. */
function beginning(wanted: string, name: string): number {
  const words = name.split(" ");
  if (wanted.length < 5 || words.length === 1) return Number.POSITIVE_INFINITY;
  // Names that are near as a whole go first.
  return 0.5 + Math.min(...words.map((_, i) => distance(wanted, words.slice(0, i + 1).join(" "))));
}

/**
 * ` (did you mean a, b?)`, or the empty string where nothing is near.
 *
 * @example didYouMean("eu-west-7", ["eu-west-1"]) // => " (did you mean eu-west-1?)"
 */
export function didYouMean(asked: string, known: readonly string[]): string {
  const near = nearNames(asked, known);
  return near.length === 0 ? "" : ` (did you mean ${near.join(", ")}?)`;
}

/**
 * The fix line for a word of a short list, such as an action or a format: the nearest one, and the list of all.
 *
 * @example suggestOneOf("gird", ["grid", "sobol"]) // => "did you mean \"grid\"? known here: grid, sobol"
 */
export function suggestOneOf(word: string, known: readonly string[]): string {
  const near = nearNames(word, known)[0];
  return `${near === undefined ? "" : `did you mean "${near}"? `}known here: ${known.join(", ")}`;
}

/** The fix line for an unknown name: the nearest one, or the list of all. */
export function suggest(word: string, known: readonly string[]): string {
  const near = nearNames(word, known)[0];
  if (near !== undefined) return `did you mean "${near}"?`;
  if (known.length === 0) return "remove it";
  const shown = known.slice(0, 30).join(", ");
  return `known here: ${shown}${known.length > 30 ? ` and ${known.length - 30} more` : ""}`;
}
