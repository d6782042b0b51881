/**
 * The prompt cache of one endpoint: a prefix is there for its time to live after the last write or hit, and only where
 * it was written, so routing that scatters a tenant's traffic pays for writes again and again.
 * Source: Bedrock User Guide, "Prompt caching": the TTL (5 minutes by default) restarts on each hit.
 */
export class PromptCache {
  private readonly ttlMs: number;
  private readonly expiresMs = new Map<number, number>();

  constructor(ttlMs: number) {
    this.ttlMs = ttlMs;
  }

  has(nowMs: number, prefixId: number): boolean {
    const expiresMs = this.expiresMs.get(prefixId);
    return expiresMs !== undefined && expiresMs > nowMs;
  }

  /** A write or a hit: the time to live starts anew. */
  touch(nowMs: number, prefixId: number): void {
    this.expiresMs.set(prefixId, nowMs + this.ttlMs);
  }

  clear(): void {
    this.expiresMs.clear();
  }
}
