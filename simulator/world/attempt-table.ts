import { extended } from "../engine/columns.ts";

/**
 * Attempts that a region holds, as columns over recycled slots. The driver (the simulator's client side, or the
 * emulator) fills the request side of a slot before it hands it to the world; the world fills the rest.
 */
export class AttemptTable {
  /** Request side. */
  requestId!: Int32Array;
  /** 0 for a request's first attempt. */
  ordinal!: Int32Array;
  classIndex!: Uint16Array;
  modelIndex!: Uint16Array;
  target!: Uint16Array;
  inputTokens!: Int32Array;
  outputTokens!: Int32Array;
  /** The caller's max_tokens with the model's maximum put in where unset. */
  maxTokens!: Int32Array;
  prefixTokens!: Int32Array;
  prefixId!: Int32Array;
  /** Priority level in queues: 0 is served first, 3 last. */
  queueLevel!: Uint8Array;
  /** World side. */
  endpoint!: Int32Array;
  placement!: Int32Array;
  epoch!: Int32Array;
  quota!: Int32Array;
  reservedTokens!: Float64Array;
  reservedAtMs!: Float64Array;
  cacheReadTokens!: Int32Array;
  cacheWriteTokens!: Int32Array;
  /** When it was offered to the endpoint that took it, ms. */
  offeredMs!: Float64Array;
  /** When service began, ms; NaN before. */
  startedMs!: Float64Array;
  /** When the first token was ready, ms; NaN before. */
  firstTokenMs!: Float64Array;
  /** Work of the attempt at its endpoint: ms of service (slots) or decode tokens (batching). */
  work!: Float64Array;
  /** One-way extra delay between source and destination region, ms. */
  hopMs!: Float64Array;
  /** Changes when the slot is recycled: what names (slot, generation) and finds another generation is stale. */
  generation!: Int32Array;
  private free!: Int32Array;
  private freeCount = 0;
  private size = 0;

  constructor(capacity = 1024) {
    this.grow(capacity);
  }

  get inUse(): number {
    return this.size - this.freeCount;
  }

  get capacity(): number {
    return this.size;
  }

  allocate(): number {
    if (this.freeCount === 0) this.grow(this.size * 2);
    return this.free[--this.freeCount]!;
  }

  release(slot: number): void {
    this.generation[slot]!++;
    this.free[this.freeCount++] = slot;
  }

  private grow(size: number): void {
    const old = this.size;
    this.requestId = extended(this.requestId, new Int32Array(size));
    this.ordinal = extended(this.ordinal, new Int32Array(size));
    this.classIndex = extended(this.classIndex, new Uint16Array(size));
    this.modelIndex = extended(this.modelIndex, new Uint16Array(size));
    this.target = extended(this.target, new Uint16Array(size));
    this.inputTokens = extended(this.inputTokens, new Int32Array(size));
    this.outputTokens = extended(this.outputTokens, new Int32Array(size));
    this.maxTokens = extended(this.maxTokens, new Int32Array(size));
    this.prefixTokens = extended(this.prefixTokens, new Int32Array(size));
    this.prefixId = extended(this.prefixId, new Int32Array(size));
    this.queueLevel = extended(this.queueLevel, new Uint8Array(size));
    this.endpoint = extended(this.endpoint, new Int32Array(size));
    this.placement = extended(this.placement, new Int32Array(size));
    this.epoch = extended(this.epoch, new Int32Array(size));
    this.quota = extended(this.quota, new Int32Array(size));
    this.reservedTokens = extended(this.reservedTokens, new Float64Array(size));
    this.reservedAtMs = extended(this.reservedAtMs, new Float64Array(size));
    this.cacheReadTokens = extended(this.cacheReadTokens, new Int32Array(size));
    this.cacheWriteTokens = extended(this.cacheWriteTokens, new Int32Array(size));
    this.offeredMs = extended(this.offeredMs, new Float64Array(size));
    this.startedMs = extended(this.startedMs, new Float64Array(size));
    this.firstTokenMs = extended(this.firstTokenMs, new Float64Array(size));
    this.work = extended(this.work, new Float64Array(size));
    this.hopMs = extended(this.hopMs, new Float64Array(size));
    this.generation = extended(this.generation, new Int32Array(size));
    this.free = extended(this.free, new Int32Array(size));
    for (let slot = size - 1; slot >= old; slot--) this.free[this.freeCount++] = slot;
    this.size = size;
  }
}
