/** Callbacks by instant, equal instants in the order in which they were asked for. Instants are ms. */
export interface Timers {
  /** Infinity when none is set. */
  nextMs(): number;
  /** @returns what undoes it */
  add(atMs: number, callback: () => void): () => void;
  /** Runs the first. */
  run(): void;
}

interface Entry {
  readonly atMs: number;
  callback: (() => void) | undefined;
}

/** A sorted list: there are as many entries as calls in flight, and most are added at the end. */
export function createTimers(): Timers {
  const entries: Entry[] = [];
  return {
    nextMs() {
      while (entries[0] !== undefined && entries[0].callback === undefined) entries.shift();
      return entries[0]?.atMs ?? Number.POSITIVE_INFINITY;
    },
    add(atMs, callback) {
      if (atMs === Number.POSITIVE_INFINITY) return () => {};
      const entry: Entry = { atMs, callback };
      let at = entries.length;
      while (at > 0 && entries[at - 1]!.atMs > atMs) at--;
      entries.splice(at, 0, entry);
      return () => {
        entry.callback = undefined;
      };
    },
    run: () => entries.shift()?.callback?.(),
  };
}
