/**
 * Event queue: a 4-ary heap over typed arrays, ordered by (time, insertion number), so that equal times leave in the
 * order in which they were scheduled. Arrivals never enter it: the loop merges the sorted arrival stream with its top.
 *
 * Payloads are small non-negative integers; what they mean is the owner's business.
 */
export class EventHeap {
  /** Time of the earliest event, ms; Infinity when empty. */
  topMs = Number.POSITIVE_INFINITY;
  private length = 0;
  private inserted = 0;
  private keysMs: Float64Array;
  private order: Int32Array;
  private payloads: Int32Array;

  constructor(capacity = 256) {
    const size = Math.max(8, capacity);
    this.keysMs = new Float64Array(size);
    this.order = new Int32Array(size);
    this.payloads = new Int32Array(size);
  }

  get size(): number {
    return this.length;
  }

  push(ms: number, payload: number): void {
    if (this.length === this.keysMs.length) this.grow();
    const order = this.inserted;
    this.inserted = (order + 1) | 0;
    this.siftUp(this.length++, ms, order, payload);
    this.topMs = this.keysMs[0]!;
  }

  /** Payload of the earliest event; must not be called when empty. */
  peek(): number {
    return this.payloads[0]!;
  }

  /** Removes the earliest event and returns its payload; must not be called when empty. */
  pop(): number {
    const payload = this.payloads[0]!;
    const last = --this.length;
    if (last > 0) this.siftDown(this.keysMs[last]!, this.order[last]!, this.payloads[last]!);
    this.topMs = last > 0 ? this.keysMs[0]! : Number.POSITIVE_INFINITY;
    return payload;
  }

  /** `pop` then `push` for the price of one sift: a completion that starts the next waiting request. */
  replaceTop(ms: number, payload: number): void {
    const order = this.inserted;
    this.inserted = (order + 1) | 0;
    this.siftDown(ms, order, payload);
    this.topMs = this.keysMs[0]!;
  }

  /** Empties the queue; returns the payloads in order of time. */
  drain(): number[] {
    const payloads: number[] = [];
    while (this.length > 0) payloads.push(this.pop());
    return payloads;
  }

  private siftUp(start: number, ms: number, order: number, payload: number): void {
    const keys = this.keysMs;
    let i = start;
    while (i > 0) {
      const parent = (i - 1) >> 2;
      // A later insertion never goes before an equal key, so `>` alone keeps the order of equal times here.
      if (!(keys[parent]! > ms)) break;
      this.move(parent, i);
      i = parent;
    }
    this.place(i, ms, order, payload);
  }

  private siftDown(ms: number, order: number, payload: number): void {
    const keys = this.keysMs;
    const length = this.length;
    let i = 0;
    for (;;) {
      const first = 4 * i + 1;
      if (first >= length) break;
      const end = first + 4 < length ? first + 4 : length;
      let least = first;
      let leastMs = keys[first]!;
      for (let c = first + 1; c < end; c++) {
        const key = keys[c]!;
        if (key < leastMs || (key === leastMs && this.isBefore(c, least))) {
          least = c;
          leastMs = key;
        }
      }
      if (leastMs > ms || (leastMs === ms && ((this.order[least]! - order) | 0) > 0)) break;
      this.move(least, i);
      i = least;
    }
    this.place(i, ms, order, payload);
  }

  /** Insertion numbers wrap at 2^32; their difference stays right while fewer than 2^31 events are pending. */
  private isBefore(a: number, b: number): boolean {
    return ((this.order[a]! - this.order[b]!) | 0) < 0;
  }

  private move(from: number, to: number): void {
    this.keysMs[to] = this.keysMs[from]!;
    this.order[to] = this.order[from]!;
    this.payloads[to] = this.payloads[from]!;
  }

  private place(i: number, ms: number, order: number, payload: number): void {
    this.keysMs[i] = ms;
    this.order[i] = order;
    this.payloads[i] = payload;
  }

  private grow(): void {
    const size = this.keysMs.length * 2;
    const keys = new Float64Array(size);
    keys.set(this.keysMs);
    this.keysMs = keys;
    const order = new Int32Array(size);
    order.set(this.order);
    this.order = order;
    const payloads = new Int32Array(size);
    payloads.set(this.payloads);
    this.payloads = payloads;
  }
}
