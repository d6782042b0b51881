/** The queues of the simulator: events by time, the earliest of fixed clocks, and the earliest of ascending streams. */

/**
 * Event queue: a 4-ary heap over one typed array, ordered by (time, insertion number), so that equal times leave in the
 * order in which they were scheduled. Arrivals never enter it: the loop merges the sorted arrival stream with its top.
 *
 * Payloads are integers in [0, 2^31); what they mean is up to the owner. An entry is two neighbouring doubles: its time,
 * and a tag, the whole number insertion x 2^31 + payload. Tags compare by insertion number, and a conversion to 32 bits
 * gives the payload. Four children fill one cache line. Places are counted in doubles: entry i lies at 2 i.
 */
export class EventHeap {
  /** Time of the earliest event, ms; Infinity when empty. */
  topMs = Number.POSITIVE_INFINITY;
  /** Doubles in use. */
  private end = 0;
  /** Tag of the next entry, without its payload. A double from the start: an integer at first would be boxed later. */
  private insertion = Number.NaN;
  declare private entries: Float64Array;

  constructor(capacity = 256) {
    this.entries = new Float64Array(2 * Math.max(8, capacity));
    this.insertion = INSERTION;
  }

  get size(): number {
    return this.end >> 1;
  }

  push(ms: number, payload: number): void {
    if (this.end === this.entries.length) this.grow();
    const { entries, insertion } = this;
    let place = this.end;
    this.end = place + 2;
    while (place > 0) {
      const parent = ((place - 2) >> 3) << 1;
      const parentMs = entries[parent]!;
      // A later insertion never goes before an equal time, so `>` alone keeps the order of equal times here.
      if (!(parentMs > ms)) break;
      entries[place] = parentMs;
      entries[place + 1] = entries[parent + 1]!;
      place = parent;
    }
    entries[place] = ms;
    entries[place + 1] = insertion + payload;
    if (place === 0) this.topMs = ms;
    this.insertion = insertion + INSERTION;
    if (insertion >= INSERTIONS_MAX) this.renumber();
  }

  /** Payload of the earliest event; must not be called when empty. */
  peek(): number {
    return this.entries[1]! & PAYLOAD;
  }

  /** Removes the earliest event and returns its payload; must not be called when empty. */
  pop(): number {
    const { entries } = this;
    const payload = entries[1]! & PAYLOAD;
    const last = this.end - 2;
    this.end = last;
    if (last > 0) {
      this.sink(last);
      this.topMs = entries[0]!;
    } else this.topMs = Number.POSITIVE_INFINITY;
    return payload;
  }

  /** `pop` then `push` for the price of one sift: a completion that starts the next waiting request. */
  replaceTop(ms: number, payload: number): void {
    if (this.end === this.entries.length) this.grow();
    const { entries, end, insertion } = this;
    entries[end] = ms;
    entries[end + 1] = insertion + payload;
    this.insertion = insertion + INSERTION;
    this.sink(end);
    this.topMs = entries[0]!;
    if (insertion >= INSERTIONS_MAX) this.renumber();
  }

  /** Empties the queue; returns the payloads in order of time. */
  drain(): number[] {
    const payloads: number[] = [];
    while (this.end > 0) payloads.push(this.pop());
    return payloads;
  }

  /**
   * Finds the place of an entry, which lies behind the others, from the vacant top down. The entry is read here: a time
   * passed as an argument would be boxed.
   */
  private sink(from: number): void {
    const { entries, end } = this;
    const ms = entries[from]!;
    const tag = entries[from + 1]!;
    let place = 0;
    for (;;) {
      const first = 4 * place + 2;
      if (first >= end) break;
      const least = first + 6 < end ? this.leastOfFour(first) : this.leastOfFew(first, end);
      const leastMs = entries[least]!;
      if (leastMs > ms || (leastMs === ms && entries[least + 1]! > tag)) break;
      entries[place] = leastMs;
      entries[place + 1] = entries[least + 1]!;
      place = least;
    }
    entries[place] = ms;
    entries[place + 1] = tag;
  }

  /**
   * Which of four neighbours is the earliest. Comparisons become numbers instead of branches (measured: a third off),
   * since which child wins cannot be predicted; that two times are equal can, and is handled apart.
   */
  private leastOfFour(first: number): number {
    const { entries } = this;
    const k0 = entries[first]!;
    const k1 = entries[first + 2]!;
    const k2 = entries[first + 4]!;
    const k3 = entries[first + 6]!;
    const a = first + (Number(k1 < k0) << 1);
    const b = first + 4 + (Number(k3 < k2) << 1);
    const ka = entries[a]!;
    const kb = entries[b]!;
    if (k0 === k1 || k2 === k3 || ka === kb) return this.leastOfFew(first, first + 8);
    return a + Math.imul(Number(kb < ka), b - a);
  }

  private leastOfFew(first: number, end: number): number {
    const { entries } = this;
    let least = first;
    for (let child = first + 2; child < end; child += 2) {
      const ms = entries[child]!;
      const leastMs = entries[least]!;
      if (ms < leastMs || (ms === leastMs && entries[child + 1]! < entries[least + 1]!)) least = child;
    }
    return least;
  }

  /** Renumbers the entries before insertion numbers outgrow a tag; their order stays. */
  private renumber(): void {
    const { entries, end } = this;
    if (end >= ENTRIES_MAX) throw new RangeError("an event queue holds less than four million entries");
    const places = Array.from({ length: end >> 1 }, (_, i) => 2 * i + 1);
    places.sort((a, b) => entries[a]! - entries[b]!);
    for (const [rank, place] of places.entries()) entries[place] = (rank + 1) * INSERTION + (entries[place]! & PAYLOAD);
    this.insertion = (places.length + 1) * INSERTION;
  }

  private grow(): void {
    const entries = new Float64Array(this.entries.length * 2);
    entries.set(this.entries);
    this.entries = entries;
  }
}

/** What one insertion adds to a tag, and the payload's bits. */
const INSERTION = 2 ** 31;
const PAYLOAD = 2 ** 31 - 1;
/** Tags are exact below 2^53. */
const INSERTIONS_MAX = (2 ** 22 - 1) * INSERTION;
/** In doubles; a run is stopped long before. */
const ENTRIES_MAX = 2 * (2 ** 22 - 2);

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
