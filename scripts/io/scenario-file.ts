/** Reads a scenario file and the world file that it includes; what they say is the business of `scenario-text.ts`. */
import { dirname, isAbsolute, resolve } from "node:path";
import type { z } from "zod";
import { MeridianError, type Problem } from "../../simulator/base/errors.ts";
import type { Override } from "./overrides.ts";
import {
  type IncludedText,
  includeOf,
  isInclude,
  type LoadedScenario,
  parseScenario,
  placeOf,
} from "./scenario-text.ts";
import { isBelow, readTextFile } from "./text-files.ts";
import { parseYaml, type YamlSource } from "./yaml-source.ts";

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

export const WORLD_FILE_BYTES_MAX = 1024 * 1024;

/**
 * Reads the world file that a scenario includes. Its path is relative to the scenario's folder; one given on the
 * command line to where the command runs.
 *
 * @throws MeridianError usage WORLD_FILE_NOT_FOUND, _TOO_LARGE and so on
 */
async function readInclude(name: string, scenarioFile: string, overrides: readonly Override[]): Promise<IncludedText> {
  const isAsked = overrides.some(({ path }) => isInclude(path));
  const folder = isAsked ? "." : dirname(scenarioFile);
  const file = isAbsolute(name) || folder === "." ? name : resolve(folder, name);
  // A scenario from elsewhere must not read what is not its own.
  if (!isAsked && !(await isBelow(file, folder))) throw new MeridianError("usage", outsideProblem(name, file));
  const kind = { code: "WORLD_FILE", noun: "world file", bytesMax: WORLD_FILE_BYTES_MAX, kind: "usage" as const };
  return { file, text: await readTextFile(file, kind), isAsked };
}

function outsideProblem(name: string, where: string): Problem {
  return {
    code: "WORLD_FILE_OUTSIDE",
    what: "a scenario includes only files below its own folder",
    where,
    fix: `move it there, or name it on the command line: --set world.include=${name}`,
  };
}
