/** Ids of recorded prefixes: equal ids share a cache entry, so that different names must have different ids. */
import { purposeKey } from "../random/keyed-random.ts";

/** Ids are below this, as a column of them holds. */
const ID_RANGE = 2 ** 31;
/** Ids of a class begin where those of the class before end: larger ones than this are numbered anew. */
const SMALL_IDS_MAX = 2 ** 24;

/** Numbers for what a column calls its prefixes: whole numbers as they are, hashes and other names by their own hash. */
export class PrefixNames {
  private readonly ids = new Map<string, number>();
  private readonly taken = new Set<number>();

  /** @returns -1 for an empty cell and for -1: no prefix */
  idOf(value: unknown): number {
    if (value === undefined || value === null || value === "") return -1;
    const number = Number(value);
    if (Number.isInteger(number) && number >= -1 && number < ID_RANGE) return number;
    const name = String(value);
    const known = this.ids.get(name);
    if (known !== undefined) return known;
    let id = purposeKey(0, name) >>> 1;
    while (this.taken.has(id)) id = (id + 1) % ID_RANGE;
    this.taken.add(id);
    this.ids.set(name, id);
    return id;
  }
}

/**
 * The ids of a recording as small numbers, where they are large, in order of first appearance; -1 stays.
 *
 * @example smallPrefixIds(Int32Array.of(2_000_000_000, -1, 5, 2_000_000_000)) // => Int32Array.of(0, -1, 1, 0)
 */
export function smallPrefixIds(ids: Int32Array): Int32Array {
  if (ids.every((id) => id < SMALL_IDS_MAX)) return ids;
  const numbers = new Map<number, number>();
  return ids.map((id) => {
    if (id < 0) return -1;
    const number = numbers.get(id) ?? numbers.size;
    numbers.set(id, number);
    return number;
  });
}
