/**
 * Intervals of figures that are read from drawn traffic: the same figures of several replications, put side by side.
 * Where the traffic is a recording, all replications are the same and the interval has no width.
 */
import { type Estimate, tInterval } from "../base/statistics.ts";

/** Mean over replications of the traffic with its 95 % interval (Student t), by figure. */
export type Ranges<K extends string> = Readonly<Record<K, Estimate>>;

/** Of the first replication, with its ranges; none where only one was counted. */
export type Ranged<T, K extends string> = T & { readonly ranges?: Ranges<K> };

/**
 * Joins what was found in several replications: the findings of the first, each with the ranges of its figures over all.
 *
 * @param byReplication what was found in each replication, the first leads; others lack what they have not found
 * @param keyOf   tells which findings are the same
 * @param figures by name; null where there is none
 * @returns as many as the first replication found, in its order
 * @example withRanges([[{ c: "a", usd: 1 }], [{ c: "a", usd: 3 }]], ({ c }) => c, { usd: ({ usd }) => usd })[0].ranges.usd.value // => 2
 */
export function withRanges<T extends object, K extends string>(
  byReplication: readonly (readonly T[])[],
  keyOf: (item: T) => string,
  figures: Readonly<Record<K, (item: T) => number | null>>,
): readonly Ranged<T, K>[] {
  const [first = [], ...others] = byReplication;
  if (others.length === 0) return first;
  return first.map((item) => {
    const same = byReplication.flatMap((found) => found.find((each) => keyOf(each) === keyOf(item)) ?? []);
    const names = Object.keys(figures) as K[];
    const ranges = Object.fromEntries(names.map((name) => [name, tInterval(same.map(figures[name]))])) as Ranges<K>;
    return { ...item, ranges };
  });
}

/** The range of a figure; the figure alone where it has none. */
export function rangeOr(range: Estimate | undefined, value: number | null): Estimate {
  return range ?? { value, low: null, high: null, n: value === null ? 0 : 1 };
}
