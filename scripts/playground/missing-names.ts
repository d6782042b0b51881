/** Files that a scenario names and that have not been loaded: a page cannot read them, its server perhaps can. */
import type { ResolveInputs } from "../../simulator/scenario/resolve.ts";
import type { Scenario } from "../../simulator/scenario/schema.ts";
import { recordedPriceFiles } from "../../simulator/service/pricing/schema.ts";
import { traceNamesOf } from "../../simulator/traffic/class-stream.ts";

/**
 * Recordings, recorded prices and own strategies that the scenario names and the inputs lack, once each.
 *
 * @param inputs what has been loaded so far
 */
export function missingNames(scenario: Scenario, inputs: ResolveInputs): readonly string[] {
  const recordings = scenario.traffic
    .flatMap(({ arrivals, tokens }) => [...traceNamesOf(tokens === undefined ? { arrivals } : { arrivals, tokens })])
    .filter((name) => !Object.hasOwn(inputs.recordings, name));
  const prices = recordedPriceFiles(scenario.world.prices).filter(
    (name) => !Object.hasOwn(inputs.recordedPrices, name),
  );
  const strategies = scenario.strategies.flatMap(({ file }) =>
    file === undefined || Object.hasOwn(inputs.strategySources ?? {}, file) ? [] : [file],
  );
  return [...new Set([...recordings, ...prices, ...strategies])];
}
