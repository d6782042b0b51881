/** The registry of strategies. */
import { MeridianError } from "../base/errors.ts";
import { strategyFromSource } from "../client/own-strategy.ts";
import type { StrategyDefinition } from "../client/strategy.ts";
import { bandit } from "./bandit.ts";
import { bestValue } from "./best-value.ts";
import { byClass } from "./by-class.ts";
import { cheapest } from "./cheapest.ts";
import { cheapestHour } from "./cheapest-hour.ts";
import { cheapestWithin } from "./cheapest-within.ts";
import { consistentHash } from "./consistent-hash.ts";
import { driftPlusPenalty } from "./drift-plus-penalty.ts";
import { envoyPriorities } from "./envoy-priorities.ts";
import { foresight } from "./foresight.ts";
import { leastLatency } from "./least-latency.ts";
import { leastOutstanding } from "./least-outstanding.ts";
import { litellm } from "./litellm.ts";
import { lowestUsage } from "./lowest-usage.ts";
import { mostHeadroom } from "./most-headroom.ts";
import { powerOfD } from "./power-of-d.ts";
import { powerOfTwo } from "./power-of-two.ts";
import { prefixAffinity } from "./prefix-affinity.ts";
import { priceWeighted } from "./price-weighted.ts";
import { priority } from "./priority.ts";
import { quotaPaced } from "./quota-paced.ts";
import { random } from "./random.ts";
import { roundRobin } from "./round-robin.ts";
import { sageServe } from "./sage-serve.ts";
import { score } from "./score.ts";
import { single } from "./single.ts";
import { spillOver } from "./spill-over.ts";
import { weighted } from "./weighted.ts";

/** Every strategy that a scenario can name. Adding one = its file, its line here, its page in docs/strategies. */
export const STRATEGIES: readonly StrategyDefinition[] = [
  single,
  random,
  roundRobin,
  weighted,
  consistentHash,
  prefixAffinity,
  priority,
  envoyPriorities,
  spillOver,
  byClass,
  leastOutstanding,
  powerOfTwo,
  powerOfD,
  leastLatency,
  lowestUsage,
  mostHeadroom,
  quotaPaced,
  sageServe,
  cheapest,
  cheapestWithin,
  cheapestHour,
  priceWeighted,
  bestValue,
  score,
  bandit,
  driftPlusPenalty,
  litellm,
];

/**
 * The strategy with this name.
 *
 * @param name as in a scenario, such as `round-robin`
 * @returns its definition
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

/** What a plan says of a strategy: a name of the registry, or the code of one of the user's own. */
export interface PlannedStrategy {
  readonly kind: string;
  /** Code of the user's own strategy; null for one of the registry. */
  readonly source: string | null;
}

/** The strategy of a plan. @throws MeridianError (usage) STRATEGY_UNKNOWN, STRATEGY_FILE */
export function definitionOf({ kind, source }: PlannedStrategy): StrategyDefinition {
  if (source !== null) return strategyFromSource(source, kind);
  return kind === foresight.name ? foresight : findStrategy(kind);
}
