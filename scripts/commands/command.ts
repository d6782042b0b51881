import { type Command, InvalidArgumentError, Option } from "commander";
import { type Override, parseSet } from "../io/overrides.ts";
import type { Terminal } from "../io/terminal.ts";

/** A verb's entry in index.ts: enough for `meridian --help`; the rest is loaded when the verb is asked for. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  load(): Promise<CommandDefinition>;
}

/** What a verb's own file exports: its examples, its options and its work. */
export interface CommandDefinition {
  /** Shown under --help, each a whole command line with what it does. */
  readonly examples: readonly (readonly [command: string, does: string])[];
  /** Adds arguments and options. */
  configure(command: Command): void;
  /**
   * Does the work.
   * @returns the exit code
   * @throws MeridianError for everything a person can mend
   */
  run(input: CommandInput): Promise<number>;
}

export interface CommandInput {
  readonly args: readonly string[];
  readonly options: CommonOptions;
  readonly terminal: Terminal;
  /** Aborted by the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
}

/** Options of all verbs; a verb reads those that it has declared, and narrows the rest itself. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly color?: boolean;
  readonly [name: string]: unknown;
}

/** Version of the envelope of `--json` documents that are not a run's result. */
export const JSON_SCHEMA_VERSION = 1;

/** One `--json` document: `{ schemaVersion, kind, ...body }`. */
export function jsonDocument(kind: string, body: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ schemaVersion: JSON_SCHEMA_VERSION, kind, ...body }, null, 2);
}

/** Where runs are saved unless `--out` says otherwise. */
export const RUNS_FOLDER = "runs";

/** Adds the options that change a scenario from the command line. */
export function addScenarioOptions(command: Command): void {
  command
    .option("--set <path=value...>", "put a value over the scenario's, e.g. --set 'traffic[0].tokens.maxTokens=800'")
    .addOption(new Option("--seed <n>", "root seed").argParser(wholeNumber(0)))
    .addOption(new Option("--replications <n>", "replications").argParser(wholeNumber(1)));
}

/** The overrides of a command line, in order: later ones win, and the short options come last. */
export function overridesOf(options: CommonOptions): readonly Override[] {
  const sets = (options.set as readonly string[] | undefined) ?? [];
  const short = (["seed", "replications"] as const).flatMap((name) =>
    options[name] === undefined ? [] : [{ path: [name], value: options[name], origin: `--${name} ${options[name]}` }],
  );
  return [...sets.map(parseSet), ...short];
}

/** An option parser for whole numbers from `min` up. */
export function wholeNumber(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= min) return value;
    throw new InvalidArgumentError(`It must be a whole number, ${min} or more.`);
  };
}
