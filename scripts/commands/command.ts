/** The contract of a verb, and the documents of `--json`. What verbs have in common to read is in options.ts. */
import type { Command } from "commander";
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
   * @throws MeridianError for everything a person can fix
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
