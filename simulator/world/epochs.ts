/** Which price epoch an instant falls into; instants must not go back. */
export class Epochs {
  /** Of the latest instant asked for. */
  current = 0;
  /** When the next one begins, ms; Infinity after the last. */
  nextMs = Number.POSITIVE_INFINITY;
  declare private readonly startMs: Float64Array;

  /** @param startMs first instants of the epochs, ascending */
  constructor(startMs: Float64Array) {
    this.startMs = startMs;
    this.nextMs = startMs[1] ?? Number.POSITIVE_INFINITY;
  }

  at(nowMs: number): number {
    while (nowMs >= this.nextMs) {
      this.current++;
      this.nextMs = this.startMs[this.current + 1] ?? Number.POSITIVE_INFINITY;
    }
    return this.current;
  }
}
