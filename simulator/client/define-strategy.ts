/** `defineStrategy`: a strategy of your own, with everything that is wrong with its definition. */
import { MeridianError, type Problem } from "../base/errors.ts";
import type { OptionSpec, SignalName, StrategyDefinition } from "./strategy.ts";

/**
 * A strategy of your own, checked: its name, its signals and the descriptions of its options.
 *
 * @param definition name, summary, option specs, the signals it reads, and how an instance is created
 * @returns the definition itself, with its own type
 * @throws MeridianError (usage) STRATEGY_DEFINITION, with everything that is wrong
 * @example defineStrategy({ name: "first", summary: "The first.", options: {}, signals: [], create: () => ({ choose: (_, t) => t.eligible[0] }) }).name // => "first"
 */
export function defineStrategy<const Definition extends StrategyDefinition>(definition: Definition): Definition {
  const { name, summary, options, signals } = definition;
  const wrong: string[] = [];
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) wrong.push(`the name "${name}" is not lower case with hyphens`);
  if (summary.trim() === "") wrong.push("the summary is empty");
  for (const signal of signals) if (!Object.hasOwn(SIGNALS, signal)) wrong.push(`there is no signal "${signal}"`);
  for (const [option, spec] of Object.entries(options)) {
    if (!Object.hasOwn(OPTION_TYPES, spec.type)) wrong.push(`option ${option} has the unknown type "${spec.type}"`);
    if ((spec.type === "choice" || spec.type === "amounts") && (spec.values ?? []).length === 0)
      wrong.push(`option ${option} has no values`);
    if (spec.required === true && spec.default !== undefined)
      wrong.push(`option ${option} is required, with a default`);
  }
  if (typeof definition.create !== "function") wrong.push("create is not a function");
  if (wrong.length === 0) return definition;
  const fix = `signals are ${Object.keys(SIGNALS).join(", ")}; types of options are ${Object.keys(OPTION_TYPES).join(", ")}`;
  throw new MeridianError(
    "usage",
    wrong.map((what): Problem => ({ code: "STRATEGY_DEFINITION", what, where: `strategy ${name}`, fix })),
  );
}

const SIGNALS: Readonly<Record<SignalName, true>> = {
  inFlight: true,
  price: true,
  rtt: true,
  e2e: true,
  ttft: true,
  e2eP95: true,
  throttleShare: true,
  failureShare: true,
  quotaHeadroom: true,
};

const OPTION_TYPES: Readonly<Record<OptionSpec["type"], true>> = {
  target: true,
  targets: true,
  targetWeights: true,
  targetAmounts: true,
  targetHours: true,
  targetGroups: true,
  classTargets: true,
  classShares: true,
  amounts: true,
  durationMs: true,
  number: true,
  share: true,
  integer: true,
  choice: true,
  boolean: true,
};
