/** The queues of the simulator: events by time, the earliest of fixed clocks, and the earliest of ascending streams. */

/**
 * Event queue: a 4-ary heap over one typed array, ordered by (time, insertion number), so that equal times leave in the
 * order in which they were scheduled. Arrivals never enter it: the loop merges the sorted arrival stream with its top.
 *
 * Payloads are integers in [0, 2^31); what they mean is up to the owner. An entry is two neighbouring doubles: its
 * time, and a tag whose bits are the payload (low half) and the insertion number (high half). Doubles above zero are
 * ordered as their bits are, so tags compare by insertion number. Four children fill one cache line.
 */
export class EventHeap {
  /** Time of the earliest event, ms; Infinity when empty. */
  topMs = Number.POSITIVE_INFINITY;
  private length = 0;
  private inserted = 1;
  declare private entries: Float64Array;
  /** The same memory in halves, to write tags and read payloads: entry i has its payload at `4 * i + PAYLOAD`. */
  declare private halves: Int32Array;

  constructor(capacity = 256) {
    this.entries = new Float64Array(2 * Math.max(8, capacity));
    this.halves = new Int32Array(this.entries.buffer);
  }

  get size(): number {
    return this.length;
  }

  push(ms: number, payload: number): void {
    const insertion = this.nextInsertion();
    const i = this.length++;
    if (2 * i + 2 > this.entries.length) this.grow();
    this.siftUp(i, ms, payload, insertion);
    this.topMs = this.entries[0]!;
  }

  /** Payload of the earliest event; must not be called when empty. */
  peek(): number {
    return this.halves[PAYLOAD]!;
  }

  /** Removes the earliest event and returns its payload; must not be called when empty. */
  pop(): number {
    const { entries, halves } = this;
    const payload = halves[PAYLOAD]!;
    const last = --this.length;
    if (last > 0) this.siftDown(entries[2 * last]!, halves[4 * last + PAYLOAD]!, halves[4 * last + INSERTION]!);
    this.topMs = last > 0 ? entries[0]! : Number.POSITIVE_INFINITY;
    return payload;
  }

  /** `pop` then `push` for the price of one sift: a completion that starts the next waiting request. */
  replaceTop(ms: number, payload: number): void {
    this.siftDown(ms, payload, this.nextInsertion());
    this.topMs = this.entries[0]!;
  }

  /** Empties the queue; returns the payloads in order of time. */
  drain(): number[] {
    const payloads: number[] = [];
    while (this.length > 0) payloads.push(this.pop());
    return payloads;
  }

  private nextInsertion(): number {
    if (this.inserted === INSERTIONS_MAX) this.renumber();
    return this.inserted++;
  }

  /** Finds the place of a new entry from place `i` up. */
  private siftUp(i: number, ms: number, payload: number, insertion: number): void {
    const { entries } = this;
    while (i > 0) {
      const parent = (i - 1) >> 2;
      const parentMs = entries[2 * parent]!;
      // A later insertion never goes before an equal time, so `>` alone keeps the order of equal times here.
      if (!(parentMs > ms)) break;
      entries[2 * i] = parentMs;
      entries[2 * i + 1] = entries[2 * parent + 1]!;
      i = parent;
    }
    this.write(i, ms, payload, insertion);
  }

  /** Finds the place of an entry from the vacant top down. */
  private siftDown(ms: number, payload: number, insertion: number): void {
    const { entries, halves, length } = this;
    let i = 0;
    for (;;) {
      const first = 4 * i + 1;
      if (first >= length) break;
      const least = first + 3 < length ? this.leastOfFour(first) : this.leastOfFew(first, length);
      const leastMs = entries[2 * least]!;
      if (leastMs > ms || (leastMs === ms && halves[4 * least + INSERTION]! > insertion)) break;
      entries[2 * i] = leastMs;
      entries[2 * i + 1] = entries[2 * least + 1]!;
      i = least;
    }
    this.write(i, ms, payload, insertion);
  }

  /** An entry stays in registers until its place is known: halves that are read as one double at once stall. */
  private write(i: number, ms: number, payload: number, insertion: number): void {
    const { halves } = this;
    this.entries[2 * i] = ms;
    halves[4 * i + PAYLOAD] = payload;
    halves[4 * i + INSERTION] = insertion;
  }

  /**
   * Which of four neighbours is the earliest. Comparisons become numbers instead of branches (measured: a third off),
   * since which child wins cannot be predicted; that two times are equal can, and is handled apart.
   */
  private leastOfFour(first: number): number {
    const entries = this.entries;
    const k0 = entries[2 * first]!;
    const k1 = entries[2 * first + 2]!;
    const k2 = entries[2 * first + 4]!;
    const k3 = entries[2 * first + 6]!;
    const a = first + Number(k1 < k0);
    const b = first + 2 + Number(k3 < k2);
    const ka = entries[2 * a]!;
    const kb = entries[2 * b]!;
    if (k0 === k1 || k2 === k3 || ka === kb) return this.leastOfFew(first, first + 4);
    return a + Math.imul(Number(kb < ka), b - a);
  }

  private leastOfFew(first: number, end: number): number {
    const entries = this.entries;
    let least = first;
    for (let c = first + 1; c < end; c++) {
      const ms = entries[2 * c]!;
      const leastMs = entries[2 * least]!;
      if (ms < leastMs || (ms === leastMs && entries[2 * c + 1]! < entries[2 * least + 1]!)) least = c;
    }
    return least;
  }

  /** Renumbers the entries before insertion numbers outgrow a tag; their order stays. */
  private renumber(): void {
    const { halves } = this;
    const places = Array.from({ length: this.length }, (_, i) => 4 * i + INSERTION);
    places.sort((a, b) => halves[a]! - halves[b]!);
    for (const [rank, place] of places.entries()) halves[place] = rank + 1;
    this.inserted = places.length + 1;
  }

  private grow(): void {
    const entries = new Float64Array(this.entries.length * 2);
    entries.set(this.entries);
    this.entries = entries;
    this.halves = new Int32Array(entries.buffer);
  }
}

/** Insertion numbers stay below this: a tag, read as a double, is then an ordinary number above zero. */
const INSERTIONS_MAX = 2 ** 30;

/** Places of an entry's payload and insertion number, counted in halves, on little-endian processors. */
const PAYLOAD = 2;
const INSERTION = 3;

/**
 * The earliest of a fixed set of clocks (one per endpoint): a winner tree over their next instants. An update costs
 * log2(n) comparisons and reading the minimum nothing. Equal instants: the lower index wins.
 */
export class NextEvent {
  /** Index of the clock with the earliest instant. */
  index = 0;
  /** That instant, ms; Infinity when nothing is due. */
  ms = Number.POSITIVE_INFINITY;
  declare private readonly leaves: number;
  declare private readonly atMs: Float64Array;
  /** `winner[k]` for inner node k (1 = root); leaf i sits at `leaves + i`. */
  declare private readonly winner: Int32Array;

  constructor(count: number) {
    let leaves = 1;
    while (leaves < count) leaves *= 2;
    this.leaves = leaves;
    this.atMs = new Float64Array(leaves).fill(Number.POSITIVE_INFINITY);
    this.winner = new Int32Array(2 * leaves);
    for (let i = 0; i < leaves; i++) this.winner[leaves + i] = i;
    for (let k = leaves - 1; k >= 1; k--) this.winner[k] = this.winner[2 * k]!;
  }

  update(index: number, ms: number): void {
    const { atMs, winner } = this;
    if (atMs[index] === ms) return;
    atMs[index] = ms;
    let first = index;
    let firstMs = ms;
    for (let k = this.leaves + index; k > 1; k >>= 1) {
      const other = winner[k ^ 1]!;
      const otherMs = atMs[other]!;
      // Numbers instead of branches: which of two clocks comes first cannot be predicted. Equal ones: the left one.
      const wins = Number(otherMs < firstMs) | (Number(otherMs === firstMs) & k & 1);
      first += Math.imul(wins, other - first);
      firstMs = atMs[first]!;
      winner[k >> 1] = first;
    }
    this.index = first;
    this.ms = firstMs;
  }
}

/**
 * The earliest of several ascending streams: a binary heap of stream numbers keyed by their next instant. Equal
 * instants go to the lower stream number, so a merge does not depend on its history.
 */
export class Earliest {
  private readonly key: Float64Array;
  private readonly stream: Int32Array;
  private size = 0;

  constructor(streams: number) {
    this.key = new Float64Array(streams);
    this.stream = new Int32Array(streams);
  }

  get isEmpty(): boolean {
    return this.size === 0;
  }

  /** The stream whose next instant is the earliest. */
  get top(): number {
    return this.stream[0]!;
  }

  get topKey(): number {
    return this.key[0]!;
  }

  add(stream: number, key: number): void {
    let i = this.size++;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!this.isBefore(key, stream, parent)) break;
      this.key[i] = this.key[parent]!;
      this.stream[i] = this.stream[parent]!;
      i = parent;
    }
    this.key[i] = key;
    this.stream[i] = stream;
  }

  /** The top stream moved on to its next instant. */
  replaceTop(key: number): void {
    this.sink(this.stream[0]!, key);
  }

  removeTop(): void {
    this.size--;
    if (this.size > 0) this.sink(this.stream[this.size]!, this.key[this.size]!);
  }

  private sink(stream: number, key: number): void {
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= this.size) break;
      if (child + 1 < this.size && this.isBefore(this.key[child + 1]!, this.stream[child + 1]!, child)) child++;
      if (this.isBefore(key, stream, child)) break;
      this.key[i] = this.key[child]!;
      this.stream[i] = this.stream[child]!;
      i = child;
    }
    this.key[i] = key;
    this.stream[i] = stream;
  }

  private isBefore(key: number, stream: number, at: number): boolean {
    return key < this.key[at]! || (key === this.key[at]! && stream < this.stream[at]!);
  }
}
