/** Reads a scenario and everything it names, checks it and resolves it: all that comes before a run. */
import { createHash } from "node:crypto";
import { MeridianError } from "../../simulator/base/errors.ts";
import { suggest } from "../../simulator/base/near-names.ts";
import type { Provenance } from "../../simulator/experiment/index.ts";
import type { ExperimentInputs } from "../../simulator/experiment/job.ts";
import { parseAssertion } from "../../simulator/scenario/assertion.ts";
import { legacyNotes } from "../../simulator/scenario/feasibility.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import { demandRemarks } from "../../simulator/scenario/remarks.ts";
import { resolvePlan } from "../../simulator/scenario/resolve.ts";
import { spanOf } from "../../simulator/scenario/run-part.ts";
import { type Scenario, scenarioSchema } from "../../simulator/scenario/schema.ts";
import type { Override } from "./overrides.ts";
import { packageVersion } from "./process.ts";
import { formatSpan } from "./progress.ts";
import { loadScenario } from "./scenario-file.ts";
import { type InputOptions, isOfScenario, loadScenarioInputs, type NamedDigest } from "./scenario-inputs.ts";
import { type LoadedScenario, parseScenario } from "./scenario-text.ts";
import type { RecordedTrace } from "./traces.ts";

export interface PrepareOptions {
  readonly overrides: readonly Override[];
  /** Labels to keep; all when empty. */
  readonly strategies: readonly string[];
  readonly inputs?: InputOptions;
}

/** A scenario that has been read, checked and resolved: all that can be wrong with it has been found. */
export interface PreparedExperiment {
  /** The scenario as it will run. */
  readonly yaml: string;
  /** The same as plain data, in the notation of the file. */
  readonly plain: unknown;
  readonly inputs: ExperimentInputs;
  readonly traces: readonly RecordedTrace[];
  /** Of the scenario's file: what its relative names are relative to. */
  readonly folder: string;
  /** What it reads beside its own text. */
  readonly files: readonly NamedDigest[];
  /** One line for people. */
  readonly summary: string;
  /** What concerns plans made with this scenario, not its result: sentences for people who check it. */
  readonly advice: readonly string[];
}

/**
 * Reads a scenario file and everything it names.
 * @throws MeridianError with every problem of the first stage that has any: file, schema, data files, resolving
 */
export async function prepareExperiment(file: string, options: PrepareOptions): Promise<PreparedExperiment> {
  const loaded = await loadScenario(file, scenarioSchema, options.overrides);
  const filter = keepStrategies(loaded, options.strategies);
  if (filter.length === 0) return prepare(loaded, options.inputs);
  return prepare(await loadScenario(file, scenarioSchema, [...options.overrides, ...filter]), options.inputs);
}

const AS_IT_IS: PrepareOptions = { overrides: [], strategies: [] };

/** The same for a scenario that is in memory; relative paths in it are relative to the folder of `file`. */
export async function prepareText(text: string, file: string, options = AS_IT_IS): Promise<PreparedExperiment> {
  const loaded = parseScenario(text, file, scenarioSchema, options.overrides);
  const filter = keepStrategies(loaded, options.strategies);
  if (filter.length === 0) return prepare(loaded);
  return prepare(parseScenario(text, file, scenarioSchema, [...options.overrides, ...filter]));
}

async function prepare(loaded: LoadedScenario<Scenario>, options?: InputOptions): Promise<PreparedExperiment> {
  const { inputs, traces, files, folder, problems } = await loadScenarioInputs(loaded.value, loaded.path, options);
  const missing = problems.map((problem) => (isOfScenario(problem) ? loaded.place(problem) : problem));
  try {
    const plan = withTraceNotes(resolvePlan(loaded.value, inputs), traces);
    if (missing.length > 0) throw new MeridianError("data", missing);
    const { world, traffic } = loaded.value;
    const legacy = legacyNotes(world.models, inputs.models, spanOf(loaded.value));
    const advice = [...demandRemarks(plan, traffic), ...legacy];
    return {
      get yaml() {
        return loaded.yaml;
      },
      plain: loaded.plain,
      inputs: { plan },
      traces,
      folder,
      files,
      summary: summaryOf(plan),
      advice,
    };
  } catch (error) {
    if (!(error instanceof MeridianError) || error.kind === "internal" || error.problems === missing) throw error;
    // A recorded price that could not be loaded has been reported already.
    const others = error.problems.filter(({ code }) => missing.length === 0 || code !== "PRICE_RECORDING_GAP");
    if (others.length === 0) throw new MeridianError("data", missing);
    throw new MeridianError(error.kind, [...missing, ...others.map(loaded.place)], { cause: error });
  }
}

/** What a result says about where it comes from: digests of the scenario and of its traffic, version, recordings. */
export function resultProvenance({ yaml, inputs, traces }: PreparedExperiment): Provenance {
  return {
    scenarioSha256: createHash("sha256").update(yaml).digest("hex"),
    meridianVersion: packageVersion(),
    trafficSha256: trafficSha256(inputs.plan),
    traces: traces.map(({ name, sha256, attribution }) => ({ name, sha256, attribution })),
  };
}

/**
 * SHA-256 of a plan's classes of traffic with their recordings, its seed, its length and its start, in hexadecimal. The
 * number of replications is not in it: those that two runs have in common are the same.
 */
function trafficSha256(plan: Plan): string {
  const { traffic, seed, durationMs, arrivalsFromMs, requestsMax, originNames } = plan;
  const text = JSON.stringify({ traffic, seed, durationMs, arrivalsFromMs, requestsMax, originNames }, plainValue);
  return createHash("sha256").update(text).digest("hex");
}

/** Columns of recordings by their bytes; numbers that JSON lacks by their names. */
function plainValue(_key: string, value: unknown): unknown {
  if (ArrayBuffer.isView(value)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return createHash("sha256").update(bytes).digest("hex");
  }
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

/** What is to be known of how recordings were read goes where everything else is that a result's reader should know. */
function withTraceNotes(plan: Plan, traces: readonly RecordedTrace[]): Plan {
  const notes = traces.flatMap((trace) => trace.notes.map((note) => `${trace.name}: ${note}.`));
  return notes.length === 0 ? plan : { ...plan, notes: [...plan.notes, ...notes] };
}

function summaryOf(plan: Plan): string {
  const length = Number.isFinite(plan.durationMs) ? formatSpan(plan.durationMs) : `${plan.requestsMax} requests`;
  const count = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;
  return [
    count(plan.strategies.length, "strategy", "strategies"),
    count(plan.regionNames.length, "region", "regions"),
    count(plan.classes.length, "class", "classes"),
    `${length} in ${count(plan.replications, "replication", "replications")}`,
  ].join(", ");
}

/**
 * Overrides that leave only the named strategies in a scenario, in its own order. A baseline that is left out is
 * dropped, and so are an assertion that speaks of a strategy that is left out and the choice of strategies to validate.
 * @throws STRATEGY_NOT_IN_SCENARIO for names that the scenario does not have
 */
function keepStrategies(loaded: LoadedScenario<Scenario>, names: readonly string[]): readonly Override[] {
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
