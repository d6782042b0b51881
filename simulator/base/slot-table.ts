/**
 * Rows over recycled slots: each slot has a fixed number of ints and floats that lie side by side, so that touching
 * one brings its neighbours into the cache and a hot function needs two arrays, not forty (measured: half the time of
 * one array per column). The meaning of each place is a constant of the table's owner:
 * `table.ints[slot * WIDTH + COLUMN.x]`.
 *
 * Place 0 of the ints is the slot's generation. It changes when the slot is recycled: a holder of (slot,
 * generation) that finds another generation knows that its row is gone.
 */
export class SlotTable {
  /** May be replaced by a longer one at any `allocate`: do not keep it across one. */
  declare ints: Int32Array;
  declare floats: Float64Array;
  declare private readonly intWidth: number;
  declare private readonly floatWidth: number;
  declare private free: Int32Array;
  private freeCount = 0;
  private size = 0;

  constructor(widths: { readonly ints: number; readonly floats: number }, capacity = 64) {
    this.intWidth = widths.ints;
    this.floatWidth = widths.floats;
    this.ints = new Int32Array(0);
    this.floats = new Float64Array(0);
    this.free = new Int32Array(0);
    this.grow(capacity);
  }

  get inUse(): number {
    return this.size - this.freeCount;
  }

  /** Slots there are, used or free. */
  get capacity(): number {
    return this.size;
  }

  /** A free slot; its row holds whatever was there before. */
  allocate(): number {
    if (this.freeCount === 0) this.grow(this.size * 2);
    return this.free[--this.freeCount]!;
  }

  release(slot: number): void {
    this.ints[slot * this.intWidth]!++;
    this.free[this.freeCount++] = slot;
  }

  /** Slots in use, in slot order: for the end of a run. */
  slotsInUse(): number[] {
    const isFree = new Uint8Array(this.size);
    for (let i = 0; i < this.freeCount; i++) isFree[this.free[i]!] = 1;
    const slots: number[] = [];
    for (let slot = 0; slot < this.size; slot++) if (isFree[slot] === 0) slots.push(slot);
    return slots;
  }

  private grow(size: number): void {
    const old = this.size;
    const ints = new Int32Array(size * this.intWidth);
    ints.set(this.ints);
    this.ints = ints;
    const floats = new Float64Array(size * this.floatWidth);
    floats.set(this.floats);
    this.floats = floats;
    const free = new Int32Array(size);
    free.set(this.free);
    this.free = free;
    for (let slot = size - 1; slot >= old; slot--) this.free[this.freeCount++] = slot;
    this.size = size;
  }
}
