/**
 * The earliest of a fixed set of clocks (one per endpoint): a winner tree over their next instants. An update costs
 * log2(n) comparisons, the minimum is at hand. Equal instants: the lower index wins.
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
