import { MeridianError } from "../../simulator/errors.ts";
import { parseAssertion } from "../../simulator/scenario/assertion.ts";
import type { Scenario } from "../../simulator/scenario/schema.ts";
import { suggest } from "./config-path.ts";
import type { Override } from "./overrides.ts";
import type { LoadedScenario } from "./scenario-file.ts";

/**
 * Overrides that leave only the named strategies in a scenario, in its own order. A baseline that is left out is
 * dropped, and so are an assertion that speaks of a strategy that is left out and the choice of strategies to validate.
 * @throws STRATEGY_NOT_IN_SCENARIO for names that the scenario does not have
 */
export function keepStrategies(loaded: LoadedScenario<Scenario>, names: readonly string[]): readonly Override[] {
  if (names.length === 0) return [];
  const labels = loaded.value.strategies.map((each) => each.name ?? each.kind);
  const unknown = names.filter((name) => !labels.includes(name));
  if (unknown.length > 0) {
    const problems = unknown.map((name) => ({
      code: "STRATEGY_NOT_IN_SCENARIO",
      what: `the scenario has no strategy "${name}"`,
      where: `--strategy ${name}`,
      fix: suggest(name, labels),
    }));
    throw new MeridianError("usage", problems);
  }
  const origin = `--strategy ${names.join(" ")}`;
  const plain = loaded.plain as { readonly strategies: readonly unknown[] };
  const kept = labels.filter((label) => names.includes(label));
  const overrides: Override[] = [
    { path: ["strategies"], value: plain.strategies.filter((_, i) => names.includes(labels[i]!)), origin },
  ];
  const { baseline, assert, validation } = loaded.value;
  if (baseline !== undefined && !kept.includes(baseline))
    overrides.push({ path: ["baseline"], value: undefined, origin });
  if (validation.strategies !== undefined) {
    overrides.push({ path: ["validation", "strategies"], value: undefined, origin });
  }
  const known = { strategies: kept, classes: loaded.value.traffic.map((each) => each.class) };
  const still = assert.filter((text) => canBeAsked(text, known));
  if (still.length < assert.length) overrides.push({ path: ["assert"], value: still, origin });
  return overrides;
}

function canBeAsked(text: string, known: Parameters<typeof parseAssertion>[1]): boolean {
  try {
    parseAssertion(text, known);
    return true;
  } catch {
    return false;
  }
}
