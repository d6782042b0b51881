/** The page of the command line: every verb with its arguments, options and examples, and the exit codes. */
import { Command, type Option } from "commander";
import { EXIT_CODES } from "../../simulator/base/errors.ts";
import type { CommandDefinition, CommandEntry } from "../commands/command.ts";
import { anchor, code, table, wrapped } from "./markdown.ts";

/** What each exit code means. */
export const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT_CODES, string>> = {
  ok: "fine",
  internal: "a bug of Meridian; the message asks you to report it, `MERIDIAN_DEBUG=1` shows the stack",
  usage: "wrong usage, or a wrong scenario",
  data: "wrong input data: a trace, measured calls, a saved run",
  environment: "the environment: disk, permissions, a missing program, an endpoint that cannot be called",
  assertion: "the command did its work, and a gate failed: an assertion, a margin, the validity of a measurement",
  interrupted: "interrupted by Ctrl-C or SIGTERM",
};

const COMMON: readonly (readonly [flags: string, meaning: string])[] = [
  ["--json", "print one JSON document on stdout; everything else goes to stderr"],
  ["-q, --quiet", "no progress and no remarks"],
  ["--no-color", "no colours (also `NO_COLOR=1`)"],
  ["-h, --help", "show help"],
];

/** A verb as a whole: its entry, and what its file says. */
type Verb = Omit<CommandEntry, "load"> & CommandDefinition;

/** @param commands all verbs, in the order of `meridian --help` */
export function cliPage(commands: readonly Verb[]): string {
  const index = commands.map(({ name, summary }) => [`[${code(name)}](#${anchor(`meridian ${name}`)})`, summary]);
  return [
    "# Command line",
    wrapped(
      "Every command, option and exit code, as `meridian <command> --help` shows them. What the commands are for and how they work together: [guide](../guide.md).",
    ),
    table(["command", "does"], index),
    "## Options of every command",
    table(
      ["option", "meaning"],
      COMMON.map(([flags, meaning]) => [code(flags), meaning]),
    ),
    "## Exit codes",
    table(
      ["code", "meaning"],
      Object.entries(EXIT_CODES).map(([kind, exit]) => [String(exit), EXIT_MEANINGS[kind as keyof typeof EXIT_CODES]]),
    ),
    wrapped("Which error has which exit code: [errors](errors.md)."),
    ...commands.map(verbSection),
  ].join("\n\n");
}

function verbSection(definition: Verb): string {
  const verb = new Command(definition.name);
  definition.configure(verb);
  const args = verb.registeredArguments;
  const names = args.map((arg) => {
    const name = `${arg.name()}${arg.variadic ? "..." : ""}`;
    return arg.required ? `<${name}>` : `[${name}]`;
  });
  const options = verb.options.filter((option) => !option.hidden);
  const parts = [
    `## meridian ${definition.name}`,
    wrapped(definition.summary),
    `\`\`\`text\nmeridian ${[definition.name, ...names, "[options]"].join(" ")}\n\`\`\``,
  ];
  if (args.length > 0) {
    parts.push(
      table(
        ["argument", "meaning"],
        args.map((arg, i) => [code(names[i]!), arg.description]),
      ),
    );
  }
  if (options.length > 0) {
    parts.push(
      table(
        ["option", "default", "meaning"],
        options.map((option) => [code(option.flags), defaultText(option), meaningOf(option)]),
      ),
    );
  }
  const examples = definition.examples.map(([command, does]) => `# ${does}\nnpx ${command}`);
  parts.push(`\`\`\`sh\n${examples.join("\n")}\n\`\`\``);
  return parts.join("\n\n");
}

function defaultText({ defaultValue, defaultValueDescription }: Option): string {
  if (defaultValueDescription !== undefined) return defaultValueDescription;
  if (defaultValue === undefined || (Array.isArray(defaultValue) && defaultValue.length === 0)) return "";
  return code(String(defaultValue));
}

function meaningOf({ description, argChoices, mandatory }: Option): string {
  const choices = argChoices === undefined ? "" : ` (${argChoices.map(code).join(", ")})`;
  return `${description}${choices}${mandatory ? "; required" : ""}`;
}
