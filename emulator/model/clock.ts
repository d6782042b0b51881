/**
 * The fleet's clock: scaled milliseconds since the start, with callbacks at absolute deadlines. A heap and a single
 * system timer serve tens of thousands of pending tokens, and delays do not accumulate, since deadlines are absolute.
 */

/** Milliseconds since the fleet started, times the scale. */
export interface EmulatorClock {
  nowMs(): number;
  /** Runs `callback` once, at `dueMs` or as soon afterwards as possible; ties run in order of scheduling. */
  schedule(dueMs: number, callback: () => void): Deadline;
  /** Drops every deadline, so that none keeps the process alive. */
  stop(): void;
}

/** A pending callback. */
export interface Deadline {
  cancel(): void;
}

/** The time source of a clock: the wall clock, or a manual one in tests. */
export interface ClockSource {
  /** Monotonic milliseconds. */
  nowMs(): number;
  /** Calls back after about `delayMs`; returns a function that cancels it. */
  wake(delayMs: number, callback: () => void): () => void;
}

/** Timers have a resolution of 1 ms; running what is due within half of that centres the error. */
const TOLERANCE_MS = 0.5;

interface Entry extends Deadline {
  readonly dueMs: number;
  readonly sequence: number;
  callback: (() => void) | undefined;
}

/**
 * Starts a clock at 0.
 *
 * @param scale  emulator milliseconds per source millisecond; 1 is real time
 * @param source the wall clock by default
 */
export function createClock(scale = 1, source: ClockSource = wallSource()): EmulatorClock {
  const epochMs = source.nowMs();
  const heap: Entry[] = [];
  let sequence = 0;
  let armedForMs = Number.POSITIVE_INFINITY;
  let disarm: (() => void) | undefined;

  const nowMs = (): number => (source.nowMs() - epochMs) * scale;

  function arm(): void {
    const first = heap[0];
    if (first === undefined || first.dueMs >= armedForMs) return;
    disarm?.();
    armedForMs = first.dueMs;
    disarm = source.wake(Math.max(0, (first.dueMs - nowMs()) / scale), run);
  }

  function run(): void {
    disarm = undefined;
    armedForMs = Number.POSITIVE_INFINITY;
    const dueMs = nowMs() + TOLERANCE_MS * scale;
    try {
      for (let first = heap[0]; first !== undefined && first.dueMs <= dueMs; first = heap[0]) {
        popEntry(heap);
        const callback = first.callback;
        first.callback = undefined;
        callback?.();
      }
    } finally {
      arm();
    }
  }

  /** Otherwise the timers of cancelled calls would keep the process alive until they were due. */
  function dropCancelled(): void {
    while (heap[0] !== undefined && heap[0].callback === undefined) popEntry(heap);
    if (heap.length > 0) return;
    disarm?.();
    disarm = undefined;
    armedForMs = Number.POSITIVE_INFINITY;
  }

  return {
    nowMs,
    schedule(dueMs, callback) {
      const entry: Entry = {
        dueMs,
        sequence: sequence++,
        callback,
        cancel() {
          entry.callback = undefined;
          dropCancelled();
        },
      };
      pushEntry(heap, entry);
      arm();
      return entry;
    },
    stop() {
      heap.length = 0;
      dropCancelled();
    },
  };
}

function wallSource(): ClockSource {
  return {
    nowMs: () => performance.now(),
    wake(delayMs, callback) {
      // The timer truncates fractions of a millisecond, which would make it up to 1.9 ms early; hence the rounding.
      const timer = setTimeout(callback, Math.min(Math.round(delayMs), 2 ** 31 - 1));
      return () => clearTimeout(timer);
    },
  };
}

function before(a: Entry, b: Entry): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.sequence < b.sequence);
}

function pushEntry(heap: Entry[], entry: Entry): void {
  let index = heap.length;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (!before(entry, heap[parent]!)) break;
    heap[index] = heap[parent]!;
    index = parent;
  }
  heap[index] = entry;
}

function popEntry(heap: Entry[]): void {
  const last = heap.pop()!;
  const size = heap.length;
  if (size === 0) return;
  let index = 0;
  for (let child = 1; child < size; child = 2 * index + 1) {
    if (child + 1 < size && before(heap[child + 1]!, heap[child]!)) child++;
    if (!before(heap[child]!, last)) break;
    heap[index] = heap[child]!;
    index = child;
  }
  heap[index] = last;
}
