/** `meridian conformance`: tries a strategy in many situations, and measures what a decision costs. */

import { EXIT_CODES, MeridianError } from "../../simulator/base/errors.ts";
import { suggestOneOf } from "../../simulator/base/near-names.ts";
import { checkConformance } from "../../simulator/client/conformance.ts";
import { likelyOptions } from "../../simulator/client/likely-options.ts";
import { strategyFromSource } from "../../simulator/client/own-strategy.ts";
import type { StrategyDefinition } from "../../simulator/client/strategy.ts";
import { findStrategy, STRATEGIES } from "../../simulator/strategies/index.ts";
import { loadStrategyFile } from "../io/strategy-files.ts";
import { measureDecisions } from "../strategy/measure.ts";
import { type CommandDefinition, type CommandInput, jsonDocument } from "./command.ts";

export const conformanceCommand: CommandDefinition = {
  examples: [
    ["meridian conformance ./mine.ts", "every demand of the contract, and the cost of a decision"],
    ["meridian conformance ./mine.js --options '{\"cooldown\": 20000}'", "with options, as plain values"],
    ["meridian conformance cheapest-within", "the same for one that is shipped"],
  ],
  configure: (command) => {
    command
      .argument("<strategy...>", "files of your own (.ts, .mts, .js, .mjs), or names of shipped strategies")
      .option("--options <json>", "options of the strategy, as JSON: durations in ms, targets t0, t1, ...");
  },
  run: runConformance,
};

/** Decisions of a measured round. */
const DECISIONS = 100_000;
/** State may grow while it is new; what a decision keeps for ever is more than this. */
const BYTES_KEPT_MAX = 2;
const SIZES = [5, 64];

async function runConformance({ args, options, terminal }: CommandInput): Promise<number> {
  const given = optionsOf(options.options);
  const reports = [];
  for (const name of args) {
    const report = reportOn(await definitionFor(name), given);
    reports.push({ strategy: name, ...report });
    if (options.json === true) continue;
    terminal.out(`${name}: ${report.conforms ? "conforms" : "does not conform"}`);
    for (const { name: demand, problem } of report.checks) {
      terminal.out(`  ${problem === null ? "ok  " : "FAIL"}  ${demand}${problem === null ? "" : `: ${problem}`}`);
    }
    for (const { targets, nsPerDecision } of report.costs) {
      const perS = (1e3 / nsPerDecision).toPrecision(2);
      terminal.out(
        `  ${targets} targets: ${nsPerDecision.toFixed(0)} ns of processor time a decision, ${perS} million a second`,
      );
    }
  }
  if (options.json === true) terminal.out(jsonDocument("conformance", { reports }));
  return reports.every(({ conforms }) => conforms) ? EXIT_CODES.ok : EXIT_CODES.assertion;
}

/** Checks and costs of one strategy. */
function reportOn(definition: StrategyDefinition, given: Readonly<Record<string, unknown>> | undefined) {
  const checks = [...checkConformance(definition, given)];
  const isWhole = checks.every(({ problem }) => problem === null);
  const costs = isWhole ? SIZES.map((targets) => costOf(definition, given, targets)) : [];
  const kept = Math.max(0, ...costs.map(({ bytesKeptPerDecision }) => bytesKeptPerDecision));
  if (isWhole) {
    const problem = kept > BYTES_KEPT_MAX ? `each decision leaves ${kept.toFixed(1)} bytes behind` : null;
    checks.push({ name: "does not grow", problem });
  }
  return { conforms: checks.every(({ problem }) => problem === null), checks, costs };
}

function costOf(definition: StrategyDefinition, given: Readonly<Record<string, unknown>> | undefined, targets: number) {
  const targetIds = Array.from({ length: targets }, (_, i) => `t${i}`);
  const context = { targetIds, regionOfTarget: targetIds, classNames: ["chat", "digest"] };
  return measureDecisions(definition, given ?? likelyOptions(definition, context), { targets, decisions: DECISIONS });
}

async function definitionFor(name: string): Promise<StrategyDefinition> {
  const names = STRATEGIES.map((each) => each.name);
  if (names.includes(name)) return findStrategy(name);
  if (!/\.(ts|mts|js|mjs)$/.test(name)) {
    const fix = `${suggestOneOf(name, names)}; or name a file of your own: ./mine.ts`;
    throw new MeridianError("usage", { code: "STRATEGY_UNKNOWN", what: `there is no strategy "${name}"`, fix });
  }
  return strategyFromSource((await loadStrategyFile(name, process.cwd())).source, name);
}

function optionsOf(text: unknown): Readonly<Record<string, unknown>> | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(String(text));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  const what = `${String(text)} is not a JSON object`;
  throw new MeridianError("usage", {
    code: "CONFORMANCE_OPTIONS",
    what,
    where: "--options",
    fix: "write it like --options '{\"cooldown\": 20000}'",
  });
}
