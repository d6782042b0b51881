/**
 * Cooldown of targets after a failure, as gateways do it: a target that failed at time t is skipped until t + duration.
 * Further failures push the end out; a success does not shorten it, since it may answer a request sent before.
 */
export class Cooldown {
  /** End of each target's cooldown on the router's clock, ms; -Infinity before the first failure. */
  declare readonly untilMs: Float64Array;
  declare private readonly durationMs: number;

  /** @param durationMs 0 or more; 0 means that no target ever cools */
  constructor(targets: number, durationMs: number) {
    this.untilMs = new Float64Array(targets).fill(-Infinity);
    this.durationMs = durationMs;
  }

  fail(target: number, nowMs: number): void {
    const until = nowMs + this.durationMs;
    if (until > this.untilMs[target]!) this.untilMs[target] = until;
  }

  /** At the very instant at which a cooldown ends the target is available again. */
  isCooling(target: number, nowMs: number): boolean {
    return nowMs < this.untilMs[target]!;
  }
}
