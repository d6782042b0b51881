import type { Plan } from "../scenario/plan.ts";
import { againstMargins, harnessFaults } from "./known-answer.ts";
import {
  type GroupValidation,
  type HarnessError,
  type QuantityResult,
  type StrategyValidation,
  VALIDATION_SCHEMA_VERSION,
  type ValidationOutcome,
  type ValidationResult,
} from "./result.ts";
import { differenceWords, marginWords } from "./words.ts";

/** Everything that a verdict is made from. */
export interface ValidationInput {
  readonly strategies: readonly StrategyValidation[];
  /** Null where the harness was not measured. */
  readonly harness: HarnessError | null;
  /** Requests in the schedule. */
  readonly requests: number;
  readonly lengthMs: number;
  readonly place: string;
  readonly resamples: number;
  /** Why the measured run proves nothing. */
  readonly invalid: readonly string[];
  readonly notes: readonly string[];
  readonly scenarioSha256: string;
  readonly meridianVersion: string;
}

/** Puts the strategies' comparisons together and says in one sentence what they show. */
export function validationResult(plan: Plan, input: ValidationInput): ValidationResult {
  const { margins } = plan.validation;
  const harness = input.harness === null ? null : againstMargins(input.harness, input.strategies, margins);
  const invalid = [...input.invalid, ...(harness === null ? [] : harnessFaults(harness))];
  const outcome = overall(input.strategies, invalid);
  return {
    schemaVersion: VALIDATION_SCHEMA_VERSION,
    kind: "validation",
    scenario: { name: plan.name, description: plan.description, sha256: input.scenarioSha256 },
    versions: { meridian: input.meridianVersion },
    seed: plan.seed,
    window: {
      startsAt: new Date(plan.startMs + plan.arrivalsFromMs).toISOString(),
      fromMs: plan.arrivalsFromMs,
      lengthMs: input.lengthMs,
    },
    requests: input.requests,
    place: input.place,
    margins,
    resamples: input.resamples,
    harness,
    strategies: input.strategies,
    invalid,
    outcome,
    verdict: verdict(input.strategies, outcome, invalid),
    notes: input.notes,
  };
}

/** What keeps a strategy from being equivalent, gravest first. */
export function openQuestions(
  strategy: StrategyValidation,
): readonly { readonly group: GroupValidation; readonly quantity: QuantityResult }[] {
  const all = [strategy.total, ...strategy.byClass, ...strategy.byRegion].flatMap((group) =>
    group.quantities.map((quantity) => ({ group, quantity })),
  );
  const different = all.filter(({ quantity }) => quantity.outcome === "different");
  const open = all.filter(
    ({ quantity }) => quantity.isGating && (quantity.outcome === "undecided" || quantity.outcome === "too few"),
  );
  return [...different, ...open];
}

function overall(strategies: readonly StrategyValidation[], invalid: readonly string[]): ValidationOutcome {
  if (invalid.length > 0) return "invalid";
  const outcomes = strategies.map(({ outcome }) => outcome);
  if (outcomes.includes("different")) return "different";
  return outcomes.includes("undecided") ? "undecided" : "equivalent";
}

function verdict(
  strategies: readonly StrategyValidation[],
  outcome: ValidationOutcome,
  invalid: readonly string[],
): string {
  if (outcome === "invalid") return `Invalid run, nothing can be concluded: ${invalid[0]}.`;
  const several = strategies.length === 2 ? "both strategies" : `all ${strategies.length} strategies`;
  const count = strategies.length === 1 ? strategies[0]!.name : several;
  if (outcome === "equivalent") {
    const judged = strategies.flatMap(({ total }) => total.quantities);
    const worst = judged.reduce((most, each) => (useOfMargin(each) > useOfMargin(most) ? each : most));
    const of = strategies.find(({ total }) => total.quantities.includes(worst))!;
    return `The simulator is right within its margins on ${count}: each of ${judged.length} quantities is shown equivalent at 5 %; closest to its margin is ${worst.name} of ${of.name}, ${differenceWords(worst)} of ${marginWords(worst)} allowed.`;
  }
  const open = strategies.flatMap((strategy) => openQuestions(strategy).map((each) => ({ strategy, ...each })));
  const { strategy, group, quantity } = open[0]!;
  const where = group === strategy.total ? strategy.name : `${strategy.name} (${group.name})`;
  const others = open.length > 1 ? `, and ${open.length - 1} more` : "";
  if (outcome === "different") {
    return `The simulator is wrong by more than its margins: ${quantity.name} of ${where} is ${differenceWords(quantity)} where ${marginWords(quantity)} is allowed${others}.`;
  }
  const needed = quantity.requestsNeeded === null ? "" : `; about ${quantity.requestsNeeded} requests would decide it`;
  return `Not shown: ${quantity.name} of ${where} is ${differenceWords(quantity)} where ${marginWords(quantity)} is allowed, but too uncertain to tell${others}${needed}.`;
}

/** How much of its margin the interval of a quantity reaches out to. */
export function useOfMargin({ low, high, margin }: QuantityResult): number {
  return low === null || high === null ? 0 : Math.max(Math.abs(low), Math.abs(high)) / margin;
}
