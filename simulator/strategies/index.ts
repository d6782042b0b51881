/** The registry of strategies. */
import { MeridianError } from "../base/errors.ts";
import type { StrategyDefinition } from "../client/strategy.ts";
import { cheapest } from "./cheapest.ts";
import { cheapestWithin } from "./cheapest-within.ts";
import { leastOutstanding } from "./least-outstanding.ts";
import { powerOfTwo } from "./power-of-two.ts";
import { priority } from "./priority.ts";
import { roundRobin } from "./round-robin.ts";
import { single } from "./single.ts";
import { weighted } from "./weighted.ts";

/** Every strategy that a scenario can name. Adding one = its file, its line here, its page in docs/strategies. */
export const STRATEGIES: readonly StrategyDefinition[] = [
  single,
  roundRobin,
  weighted,
  priority,
  leastOutstanding,
  powerOfTwo,
  cheapest,
  cheapestWithin,
];

/**
 * The strategy with this name.
 *
 * @example findStrategy("cheapest").signals // => ["price", "rtt"]
 * @throws MeridianError (usage) STRATEGY_UNKNOWN, with the names there are
 */
export function findStrategy(name: string): StrategyDefinition {
  const found = STRATEGIES.find((strategy) => strategy.name === name);
  if (found !== undefined) return found;
  throw new MeridianError("usage", {
    code: "STRATEGY_UNKNOWN",
    what: `there is no strategy "${name}"`,
    where: "strategies",
    fix: `strategies are ${STRATEGIES.map((strategy) => strategy.name).join(", ")}`,
  });
}
