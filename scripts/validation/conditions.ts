import { fileURLToPath } from "node:url";
import { scenarioSchema } from "../../simulator/scenario/schema.ts";
import { type PreparedExperiment, prepareExperiment } from "../io/experiment.ts";
import type { Override } from "../io/overrides.ts";
import { loadScenario } from "../io/scenario-file.ts";

/** What is measured of each world: the first to calibrate on, the others held out. */
export interface Condition {
  readonly name: "base" | "load" | "strategy" | "both";
  readonly load: number;
  /** Which of the scenario's strategies. */
  readonly strategy: 0 | 1;
  readonly duration: string;
  /** Added to the scenario's seed: no two conditions share a request. */
  readonly seed: number;
}

export const CALIBRATION: Condition = { name: "base", load: 1, strategy: 0, duration: "150s", seed: 0 };

export const HELD_OUT: readonly Condition[] = [
  { name: "load", load: 1.5, strategy: 0, duration: "90s", seed: 1 },
  { name: "strategy", load: 1, strategy: 1, duration: "90s", seed: 2 },
  { name: "both", load: 1.5, strategy: 1, duration: "90s", seed: 3 },
];

export const CONDITIONS: readonly Condition[] = [CALIBRATION, ...HELD_OUT];

/** The scenario of a world of the study. */
export function scenarioFile(world: string): string {
  return fileURLToPath(new URL(`../../scenarios/validation/${world}.yaml`, import.meta.url));
}

/** A world's scenario under one condition: one strategy, its arrivals scaled, a seed of its own. */
export async function prepareCondition(
  world: string,
  condition: Condition,
  overrides: readonly Override[] = [],
): Promise<PreparedExperiment> {
  const file = scenarioFile(world);
  const { plain, value } = await loadScenario(file, scenarioSchema);
  const { traffic, strategies } = plain as Written;
  const origin = `the condition "${condition.name}"`;
  const set = (path: Override["path"], to: unknown): Override => ({ path, value: to, origin });
  return prepareExperiment(file, {
    strategies: [],
    overrides: [
      set(["seed"], value.seed + condition.seed),
      set(["duration"], condition.duration),
      set(["strategies"], [strategies[condition.strategy]]),
      ...traffic.map(({ arrivals }, i) => set(["traffic", i, "arrivals"], scaled(arrivals, condition.load))),
      ...overrides,
    ],
  });
}

/** The parts of a scenario file that a condition changes, as they are written. */
interface Written {
  readonly traffic: readonly { readonly arrivals: Arrivals }[];
  readonly strategies: readonly unknown[];
}

type Arrivals = { readonly poisson: string } | { readonly gamma: { readonly rate: string; readonly cv: number } };

function scaled(arrivals: Arrivals, load: number): Arrivals {
  if ("poisson" in arrivals) return { poisson: times(arrivals.poisson, load) };
  return { gamma: { ...arrivals.gamma, rate: times(arrivals.gamma.rate, load) } };
}

/** `16/s` times a load. */
function times(rate: string, load: number): string {
  return `${Number.parseFloat(rate) * load}/s`;
}
