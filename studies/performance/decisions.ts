/** `npm run perf -- decisions`: what a decision of each strategy costs, over 5 and over 64 targets. */
import { markdownTable } from "markdown-table";
import { measureDecisions } from "../../scripts/strategy/measure.ts";
import { EXIT_CODES } from "../../simulator/base/errors.ts";
import { likelyOptions } from "../../simulator/client/likely-options.ts";
import { findStrategy, STRATEGIES } from "../../simulator/strategies/index.ts";
import { readOptions, wholeNumber } from "../arguments.ts";

/** A few targets, as most have, and many. */
const SIZES = [5, 64];
const USAGE = "PERF_USAGE";

/**
 * Prints a table. `--strategy NAME` measures one, `--decisions N` so many in a round.
 *
 * @returns the exit code
 */
export async function measureStrategies(argv: readonly string[]): Promise<number> {
  const values = readOptions(argv, USAGE, {
    decisions: { type: "string", default: "200000" },
    strategy: { type: "string" },
  });
  const decisions = wholeNumber(USAGE, "decisions", values.decisions);
  const chosen = values.strategy === undefined ? STRATEGIES : [findStrategy(values.strategy)];
  const rows = chosen.map((definition) => {
    const costs = SIZES.map((targets) => {
      const targetIds = Array.from({ length: targets }, (_, i) => `t${i}`);
      const context = { targetIds, regionOfTarget: targetIds, classNames: ["chat", "digest"] };
      return measureDecisions(definition, likelyOptions(definition, context), { targets, decisions });
    });
    const cells = costs.flatMap(({ nsPerDecision }) => [
      nsPerDecision.toFixed(0),
      `${(1e3 / nsPerDecision).toPrecision(2)} M`,
    ]);
    return [definition.name, ...cells];
  });
  const header = ["strategy", "5 targets, ns", "decisions/s", "64 targets, ns", "decisions/s"];
  process.stdout.write(`${markdownTable([header, ...rows], { align: ["l", "r", "r", "r", "r"] })}\n`);
  return EXIT_CODES.ok;
}
