/**
 * A queue of timers that all have the same delay (a client's timeout, a hedge delay): they fall due in the order in
 * which they were set, so a ring buffer serves where a heap would pay a logarithm. Owners cancel lazily: each entry
 * carries the generation of its slot, and an entry of an older generation means nothing.
 */
export class DelayLine {
  declare readonly delayMs: number;
  /** When the oldest entry falls due, ms; Infinity when empty. */
  topMs = Number.POSITIVE_INFINITY;
  private head = 0;
  private length = 0;
  private dueMs = new Float64Array(1024);
  private slots = new Int32Array(1024);
  private generations = new Int32Array(1024);

  constructor(delayMs: number) {
    this.delayMs = delayMs;
  }

  get size(): number {
    return this.length;
  }

  push(nowMs: number, slot: number, generation: number): void {
    if (this.length === this.dueMs.length) this.grow();
    const i = (this.head + this.length) & (this.dueMs.length - 1);
    this.dueMs[i] = nowMs + this.delayMs;
    this.slots[i] = slot;
    this.generations[i] = generation;
    if (this.length++ === 0) this.topMs = nowMs + this.delayMs;
  }

  get topSlot(): number {
    return this.slots[this.head]!;
  }

  get topGeneration(): number {
    return this.generations[this.head]!;
  }

  /** Drops the oldest entry; must not be called when empty. */
  pop(): void {
    this.head = (this.head + 1) & (this.dueMs.length - 1);
    this.length--;
    this.topMs = this.length > 0 ? this.dueMs[this.head]! : Number.POSITIVE_INFINITY;
  }

  private grow(): void {
    const size = this.dueMs.length;
    const due = new Float64Array(size * 2);
    const slots = new Int32Array(size * 2);
    const generations = new Int32Array(size * 2);
    for (let k = 0; k < this.length; k++) {
      const i = (this.head + k) & (size - 1);
      due[k] = this.dueMs[i]!;
      slots[k] = this.slots[i]!;
      generations[k] = this.generations[i]!;
    }
    this.dueMs = due;
    this.slots = slots;
    this.generations = generations;
    this.head = 0;
  }
}
