/** Watches how late this process wakes up: an emulator in it answers as late. */
export interface LoopWatch {
  /** Lateness so far at a quantile, ms. */
  lateMs(quantile: number): number;
  stop(): void;
}

const TICK_MS = 10;

/**
 * Wakes every 10 ms at absolute instants. A pause counts once for each instant that it swallowed, as every call in it
 * waited.
 */
export function watchLoop(clockMs: () => number = () => performance.now()): LoopWatch {
  const late: number[] = [];
  let dueMs = clockMs() + TICK_MS;
  let timer = wake();

  function wake(): NodeJS.Timeout {
    // Timers are of whole milliseconds: rounded up, for one that is early would have to be set again.
    const next = setTimeout(tick, Math.max(1, Math.ceil(dueMs - clockMs())));
    next.unref();
    return next;
  }

  function tick(): void {
    const nowMs = clockMs();
    for (; dueMs <= nowMs; dueMs += TICK_MS) late.push(nowMs - dueMs);
    timer = wake();
  }

  return {
    lateMs(quantile) {
      const ascending = Float64Array.from(late).sort();
      return ascending[Math.max(0, Math.ceil(quantile * ascending.length) - 1)] ?? 0;
    },
    stop: () => clearTimeout(timer),
  };
}
