/** Expired prefixes are thrown out when there are twice as many as after the last time: memory follows what is alive. */
const SWEEP_AT_MIN = 4096;

/**
 * The prompt cache of one endpoint: a prefix is there for its time to live after the last write or hit, and only where
 * it was written, so routing that scatters a tenant's traffic pays for writes again and again.
 * Source: Bedrock User Guide, "Prompt caching": the TTL (5 minutes by default) restarts on each hit.
 */
export class PromptCache {
  declare private readonly ttlMs: number;
  private readonly expiresMs = new Map<number, number>();
  private sweepAt = SWEEP_AT_MIN;

  constructor(ttlMs: number) {
    this.ttlMs = ttlMs;
  }

  /** Prefixes kept, expired ones that were not thrown out yet included. */
  get size(): number {
    return this.expiresMs.size;
  }

  has(nowMs: number, prefixId: number): boolean {
    const expiresMs = this.expiresMs.get(prefixId);
    return expiresMs !== undefined && expiresMs > nowMs;
  }

  /** A write or a hit: the time to live starts anew. */
  touch(nowMs: number, prefixId: number): void {
    this.expiresMs.set(prefixId, nowMs + this.ttlMs);
    if (this.expiresMs.size > this.sweepAt) this.sweep(nowMs);
  }

  clear(): void {
    this.expiresMs.clear();
  }

  private sweep(nowMs: number): void {
    for (const [prefixId, expiresMs] of this.expiresMs) if (expiresMs <= nowMs) this.expiresMs.delete(prefixId);
    this.sweepAt = Math.max(SWEEP_AT_MIN, 2 * this.expiresMs.size);
  }
}
