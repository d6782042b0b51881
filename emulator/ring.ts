/** The last `capacity` items, oldest first when read: what keeps logs of a long run from growing. */
export interface Ring<T> {
  push(item: T): void;
  /** The newest `limit` items, oldest first. */
  last(limit: number): readonly T[];
  /** All items ever pushed. */
  readonly total: number;
}

export function createRing<T>(capacity: number): Ring<T> {
  const items: T[] = [];
  let total = 0;
  return {
    push(item) {
      items[total % capacity] = item;
      total++;
    },
    last(limit) {
      const count = Math.max(0, Math.min(limit, total, capacity));
      return Array.from({ length: count }, (_, index) => items[(total - count + index) % capacity]!);
    },
    get total() {
      return total;
    },
  };
}
