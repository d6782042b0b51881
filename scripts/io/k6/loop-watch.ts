/** Watches how late this process wakes up: an emulator in it answers as late. */
export interface LoopWatch {
  /** Lateness at the 99th percentile so far, ms. */
  p99Ms(): number;
  stop(): void;
}

const TICK_MS = 10;

/** Ticks every 10 ms. A pause counts once for each tick that it swallowed, as every call in it waited. */
export function watchLoop(clockMs: () => number = () => performance.now()): LoopWatch {
  const lateMs: number[] = [];
  let dueMs = clockMs() + TICK_MS;
  const timer = setInterval(() => {
    const nowMs = clockMs();
    // A timer of whole milliseconds may be early by a fraction of one.
    for (; dueMs <= nowMs + 1; dueMs += TICK_MS) lateMs.push(Math.max(0, nowMs - dueMs));
  }, TICK_MS);
  timer.unref();
  return {
    p99Ms() {
      const ascending = Float64Array.from(lateMs).sort();
      return ascending[Math.ceil(0.99 * ascending.length) - 1] ?? 0;
    },
    stop: () => clearInterval(timer),
  };
}
