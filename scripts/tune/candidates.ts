/** The settings that a tuning tries: values of a strategy's options and of places in the scenario, as scenarios to run. */
import { parse } from "yaml";
import { MeridianError } from "../../simulator/base/errors.ts";
import { suggest } from "../../simulator/base/near-names.ts";
import { scenarioSchema } from "../../simulator/scenario/schema.ts";
import { findStrategy } from "../../simulator/strategies/index.ts";
import { sobol } from "../../simulator/sweep/designs/sobol.ts";
import type { Factor } from "../../simulator/sweep/job.ts";
import { type PreparedExperiment, prepareText } from "../io/experiment.ts";
import type { Override } from "../io/overrides.ts";
import { type ConfigPath, parsePath } from "../io/yaml-source.ts";

/** A setting: the values of the factors, in their order; undefined leaves the scenario's own. */
export type Setting = readonly unknown[];

/** What a tuning varies. */
export interface Tuned {
  readonly factors: readonly Factor[];
  /** Number 0 is the scenario's own. */
  readonly settings: readonly Setting[];
}

/**
 * The scenario's own setting, and an even cover of the factors' space: Sobol's points, rounded to three digits, each once.
 *
 * @param count settings beside the own one, at most
 */
export function settingsOf(factors: readonly Factor[], count: number): Tuned {
  const points = sobol.points({ factors, points: count, seed: 0 }).map((point) => point.map(rounded));
  const seen = new Set<string>();
  const distinct = points.filter((point) => {
    const key = JSON.stringify(point);
    return seen.has(key) ? false : seen.add(key);
  });
  return { factors, settings: [factors.map(() => undefined), ...distinct] };
}

/** Three digits are enough to paste: `7.38s`, `0.125`. */
function rounded(value: unknown): unknown {
  const short = (number: number) => Number(number.toPrecision(3));
  if (typeof value === "number") return short(value);
  const match = typeof value === "string" ? /^([+-]?[\d.]+(?:e[+-]?\d+)?)(\D*)$/.exec(value) : null;
  return match === null ? value : `${short(Number(match[1]))}${match[2]}`;
}

type Entry = Record<string, unknown>;

/** The strategy as the scenario has it, and where its options stand. */
export class TunedStrategy {
  private readonly entry: Entry;
  private readonly optionsKey: string;
  private readonly tuned: Tuned;

  /** @throws MeridianError usage TUNE_OPTION for a factor that is neither an option nor a place in the scenario */
  constructor(base: PreparedExperiment, tuned: Tuned) {
    const { kind, source } = base.inputs.plan.strategies[0]!;
    const { strategies } = parse(base.yaml) as { readonly strategies: readonly unknown[] };
    const written = strategies[0];
    this.entry = typeof written === "string" ? { [written]: {} } : (written as Entry);
    this.optionsKey = source === null ? kind : "options";
    this.tuned = tuned;
    if (source !== null) return;
    const known = Object.keys(findStrategy(kind).options);
    const problems = tuned.factors.flatMap(({ path }) => {
      const [first] = parsePath(path)!;
      if (isScenarioKey(first!) || known.includes(String(first))) return [];
      const what = `${kind} has no option "${first}", and the scenario no such key`;
      return [{ code: "TUNE_OPTION", what, where: `--vary ${path}`, fix: suggest(String(first), known) }];
    });
    if (problems.length > 0) throw new MeridianError("usage", problems);
  }

  /** The strategy's entry with a setting's options, as it stands in a scenario. */
  entryOf(setting: number): Entry {
    const entry = structuredClone(this.entry);
    entry[this.optionsKey] = { ...((entry[this.optionsKey] as Entry | null) ?? {}) };
    this.each(setting, (path, value) => {
      if (!isScenarioKey(path[0]!)) put(entry[this.optionsKey] as Entry, path, value);
    });
    return entry;
  }

  /** What a setting changes elsewhere in the scenario. */
  overridesOf(setting: number): readonly Override[] {
    const overrides: Override[] = [];
    this.each(setting, (path, value, text) => {
      if (isScenarioKey(path[0]!)) overrides.push({ path, value, origin: `${text}=${JSON.stringify(value)}` });
    });
    return overrides;
  }

  /** Settings that share all but options, in one scenario, with a label each. @throws MeridianError for what cannot run */
  async prepare(
    base: PreparedExperiment,
    file: string,
    settings: readonly number[],
    more: readonly Override[],
  ): Promise<PreparedExperiment> {
    const origin = "meridian tune";
    const entries = settings.map((setting) => ({ ...this.entryOf(setting), name: `setting ${setting}` }));
    const overrides: Override[] = [
      ...this.overridesOf(settings[0]!),
      { path: ["strategies"], value: entries, origin },
      ...["baseline", "assert", "validation"].map((key) => ({ path: [key], value: undefined, origin })),
      ...holdersOf(base).map((path) => ({ path, value: undefined, origin })),
      ...more,
    ];
    return prepareText(base.yaml, file, { overrides, strategies: [] });
  }

  private each(setting: number, take: (path: ConfigPath, value: unknown, text: string) => void): void {
    this.tuned.factors.forEach(({ path }, i) => {
      const value = this.tuned.settings[setting]![i];
      if (value !== undefined) take(parsePath(path)!, value, path);
    });
  }
}

/** Where the scenario says by label who holds reserved capacity: every setting does, as the strategy itself. */
function holdersOf(base: PreparedExperiment): readonly ConfigPath[] {
  const { world } = parse(base.yaml) as { readonly world: Readonly<Record<string, unknown>> };
  return ["reserved", "provisioned"].flatMap((key) =>
    ((world[key] ?? []) as readonly Entry[]).flatMap((each, i) =>
      each.strategies === undefined ? [] : [["world", key, i, "strategies"]],
    ),
  );
}

const KEYS = Object.keys(scenarioSchema.shape);

/** `world`, `client` ... begin a place in the scenario; anything else is an option of the strategy. */
function isScenarioKey(step: string | number): boolean {
  return KEYS.includes(String(step));
}

function put(into: Entry, [first, ...rest]: ConfigPath, value: unknown): void {
  const key = String(first);
  if (rest.length === 0) {
    into[key] = value;
    return;
  }
  const inner = { ...((into[key] as Entry | undefined) ?? {}) };
  into[key] = inner;
  put(inner, rest, value);
}
