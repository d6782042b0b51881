/**
 * The earliest of several ascending streams: a binary heap of stream numbers keyed by their next instant. Equal
 * instants go to the lower stream number, so a merge is the same whatever came before.
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
