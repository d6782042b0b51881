/** The command line of every verb: parsing, help, problems and exit codes. */
import { Command, CommanderError } from "commander";
import { EXIT_CODES, formatProblem, MeridianError, type Problem } from "../simulator/base/errors.ts";
import { nearNames, suggest } from "../simulator/base/near-names.ts";
import { type CommandDefinition, type CommandEntry, type CommonOptions, jsonDocument } from "./commands/command.ts";
import { commands } from "./commands/index.ts";
import { npmParentGone } from "./io/npm-parent.ts";
import { packageVersion, watchInterrupts } from "./io/process.ts";
import { createTerminal, type Terminal } from "./io/terminal.ts";

/** Options that take one or more values. */
const LISTS: readonly string[] = ["--set", "--strategy", "--columns", "--map-model", "--only"];

/**
 * The command line. Parses, runs one verb, and turns whatever happens into an exit code and, for a problem, one
 * `CODE  where: what` with its fix on stderr. A stack trace appears only under MERIDIAN_DEBUG=1.
 *
 * @returns the exit code, one of EXIT_CODES
 */
export async function main(argv: readonly string[]): Promise<number> {
  const interrupts = watchInterrupts();
  const output = watchOutput(() => interrupts.abort());
  void npmParentGone(interrupts.signal).then(() => interrupts.abort());
  let exitCode: number = EXIT_CODES.ok;
  let program: Command | undefined;
  try {
    program = await buildProgram(argv, async (definition, args, options) => {
      const terminal = createTerminal(options);
      exitCode = await definition.run({ args, options, terminal, signal: interrupts.signal });
    });
    if (argv.length === 0) {
      program.outputHelp({ error: true });
      return EXIT_CODES.usage;
    }
    await program.parseAsync(argv, { from: "user" });
    return output.isLost() ? EXIT_CODES.environment : exitCode;
  } catch (error) {
    return fail(error, createTerminal({}), argv, program);
  } finally {
    interrupts.stop();
  }
}

type RunVerb = (definition: CommandDefinition, args: readonly string[], options: CommonOptions) => Promise<void>;

/** All verbs by name and summary; the one that is asked for with its options too, as only its code is loaded. */
async function buildProgram(argv: readonly string[], run: RunVerb): Promise<Command> {
  const program = new Command("meridian")
    .description("Simulate, benchmark and compare cross-region routing of LLM calls.")
    .version(packageVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "show help")
    .addHelpText(
      "after",
      "\nRun meridian <command> --help for its options and examples.\nGuide: docs/guide.md in the repository",
    )
    .exitOverride()
    // Commander would print its own wording before it throws; `fail` prints ours.
    .configureOutput({ outputError: () => {} })
    .showSuggestionAfterError(true);
  for (const entry of commands) {
    const verb = plainVerb(entry);
    if (argv.includes(entry.name)) addDetails(verb, await entry.load(), run);
    program.addCommand(verb);
  }
  return program;
}

function plainVerb({ name, summary }: CommandEntry): Command {
  return new Command(name)
    .summary(summary)
    .description(summary)
    .helpOption("-h, --help", "show help")
    .exitOverride()
    .configureOutput({ outputError: () => {} });
}

function addDetails(verb: Command, definition: CommandDefinition, run: RunVerb): void {
  definition.configure(verb);
  verb
    .option("--json", "print one JSON document on stdout; everything else goes to stderr")
    .option("-q, --quiet", "no progress and no remarks")
    .option("--no-color", "no colours (also NO_COLOR)")
    .addHelpText("after", examplesText(definition))
    .action(async () => run(definition, verb.args, verb.opts()));
}

function examplesText(definition: CommandDefinition): string {
  const width = Math.max(...definition.examples.map(([command]) => command.length));
  const lines = definition.examples.map(([command, does]) => `  ${command.padEnd(width)}  ${does}`);
  return `\nExamples:\n${lines.join("\n")}`;
}

/** Prints what went wrong, on stdout too when a program asked for JSON, and gives the exit code. */
function fail(error: unknown, terminal: Terminal, argv: readonly string[], program?: Command): number {
  if (error instanceof CommanderError && error.exitCode === 0) return EXIT_CODES.ok; // --help and --version
  const problem = error instanceof CommanderError ? usageError(error, argv, program) : asMeridianError(error);
  for (const each of problem.problems) terminal.problem(formatProblem(each));
  if (problem.kind === "internal") {
    terminal.problem("This is a bug in Meridian. Please report it with the command line and the scenario.");
  }
  if (process.env.MERIDIAN_DEBUG === "1") terminal.problem(debugText(error));
  if (argv.includes("--json")) terminal.out(jsonDocument("problems", { problems: problem.problems }));
  return problem.exitCode;
}

function asMeridianError(error: unknown): MeridianError {
  if (error instanceof MeridianError) return error;
  if (isSystemError(error)) {
    const fix = "check the disk, its permissions and limits, and run it again";
    return new MeridianError("environment", { code: "SYSTEM", what: error.message, fix }, { cause: error });
  }
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new MeridianError("internal", { code: "INTERNAL", what: what.split("\n", 1)[0]! });
}

/** What the operating system refused: a full disk, a missing permission, too many open files. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error && "code" in error;
}

/** `--set a=1 x.yaml` takes the file for a second value. */
function takenByList(argv: readonly string[]): string | undefined {
  const list = argv.findLast((word) => LISTS.includes(word));
  return list === undefined ? undefined : `put the file before ${list}, which takes every word up to the next option`;
}

/** Commander's one-line message in our words. */
function usageError(error: CommanderError, argv: readonly string[], program?: Command): MeridianError {
  const [first = "", hint] = error.message.split("\n");
  const verb = commands.find((each) => each.name === argv[0])?.name;
  const help = verb === undefined ? "see meridian --help" : `see meridian ${verb} --help`;
  const options = program?.commands.find((each) => each.name() === verb)?.options ?? [];
  const longer = longerOption(
    first,
    options.flatMap(({ long }) => long ?? []),
  );
  const near = longer ?? /\(Did you mean (.+)\?\)/.exec(hint ?? "")?.[1] ?? nearestChoice(first);
  const swallowed = error.code === "commander.missingArgument" ? takenByList(argv) : undefined;
  const problem: Problem = { code: "USAGE", what: first.replace(/^error: /, ""), fix: swallowed ?? help };
  if (error.code !== "commander.unknownCommand") {
    return new MeridianError(
      "usage",
      near === undefined ? problem : { ...problem, fix: `did you mean ${near}? ${help}` },
    );
  }
  const word = argv.find((each) => !each.startsWith("-")) ?? "";
  const fix = suggest(
    word,
    commands.map((each) => each.name),
  );
  return new MeridianError("usage", { ...problem, fix: `${fix} ${help}` });
}

/** The one option that ends with the words of an unknown one: `--base-port` for `--port`. */
function longerOption(message: string, options: readonly string[]): string | undefined {
  const [, given] = /unknown option '--([a-z-]+)'/.exec(message) ?? [];
  const longer = options.filter((option) => given !== undefined && option.endsWith(`-${given}`));
  return longer.length === 1 ? longer[0] : undefined;
}

/** The allowed value nearest to the one in a message of commander's. */
function nearestChoice(message: string): string | undefined {
  const [, given, choices] = /argument '(.*)' is invalid\. Allowed choices are (.+)\.$/.exec(message) ?? [];
  return given === undefined ? undefined : nearNames(given, choices!.split(", "))[0];
}

function debugText(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const cause = error instanceof Error && error.cause !== undefined ? `\ncaused by ${String(error.cause)}` : "";
  return stack + cause;
}

/**
 * `meridian ... | head` closes our stdout early; that is the reader's right and no error. What else stdout cannot take, such
 * as a file on a full disk, is one: the work is stopped, and the exit code says so even if all has been done by then. What
 * stderr cannot take is lost, as there is nowhere else to say it.
 */
function watchOutput(stop: () => void): { isLost(): boolean } {
  let isLost = false;
  process.stderr.on("error", () => {});
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE" || isLost) return;
    isLost = true;
    process.exitCode = EXIT_CODES.environment;
    const fix = "free some space or check permissions, or send it elsewhere, and run it again";
    createTerminal({}).problem(formatProblem({ code: "OUTPUT_LOST", what: error.message, where: "stdout", fix }));
    stop();
  });
  return { isLost: () => isLost };
}
