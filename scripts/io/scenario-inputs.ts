/** Loads what a scenario names outside its own file: reference data, recordings, recorded prices. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { MeridianError, type Problem } from "../../simulator/base/errors.ts";
import type { ResolveInputs } from "../../simulator/scenario/resolve.ts";
import type { Scenario } from "../../simulator/scenario/schema.ts";
import type { RecordedPrice } from "../../simulator/service/pricing/price-overrides.ts";
import { priceBookFile, recordedPriceFiles } from "../../simulator/service/pricing/schema.ts";
import type { TraceReading } from "../../simulator/traffic/arrivals/trace.ts";
import { BadRows, type BadRowsOptions } from "../../simulator/traffic/bad-rows.ts";
import { traceNamesOf } from "../../simulator/traffic/class-stream.ts";
import type { ReadingOptions } from "../../simulator/traffic/request-reader.ts";
import { loadPriceBook } from "./price-book-file.ts";
import { loadReference } from "./reference.ts";
import { isBelow } from "./text-files.ts";
import type { RecordedTrace } from "./traces.ts";

export interface ScenarioInputs {
  readonly inputs: ResolveInputs;
  /** The recordings behind the traffic, for the record. */
  readonly traces: readonly RecordedTrace[];
  /** Everything of the user's that was read beside the scenario, by name: its result follows from these, too. */
  readonly files: readonly NamedDigest[];
  /** What relative names are relative to. */
  readonly folder: string;
  /** What could not be loaded; `where` is a config path, or a file and line where the fault is inside a file. */
  readonly problems: readonly Problem[];
}

/** A file that a scenario names, by its content. */
export interface NamedDigest {
  readonly name: string;
  /** Hexadecimal. */
  readonly sha256: string;
}

export interface InputOptions {
  /** What happens to rows of recordings that cannot be read; the first stops unless given. */
  readonly badRows?: BadRowsOptions;
  /** Recordings that have been read already. */
  readonly loaded?: readonly RecordedTrace[];
}

/**
 * Loads everything outside its own file that a scenario names: reference data, recordings, recorded prices. Relative
 * paths are relative to the scenario's folder; those of a run's own scenario to the folder that it was run from. Files that cannot be used are left out and reported, so that the rest of
 * the scenario can still be checked.
 */
export async function loadScenarioInputs(
  scenario: Scenario,
  file: string,
  { badRows, loaded = [] }: InputOptions = {},
): Promise<ScenarioInputs> {
  const ownDir = dirname(file);
  const baseDir = await namesFolder(file);
  const reference = await loadReference();
  const problems: Problem[] = [];
  const keep = async <T>(load: Promise<T>, configPath: string): Promise<T | undefined> =>
    load.catch((error: unknown) => {
      if (!(error instanceof MeridianError) || error.kind === "internal") throw error;
      problems.push(...error.problems.map((problem) => placed(problem, configPath)));
      return undefined;
    });
  /** The same for a file of the scenario's; of one outside its folder nothing is shown. */
  const keepFile = async <T>(load: Promise<T>, path: string, configPath: string): Promise<T | undefined> => {
    const before = problems.length;
    const loaded = await keep(load, configPath);
    if (problems.length === before || (await isBelow(path, ownDir))) return loaded;
    problems.push(...problems.splice(before).map(withoutContent));
    return loaded;
  };
  const traces: RecordedTrace[] = [];
  for (const [name, { configPath, reading }] of tracesOf(scenario)) {
    // Only scenarios with recordings wait for the code that reads them.
    const { loadTrace } = await import("./traces.ts");
    const read = async () =>
      loaded.find((each) => each.name === name) ??
      loadTagged(reading, baseDir, (how) => loadTrace(name, baseDir, { ...how, badRows: new BadRows(badRows) }));
    const trace = await keepFile(read(), resolve(baseDir, name), configPath);
    if (trace !== undefined) traces.push(trace);
  }
  const recordedPrices: Record<string, readonly RecordedPrice[]> = {};
  for (const path of recordedPriceFiles(scenario.world.prices)) {
    const { loadRecordedPrices } = await import("./recorded-prices.ts");
    const file = resolve(baseDir, path);
    const prices = await keepFile(loadRecordedPrices(file), file, "world.prices");
    if (prices !== undefined) recordedPrices[path] = prices;
  }
  const bookFile = priceBookFile(scenario.world.prices);
  const bookPath = bookFile === undefined ? undefined : resolve(baseDir, bookFile);
  const ownBook =
    bookPath === undefined ? undefined : await keepFile(loadPriceBook(bookPath), bookPath, "world.prices.book");
  const prices = ownBook ?? reference.prices;
  const files: NamedDigest[] = [
    ...traces.map(({ name, sha256 }) => ({ name, sha256 })),
    ...Object.entries(recordedPrices).map(([name, rows]) => ({ name, sha256: digestOf(rows) })),
    ...(ownBook === undefined ? [] : [{ name: bookFile!, sha256: digestOf(ownBook) }]),
  ];
  const strategySources: Record<string, string> = {};
  const notes: string[] = [];
  for (const [i, { file: own }] of scenario.strategies.entries()) {
    if (own === undefined || Object.hasOwn(strategySources, own)) continue;
    const { loadStrategyFile } = await import("./strategy-files.ts");
    const code = await keep(loadStrategyFile(own, ownDir, ownDir), `strategies[${i}].file`);
    if (code === undefined) continue;
    strategySources[own] = code.source;
    files.push({ name: own, sha256: code.sha256 });
    notes.push(`The strategy ${own} is code of your own, SHA-256 ${code.sha256.slice(0, 16)} with what it imports.`);
  }
  const recordings = Object.fromEntries(traces.map((trace) => [trace.name, trace.recording]));
  return {
    inputs: { ...reference, prices, recordings, recordedPrices, strategySources, notes },
    traces,
    files,
    folder: baseDir,
    problems,
  };
}

/** The folder of a scenario; where it lies in a run's folder, the one that the run's provenance says it is from. */
async function namesFolder(file: string): Promise<string> {
  const own = dirname(file);
  if (basename(file) !== "scenario.yaml") return own;
  try {
    const { scenarioFolder } = JSON.parse(await readFile(join(own, "provenance.json"), "utf8")) as {
      readonly scenarioFolder?: unknown;
    };
    return typeof scenarioFolder === "string" ? resolve(own, scenarioFolder) : own;
  } catch {
    return own;
  }
}

function digestOf(content: unknown): string {
  return createHash("sha256").update(JSON.stringify(content)).digest("hex");
}

/** Reads a recording with the tags that the rules of its class give. */
async function loadTagged(
  { tags, ...reading }: NamedTrace["reading"],
  baseDir: string,
  load: (reading: ReadingOptions) => Promise<RecordedTrace>,
): Promise<RecordedTrace> {
  if (tags === undefined) return load(reading);
  const { loadTagger, tagRow } = await import("./tag-rules.ts");
  const tagger = await loadTagger(resolve(baseDir, tags));
  const trace = await load({ ...reading, retag: (row) => tagRow(row, tagger, reading.tag ?? null) });
  return { ...trace, notes: [...trace.notes, ...tagger.notes()] };
}

interface NamedTrace {
  /** The first place that names it. */
  readonly configPath: string;
  /** How it is to be read, as the first class says that says so. */
  readonly reading: ReadingOptions & Pick<TraceReading, "tags">;
}

/** Recordings by name. */
export function tracesOf(scenario: Scenario): ReadonlyMap<string, NamedTrace> {
  const named = new Map<string, NamedTrace>();
  scenario.traffic.forEach(({ arrivals, tokens }, i) => {
    for (const name of traceNamesOf(tokens === undefined ? { arrivals } : { arrivals, tokens })) {
      const before = named.get(name);
      const own = arrivals.process === "trace" && arrivals.trace === name ? arrivals : undefined;
      const reading = { ...before?.reading };
      // A class may say what the ones before leave open; those that contradict each other are refused.
      for (const [key, said] of Object.entries(own?.reading ?? {})) {
        const known = reading as Record<string, unknown>;
        known[key] ??= said;
      }
      if (own !== undefined && own.unit !== null) reading.unit ??= own.unit;
      named.set(name, { configPath: before?.configPath ?? placeOf(name, tokens, i), reading });
    }
  });
  return named;
}

function placeOf(name: string, tokens: Scenario["traffic"][number]["tokens"], index: number): string {
  const lengths = ["input", "output", "maxTokens"] as const;
  const isNamed = (key: (typeof lengths)[number]) => {
    const law = tokens?.[key];
    return typeof law === "object" && law.kind === "recorded" && law.name === name;
  };
  const key = lengths.find(isNamed);
  return `traffic[${index}].${key === undefined ? "arrivals" : `tokens.${key}`}`;
}

/** What a file outside the scenario's folder holds is not for the scenario's author, who may be another person. */
function withoutContent(problem: Problem): Problem {
  if (/_(NOT_FOUND|NOT_A_FILE|IS_DIRECTORY|TOO_LARGE|UNREADABLE|EMPTY|DAMAGED_GZIP)$|^TRACE_FORMAT$/.test(problem.code))
    return problem;
  const what = "a line here cannot be read; the file is outside the scenario's folder, so its text is not shown";
  return { ...problem, what, fix: "copy the file into the scenario's folder to see what is wrong" };
}

/** A file that is not there is a fault of the scenario's line; a fault inside a file keeps its own place. */
function placed(problem: Problem, configPath: string): Problem {
  if (!isOfScenario(problem)) return problem;
  return { ...problem, where: problem.code === "TRACE_FORMAT" ? `${configPath}.format` : configPath };
}

/** Whether a problem of what a scenario names is one of the scenario's own line, and its place a config path. */
export function isOfScenario({ code }: Problem): boolean {
  return code.endsWith("_NOT_FOUND") || code === "TRACE_FORMAT";
}
