/** Small choices over the eligible targets that several strategies make. None allocates. */
import type { TargetView } from "./strategy.ts";

/** Whether the target may be chosen now. */
export function isEligible({ eligible, eligibleCount }: TargetView, target: number): boolean {
  for (let i = 0; i < eligibleCount; i++) if (eligible[i] === target) return true;
  return false;
}

/**
 * The eligible target with the fewest of this router's attempts in flight; the first in order among equals.
 *
 * @param avoid a target to be left out if there is another; -1 for none
 */
export function fewestInFlight({ eligible, eligibleCount, inFlight }: TargetView, avoid = -1): number {
  let best = -1;
  for (let i = 0; i < eligibleCount; i++) {
    const target = eligible[i]!;
    if (target !== avoid && (best < 0 || inFlight[target]! < inFlight[best]!)) best = target;
  }
  return best >= 0 ? best : avoid;
}

/**
 * An eligible target with a probability in proportion to its weight. Where none has weight all are equally likely.
 *
 * @param weights by target, 0 or more
 * @param uniform in [0, 1)
 */
export function drawByWeight({ eligible, eligibleCount }: TargetView, weights: Float64Array, uniform: number): number {
  let total = 0;
  for (let i = 0; i < eligibleCount; i++) total += weights[eligible[i]!]!;
  if (!(total > 0)) return eligible[Math.floor(uniform * eligibleCount)]!;
  let left = uniform * total;
  let last = -1;
  for (let i = 0; i < eligibleCount; i++) {
    const target = eligible[i]!;
    const weight = weights[target]!;
    if (weight === 0) continue;
    last = target;
    if (left < weight) break;
    left -= weight;
  }
  return last;
}
