/** Likely values for the options that a strategy needs, where there is no scenario to take them from. */
import type { OptionSpec, StrategyContext, StrategyDefinition } from "./strategy.ts";

/** A likely value of each option that a strategy needs. */
export function likelyOptions(
  { options }: StrategyDefinition,
  context: StrategyContext,
): Readonly<Record<string, unknown>> {
  const needed = Object.entries(options).filter(([, spec]) => spec.required === true);
  return Object.fromEntries(needed.map(([name, spec]) => [name, likelyValue(spec, context)]));
}

function likelyValue({ type, values = [], min = 0, max }: OptionSpec, context: StrategyContext): unknown {
  const { targetIds, classNames } = context;
  const byTarget = (value: number) => Object.fromEntries(targetIds.map((id) => [id, value]));
  switch (type) {
    case "target":
      return targetIds.at(-1);
    case "targets":
      return targetIds;
    case "targetWeights":
      return byTarget(1);
    case "targetAmounts":
      return byTarget(100_000);
    case "targetHours":
      return Object.fromEntries(targetIds.map((id) => [id, new Array<number>(24).fill(2_000)]));
    case "targetGroups":
      return targetIds.map((id) => [id]);
    case "classTargets":
      return { [classNames[0]!]: targetIds.slice(0, 2) };
    case "classShares":
      return { [classNames[0]!]: 0.5 };
    case "amounts":
      return Object.fromEntries(values.map((name) => [name, 1]));
    case "durationMs":
      return Math.max(min, 4_000);
    case "share":
      return Math.max(min, Math.min(max ?? 1, 0.5));
    case "number":
    case "integer":
      return Math.max(min, Math.min(max ?? 2, 2));
    case "choice":
      return values[0];
    case "boolean":
      return false;
  }
}
