/** Classes of traffic at a multiple of their load, as the scenario's text says it: `scale` stands beside any arrivals. */
import { type Block, isBlock } from "./plain-scenario.ts";

/**
 * The class with its arrivals at `factor` times their load; as it is where it has none.
 *
 * @example faster({ class: "chat", arrivals: { poisson: "20/s", scale: 3 } }, 2) // => { class: "chat", arrivals: { poisson: "20/s", scale: 6 } }
 */
export function faster(one: Block, factor: number): Block {
  const { arrivals } = one;
  return isBlock(arrivals) ? { ...one, arrivals: { ...arrivals, scale: timesFactor(arrivals.scale, factor) } } : one;
}

/** A factor of the scenario times another: 1 where it says nothing, six digits, and within what a scenario may say. */
export function timesFactor(stated: unknown, factor: number): number {
  const product = (typeof stated === "number" ? stated : 1) * factor;
  return Number(Math.min(1e4, Math.max(1e-3, product)).toPrecision(6));
}
