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
import { mapSchema } from "./schema-map.ts";
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
  const log = logFile(path, schema);
  const kind = { code: "SCENARIO", noun: "scenario file", bytesMax: SCENARIO_BYTES_MAX, kind: "usage" as const };
  const text = await readTextFile(path, kind).catch((error: unknown) => {
    throw log !== undefined && isOther(error) ? new MeridianError("usage", log) : error;
  });
  if (log !== undefined) throw new MeridianError("usage", log);
  const source = parseYaml(text, path);
  if (!("document" in source)) throw new MeridianError("usage", source);
  const other = otherFile(source, path, schema);
  if (other !== undefined) throw new MeridianError("usage", other);
  const include = includeOf(source, overrides);
  if (include === undefined) return parseScenario(text, path, schema, overrides);
  const included = await readInclude(include, path, overrides).catch((error: unknown) => {
    throw atInclude(error, source, path, overrides);
  });
  return parseScenario(text, path, schema, overrides, included);
}

/** Files of other commands, by a key at the top level that a scenario does not have: what each is, and what takes it. */
const OTHER_FILES: readonly { key: string; noun: string; use(file: string): string }[] = [
  {
    key: "endpoints",
    noun: "an endpoints file",
    use: (file) => `meridian bench <scenario> --target ${file} calls them; so does meridian probe --endpoints ${file}`,
  },
  { key: "vary", noun: "a sweep file", use: (file) => `meridian sweep ${file} takes it` },
];

/** Said at once: by the schema alone, a file of another kind is all unknown and missing keys. */
function otherFile(source: YamlSource, path: string, schema: z.ZodType): Problem | undefined {
  if (source.document.has("traffic") || source.document.has("strategies")) return undefined;
  const other = OTHER_FILES.find(({ key }) => source.document.has(key));
  if (other === undefined || mapSchema(schema).keysAt([]).includes(other.key)) return undefined;
  const what = `this is ${other.noun}, not a scenario`;
  const where = `${path}:${source.lineOf([other.key])} ${other.key}`;
  return { code: "NOT_A_SCENARIO", what, where, fix: other.use(path) };
}

const LOG = /\.(csv|tsv|jsonl|ndjson|log|parquet)(\.(gz|zst))?$/i;

/** What to say of a log of calls where a scenario is asked for; undefined of a file that has the name of none. */
function logFile(path: string, schema: z.ZodType): Problem | undefined {
  if (!LOG.test(path) || !mapSchema(schema).keysAt([]).includes("traffic")) return undefined;
  const what = "this is a table or a log, not a scenario";
  const fix = `meridian simulate <scenario> --traffic ${path} runs its calls in a scenario's world; meridian traffic describe ${path} says what it holds`;
  return { code: "NOT_A_SCENARIO", what, where: path, fix };
}

/** Whether a file is there and is no text of a scenario's size, as logs often are not. */
function isOther(error: unknown): boolean {
  return error instanceof MeridianError && error.problems.every(({ code }) => /_(TOO_LARGE|NOT_UTF8)$/.test(code));
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
