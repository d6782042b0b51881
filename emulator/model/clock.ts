/**
 * The emulator's clock: milliseconds since the fleet started, times a scale, with callbacks at absolute deadlines.
 * One wall timer serves all deadlines (a heap), so tens of thousands of pending tokens cost no timer each, and a late
 * wake-up never adds up: the next deadline is absolute, not "20 ms from now".
 */
export interface EmulatorClock {
  nowMs(): number;
  /** Runs `callback` once at `dueMs` or as soon after as the process can; ties run in order of scheduling. */
  schedule(dueMs: number, callback: () => void): Deadline;
  /** Drops every deadline, so that nothing keeps the process alive. */
  stop(): void;
}

/** A pending callback. */
export interface Deadline {
  cancel(): void;
}

/** What drives a clock: the wall in production, a test's hand elsewhere. */
export interface ClockSource {
  /** Monotonic milliseconds. */
  nowMs(): number;
  /** Calls back after about `delayMs`; returns what undoes it. */
  wake(delayMs: number, callback: () => void): () => void;
}

/** Whole-millisecond timers fire up to 1 ms early and more late; taking what is due within half of one centres that. */
const TOLERANCE_MS = 0.5;

interface Entry extends Deadline {
  readonly dueMs: number;
  readonly sequence: number;
  callback: (() => void) | undefined;
}

/**
 * @param scale  emulator milliseconds per source millisecond; 1 is real time
 * @param source the wall clock where not given
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

  /** Without this, the timer of calls that were given up would keep the process alive until they were due. */
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
      // Whole milliseconds: a fraction is cut off by the timer, which would wake us up to 1.9 ms early.
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
