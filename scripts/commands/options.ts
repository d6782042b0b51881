/** Options that several verbs take, and how they are read. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { MeridianError } from "../../simulator/base/errors.ts";
import type { BadRowsOptions } from "../../simulator/traffic/bad-rows.ts";
import { type Override, parseSet } from "../io/overrides.ts";
import type { CommonOptions } from "./command.ts";

/** Where runs are saved unless `--out` says otherwise. */
export const RUNS_FOLDER = "runs";

/** Adds the options that change a scenario from the command line. */
export function addScenarioOptions(command: Command): void {
  addValueOptions(command);
  command.addOption(new Option("--replications <n>", "replications").argParser(wholeNumber(1)));
}

/** Those of them that also hold where a scenario runs once. */
export function addValueOptions(command: Command): void {
  command
    .option("--set <path=value...>", "put a value over the scenario's, e.g. --set 'traffic[0].tokens.maxTokens=800'")
    .addOption(new Option("--seed <n>", "root seed").argParser(wholeNumber(0)));
}

/** Adds the options that say what happens to rows of a recording that cannot be read. */
export function addBadRowOptions(command: Command): void {
  command
    .addOption(new Option("--on-bad-row <what>", "a row that cannot be used").choices(["stop", "skip"]).default("stop"))
    .addOption(
      new Option("--max-bad-rows <count>", "with skip: more than so many stop all the same")
        .default(100)
        .argParser(wholeNumber(0)),
    );
}

/** What a command line says of bad rows. */
export function badRowsOf(options: CommonOptions): BadRowsOptions {
  return { skip: options.onBadRow === "skip", max: Number(options.maxBadRows) };
}

/** `from=to` pairs of an option. @throws MeridianError usage PAIR_SYNTAX */
export function pairsOf(texts: readonly string[], option: string): ReadonlyMap<string, string> {
  return new Map(
    texts.map((text) => {
      const cut = text.indexOf("=");
      if (cut > 0 && cut < text.length - 1) return [text.slice(0, cut), text.slice(cut + 1)];
      const [what, example] =
        option === "--only"
          ? ["this is not label=value", `class=${cut < 0 ? text : "chat"}`]
          : ["this is not from=to", "claude-haiku-4-5=haiku"];
      const fix = `write for example ${option} ${example}`;
      throw new MeridianError("usage", {
        code: "PAIR_SYNTAX",
        what,
        where: `${option} ${text}`,
        fix,
      });
    }),
  );
}

/** The overrides of a command line, in order: later ones win, and the short options come last. */
export function overridesOf(options: CommonOptions): readonly Override[] {
  const sets = (options.set as readonly string[] | undefined) ?? [];
  const short = (["seed", "replications"] as const).flatMap((name) =>
    options[name] === undefined ? [] : [{ path: [name], value: options[name], origin: `--${name} ${options[name]}` }],
  );
  return [...sets.map(parseSet), ...short];
}

/** An option parser for whole numbers from `min` up, to `max` if there is one. */
export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    const range = max === Number.MAX_SAFE_INTEGER ? `, ${min} or more` : ` from ${min} to ${max}`;
    throw new InvalidArgumentError(`It must be a whole number${range}.`);
  };
}
