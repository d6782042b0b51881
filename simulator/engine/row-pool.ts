/**
 * Rows that are used again: plain objects of one shape, named by their slot wherever a number is needed (in queues and
 * agendas). Objects, because a field is one machine instruction where a place in a typed array is five (measured).
 *
 * A row's generation changes when it is released: whoever remembers (slot, generation) and finds another generation
 * knows that its row is gone.
 */
export class RowPool<Row extends PooledRow> {
  /** By slot. */
  readonly rows: Row[] = [];
  private readonly make: (slot: number) => Row;
  private free = new Int32Array(64);
  private freeCount = 0;

  constructor(make: (slot: number) => Row) {
    this.make = make;
  }

  get inUse(): number {
    return this.rows.length - this.freeCount;
  }

  /** A row that nobody uses; it holds whatever was there before. */
  allocate(): Row {
    if (this.freeCount > 0) return this.rows[this.free[--this.freeCount]!]!;
    const row = this.make(this.rows.length);
    this.rows.push(row);
    return row;
  }

  release(row: Row): void {
    row.generation = (row.generation + 1) | 0;
    if (this.freeCount === this.free.length) this.grow();
    this.free[this.freeCount++] = row.slot;
  }

  /** In slot order: for the end of a run. */
  rowsInUse(): Row[] {
    const isFree = new Uint8Array(this.rows.length);
    for (let i = 0; i < this.freeCount; i++) isFree[this.free[i]!] = 1;
    return this.rows.filter((row) => isFree[row.slot] === 0);
  }

  private grow(): void {
    const free = new Int32Array(this.free.length * 2);
    free.set(this.free);
    this.free = free;
  }
}

export interface PooledRow {
  readonly slot: number;
  generation: number;
}
