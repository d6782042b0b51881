/** The scenarios that a plan runs beside the user's own: the same world with more targets, other quotas, a reservation. */

import { candidateTargets, distinctOptions, type RouteOption, routeOptions } from "../../simulator/advice/routes.ts";
import { MeridianError } from "../../simulator/base/errors.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import { type PreparedExperiment, type PrepareOptions, prepareExperiment } from "../io/experiment.ts";
import type { Override } from "../io/overrides.ts";
import { loadReference } from "../io/reference.ts";

/** The user's scenario, and how to prepare it with changes. */
export interface Source {
  readonly file: string;
  readonly overrides: readonly Override[];
}

const ORIGIN = "meridian plan";

/** @param path as in the scenario file */
export function change(path: readonly (string | number)[], value: unknown): Override {
  return { path: [...path], value, origin: ORIGIN };
}

export function prepareChanged(
  { file, overrides }: Source,
  changes: readonly Override[],
  options: Partial<PrepareOptions> = {},
): Promise<PreparedExperiment> {
  return prepareExperiment(file, { strategies: [], ...options, overrides: [...overrides, ...changes] });
}

/** The scenario with every way to route that its world offers. */
export interface RoutesVariant {
  readonly experiment: PreparedExperiment;
  readonly changes: readonly Override[];
  /** Of every name; several may stand for one strategy that was run. */
  readonly options: readonly RouteOption[];
  readonly runAs: ReadonlyMap<string, RouteOption>;
  /** Targets that cannot be compared, with the reason. */
  readonly notes: readonly string[];
}

/**
 * @param own the scenario as it is
 * @throws MeridianError of the scenario itself
 */
export async function routesVariant(source: Source, own: PreparedExperiment): Promise<RoutesVariant> {
  const { profiles } = await loadReference();
  const { plan } = own.inputs;
  const written = writtenTargets(own);
  const reserved = reservedFor(own.plain, []);
  const any = onlyStrategies([{ name: "any", "round-robin": {} }], reserved);
  const { added, notes } = await sold(source, { written, candidates: candidateTargets(plan, profiles), any });
  const targets = change(["world", "targets"], [...written, ...added]);
  const alone = [targets, ...any];
  const options = routeOptions((await prepareChanged(source, alone)).inputs.plan);
  const runAs = distinctOptions(options);
  const strategies = [...new Set(runAs.values())].map(({ name, targets: lists }) => ({
    name,
    "by-class": { targets: lists, cooldown: "0s" },
  }));
  const changes = [targets, ...onlyStrategies(strategies, reserved)];
  return { experiment: await prepareChanged(source, changes), changes, options, runAs, notes };
}

/**
 * Overrides after which a scenario has these strategies alone; what speaks of others is taken away.
 *
 * @param reserved what of the world's reserved capacity is left, as `reservedFor` gives it; undefined leaves it as it is
 */
export function onlyStrategies(strategies: readonly object[], reserved?: readonly object[]): readonly Override[] {
  return [
    ...(reserved === undefined ? [] : [change(["world", "reserved"], reserved)]),
    change(["strategies"], strategies),
    change(["baseline"], undefined),
    change(["assert"], []),
    change(["validation"], undefined),
  ];
}

/** Reserved capacity of the scenario that is bought for all strategies, or for one of these; undefined where it has none. */
export function reservedFor(plain: unknown, strategies: readonly string[]): readonly object[] | undefined {
  const { world } = plain as { readonly world: { readonly reserved?: readonly ReservedEntry[] } };
  return world.reserved?.flatMap((entry) => {
    if (entry.strategies === undefined) return [entry];
    const kept = entry.strategies.filter((name) => strategies.includes(name));
    return kept.length === 0 ? [] : [{ ...entry, strategies: kept }];
  });
}

interface ReservedEntry {
  readonly strategies?: readonly string[];
}

/** The scenario's own targets in its notation; by id where it lists none. */
function writtenTargets({ inputs, plain }: PreparedExperiment): readonly unknown[] {
  const { world } = plain as { readonly world: { readonly targets?: readonly unknown[] } };
  return world.targets ?? inputs.plan.targets.map(({ id }) => id);
}

interface TargetsToTry {
  readonly written: readonly unknown[];
  readonly candidates: readonly string[];
  /** Overrides that leave any one strategy. */
  readonly any: readonly Override[];
}

/** Most preparations that looking for the targets that are sold may take one by one. */
const TRIES_MAX = 40;

/**
 * Which of the targets the world sells: first all are tried and those that a problem names are left out; where a
 * problem names none (a default quota that is not known for a family), each is tried by itself.
 */
async function sold(source: Source, { written, candidates, any }: TargetsToTry) {
  const notes: string[] = [];
  const problemsOf = async (added: readonly string[]): Promise<readonly { where: string; what: string }[]> => {
    const changes = [change(["world", "targets"], [...written, ...added]), ...any];
    try {
      await prepareChanged(source, changes);
      return [];
    } catch (error) {
      if (!(error instanceof MeridianError) || error.kind === "internal") throw error;
      return error.problems.map(({ where = "", what }) => ({ where, what }));
    }
  };
  let added = candidates;
  for (let round = 0; round < 4; round++) {
    const problems = await problemsOf(added);
    if (problems.length === 0) return { added, notes };
    const named = new Set(
      problems.flatMap(({ where }) => /world\.targets\[(\d+)\]/.exec(where)?.[1] ?? []).map(Number),
    );
    const left = added.filter((_, i) => !named.has(written.length + i));
    if (left.length === added.length) break;
    added = left;
  }
  const kept: string[] = [];
  for (const target of added.slice(0, TRIES_MAX)) {
    const problems = await problemsOf([...kept, target]);
    if (problems.length === 0) kept.push(target);
    else notes.push(`${target} is not compared: ${problems[0]!.what}.`);
  }
  if (added.length > TRIES_MAX) notes.push(`${added.length - TRIES_MAX} further targets were not tried.`);
  return { added: kept, notes };
}

/** The plan without one class's residency rule, for each class that has one. */
export async function plansWithoutRules(source: Source, variant: RoutesVariant): Promise<ReadonlyMap<string, Plan>> {
  const plans = new Map<string, Plan>();
  for (const [c, { name, residency }] of variant.experiment.inputs.plan.classes.entries()) {
    if (residency === null) continue;
    const changes = [...variant.changes, change(["traffic", c, "residency"], undefined)];
    plans.set(name, (await prepareChanged(source, changes)).inputs.plan);
  }
  return plans;
}
