import type { z } from "zod";
import { MeridianError, type Problem } from "../../simulator/errors.ts";
import { type ConfigPath, formatPath, parsePath } from "./config-path.ts";
import { applyOverrides, type Override, overrideAt } from "./overrides.ts";
import { readTextFile } from "./read-text.ts";
import {
  type IncludedText,
  includeOf,
  type MergedSource,
  mergeInclude,
  otherOverrides,
  readInclude,
} from "./scenario-include.ts";
import { mapSchema } from "./schema-map.ts";
import { parseYaml, toPlain, type YamlSource } from "./yaml-source.ts";
import { problemsOfIssues } from "./zod-problems.ts";

/** A scenario file that parsed and matches its schema. */
export interface LoadedScenario<T> {
  readonly path: string;
  readonly value: T;
  /** The same as plain data in the file's own words, before the schema read it. */
  readonly plain: unknown;
  /** The scenario as it will run: the file with the overrides written in, comments kept. */
  readonly yaml: string;
  /** Puts `file:line` before the config path of a problem found later, e.g. while resolving. */
  place(problem: Problem): Problem;
}

export const SCENARIO_BYTES_MAX = 1024 * 1024;

/**
 * Reads, overrides and checks a scenario file. Generic over the schema.
 * @throws MeridianError (usage) with every problem at once, each with `file:line`, config path, what and fix
 */
export async function loadScenario<S extends z.ZodType>(
  path: string,
  schema: S,
  overrides: readonly Override[] = [],
): Promise<LoadedScenario<z.output<S>>> {
  const text = await readTextFile(path, {
    code: "SCENARIO",
    noun: "scenario file",
    bytesMax: SCENARIO_BYTES_MAX,
    kind: "usage",
  });
  const source = parseYaml(text, path);
  if (!("document" in source)) throw new MeridianError("usage", source);
  const include = includeOf(source, overrides);
  if (include === undefined) return parseScenario(text, path, schema, overrides);
  const included = await readInclude(include, path, overrides).catch((error: unknown) => {
    throw atInclude(error, source, path, overrides);
  });
  return parseScenario(text, path, schema, overrides, included);
}

/** A world file that is not there is a fault of the line that names it. */
function atInclude(error: unknown, source: YamlSource, path: string, overrides: readonly Override[]): unknown {
  if (!(error instanceof MeridianError)) return error;
  const where = placeOf(["world", "include"], { ...source, fileOf: () => path }, overrides);
  return new MeridianError(
    error.kind,
    error.problems.map((problem) => ({ ...problem, what: `${problem.where}: ${problem.what}`, where })),
  );
}

/** The same for text that is already in memory. @param included the file that it includes, read */
export function parseScenario<S extends z.ZodType>(
  text: string,
  path: string,
  schema: S,
  overrides: readonly Override[] = [],
  included?: IncludedText,
): LoadedScenario<z.output<S>> {
  const source = wholeSource(text, path, overrides, included);
  const unplaced = applyOverrides(source, otherOverrides(overrides));
  if (unplaced.length > 0) throw new MeridianError("usage", unplaced);
  const plain = toPlain(source, path);
  if ("problem" in plain) throw new MeridianError("usage", plain.problem);
  const where = (configPath: ConfigPath) => placeOf(configPath, source, overrides);
  const parsed = schema.safeParse(plain.value);
  if (!parsed.success) {
    const context = { value: plain.value, schema: mapSchema(schema), where };
    throw new MeridianError("usage", inFileOrder(problemsOfIssues(parsed.error.issues, context)));
  }
  return {
    path,
    value: parsed.data,
    plain: plain.value,
    yaml: source.document.toString({ lineWidth: 0 }),
    place: (problem) => place(problem, where),
  };
}

/** The parsed text, with what it includes written in. */
function wholeSource(
  text: string,
  path: string,
  overrides: readonly Override[],
  included: IncludedText | undefined,
): MergedSource {
  const source = parseYaml(text, path);
  if (!("document" in source)) throw new MeridianError("usage", source);
  if (included !== undefined) {
    const merged = mergeInclude(source, path, included);
    if ("document" in merged) return merged;
    if (merged.length > 0) throw new MeridianError("usage", merged);
  } else if (includeOf(source, overrides) !== undefined) {
    throw new MeridianError("usage", {
      code: "WORLD_FILE_NOT_READ",
      what: "a scenario that is given as text cannot include a file",
      where: `${path}:${source.lineOf(["world", "include"])}`,
      fix: "give the scenario's file",
    });
  }
  return { ...source, fileOf: () => path };
}

function placeOf(path: ConfigPath, source: MergedSource, overrides: readonly Override[]): string {
  const place = overrideAt(overrides, path)?.origin ?? `${source.fileOf(path)}:${source.lineOf(path)}`;
  return path.length === 0 ? place : `${place} ${formatPath(path)}`;
}

function place(problem: Problem, where: (path: ConfigPath) => string): Problem {
  const path = problem.where === undefined ? [] : parsePath(problem.where);
  return path === undefined ? problem : { ...problem, where: where(path) };
}

/** Problems by line, as a person mends them; those of the command line first. */
function inFileOrder(problems: readonly Problem[]): readonly Problem[] {
  const line = (problem: Problem) => Number(/:(\d+)(?: |$)/.exec(problem.where ?? "")?.[1] ?? 0);
  return problems
    .map((problem, i) => ({ problem, i }))
    .sort((a, b) => line(a.problem) - line(b.problem) || a.i - b.i)
    .map((each) => each.problem);
}
