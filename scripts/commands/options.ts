/** Options that several verbs take, and how they are read. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { type Override, parseSet } from "../io/overrides.ts";
import type { CommonOptions } from "./command.ts";

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
