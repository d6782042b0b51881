/**
 * The earliest of a fixed set of clocks (one per endpoint): a winner tree over their next instants. An update costs
 * log2(n) comparisons, the minimum is at hand. Equal instants: the lower index wins.
 */
export class NextEvent {
  /** Index of the clock with the earliest instant. */
  index = 0;
  /** That instant, ms; Infinity when nothing is due. */
  ms = Number.POSITIVE_INFINITY;
  private readonly leaves: number;
  private readonly atMs: Float64Array;
  /** `winner[k]` for inner node k (1 = root); leaf i sits at `leaves + i`. */
  private readonly winner: Int32Array;

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
    const atMs = this.atMs;
    if (atMs[index] === ms) return;
    atMs[index] = ms;
    const winner = this.winner;
    for (let k = (this.leaves + index) >> 1; k >= 1; k >>= 1) {
      const left = winner[2 * k]!;
      const right = winner[2 * k + 1]!;
      const first = atMs[right]! < atMs[left]! ? right : left;
      // Where another clock wins as before, nothing changes further up.
      if (first === winner[k] && first !== index) return;
      winner[k] = first;
    }
    const first = this.leaves === 1 ? 0 : winner[1]!;
    this.index = first;
    this.ms = atMs[first]!;
  }
}
