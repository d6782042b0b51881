/** What LiteLLM's Router keeps of each deployment: usage of the clock minute, and its latest latencies. */

/** Latencies kept of each deployment, `max_latency_list_size`. */
const SAMPLES = 10;

/** Tokens and requests of the clock minute. */
export class MinuteUsage {
  readonly tokens: Float64Array;
  readonly requests: Float64Array;
  private minute = -1;

  constructor(deployments: number) {
    this.tokens = new Float64Array(deployments);
    this.requests = new Float64Array(deployments);
  }

  turnTo(nowMs: number): void {
    const minute = Math.floor(nowMs / 60_000);
    if (minute === this.minute) return;
    this.minute = minute;
    this.tokens.fill(0);
    this.requests.fill(0);
  }

  count(target: number, tokens: number): void {
    this.tokens[target]! += tokens;
    this.requests[target]!++;
  }

  isFull(target: number, inputTokens: number, tpm: Float64Array, rpm: Float64Array): boolean {
    return (
      (tpm[target]! > 0 && this.tokens[target]! + inputTokens > tpm[target]!) ||
      (rpm[target]! > 0 && this.requests[target]! + 1 > rpm[target]!)
    );
  }
}

/** The last ten samples of each deployment. */
export class LatestSamples {
  private readonly samples: Float64Array;
  private readonly counts: Int32Array;

  constructor(deployments: number) {
    this.samples = new Float64Array(deployments * SAMPLES);
    this.counts = new Int32Array(deployments);
  }

  clear(): void {
    this.counts.fill(0);
  }

  isNew(target: number): boolean {
    return this.counts[target] === 0;
  }

  count(target: number): number {
    return Math.min(SAMPLES, this.counts[target]!);
  }

  add(target: number, value: number): void {
    this.samples[target * SAMPLES + (this.counts[target]! % SAMPLES)] = value;
    this.counts[target]!++;
  }

  /** Summed from the oldest on, as a list would be; 0 of none. */
  mean(target: number): number {
    const count = this.count(target);
    const first = this.counts[target]! - count;
    let sum = 0;
    for (let i = first; i < first + count; i++) sum += this.samples[target * SAMPLES + (i % SAMPLES)]!;
    return count === 0 ? 0 : sum / count;
  }
}
