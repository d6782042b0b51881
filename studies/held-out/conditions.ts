/**
 * The conditions under which each world is measured, one to calibrate on and three held out; and the fit to the first.
 */
import { join, relative, resolve } from "node:path";
import { runChild } from "../../scripts/bench/k6-program.ts";
import { type PreparedExperiment, prepareExperiment } from "../../scripts/io/experiment.ts";
import type { Override } from "../../scripts/io/overrides.ts";
import { PACKAGE_ROOT } from "../../scripts/io/process.ts";
import { loadScenario } from "../../scripts/io/scenario-file.ts";
import { EXIT_CODES, MeridianError } from "../../simulator/base/errors.ts";
import { scenarioSchema } from "../../simulator/scenario/schema.ts";

/** A load and a strategy: the first condition is for calibration, the others are held out. */
export interface Condition {
  readonly name: "base" | "load" | "strategy" | "both";
  readonly load: number;
  /** Which of the scenario's strategies. */
  readonly strategy: 0 | 1;
  readonly duration: string;
  /** Added to the scenario's seed, so that no two conditions share a request. */
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
  return join(import.meta.dirname, "scenarios", `${world}.yaml`);
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

/** Name of a world's fitted world file in its folder. */
const FITTED = "fitted.world.yaml";
const MERIDIAN = join(PACKAGE_ROOT, "scripts", "meridian.mjs");
const LIMIT_MS = 10 * 60_000;

/** The override that includes the fitted world of a world's folder in its scenario. */
export function fittedWorld(folder: string): readonly Override[] {
  return [{ path: ["world", "include"], value: resolve(folder, FITTED), origin: "the fitted world" }];
}

/**
 * Calibrates on the calibration run in a world's folder, and on nothing else, with `meridian calibrate`.
 *
 * @returns the world file that was written
 * @throws MeridianError environment STUDY_FIT_FAILED
 */
export async function fitWorld(folder: string, signal: AbortSignal): Promise<string> {
  // Relative, since the file names its sources.
  const from = relative(PACKAGE_ROOT, resolve(folder, CALIBRATION.name));
  const out = relative(PACKAGE_ROOT, resolve(folder, FITTED));
  const args = [MERIDIAN, "calibrate", "--from", from, "--out", out];
  const end = await runChild(process.execPath, args, {
    cwd: PACKAGE_ROOT,
    env: process.env,
    limitMs: LIMIT_MS,
    signal,
  });
  if (end.code === EXIT_CODES.ok) return out;
  throw new MeridianError("environment", {
    code: "STUDY_FIT_FAILED",
    what: `meridian calibrate failed: ${end.tail.join(" ").slice(-500)}`,
    where: from,
    fix: "measure the calibration run anew, then run npm run study -- --fit",
  });
}
