/** A source of uniform numbers. Every sampler takes one; nothing in the core falls back on a global source. */
export interface RandomStream {
  /** The next uniform number in [0, 1). */
  next(): number;
}
