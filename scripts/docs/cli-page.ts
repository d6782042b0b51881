/**
 * The pages of the command line: every verb with its arguments, options and examples, the exit codes, and every error code with
 * what it says and how to fix it, as the source has it.
 */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, type Option } from "commander";
import { EXIT_CODES } from "../../simulator/base/errors.ts";
import type { CommandDefinition, CommandEntry } from "../commands/command.ts";
import { PACKAGE_ROOT } from "../io/process.ts";
import { type CodeSite, findErrorCodes, groupedBy } from "./error-codes.ts";
import { anchor, code, table, wrapped } from "./markdown.ts";

/** What each exit code means. */
const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT_CODES, string>> = {
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

const SOURCES = ["{simulator,emulator,reports,scripts}/**/!(*.d).ts", "scenarios/k6/!(*.d).ts"];

/** A remark of a command that goes on, as calibrate makes. */
const NOTE = "note";

type Kind = Exclude<keyof typeof EXIT_CODES, "ok"> | typeof NOTE;

/** Kinds of codes that a command reports beside its result; what is thrown near them has another. */
const REPORTED: readonly (readonly [codes: RegExp, kind: Kind])[] = [
  [/^(ASSERTION_FAILED|GATE_FAILED|PRECISION_NOT_REACHED|BENCH_INVALID|VALIDATION_…)$/, "assertion"],
  [/^INTERRUPTED$/, "interrupted"],
  [/^(INTERNAL|EMULATOR_FAULT)$/, "internal"],
  [/^(USAGE|MORE_PROBLEMS)$/, "usage"],
  [/^(PROBE_…|OUTPUT_LOST)$/, "environment"],
];

/** Kinds of codes whose place in the source only lists problems, for others to throw. */
const LISTED: readonly (readonly [codes: RegExp, kind: Kind])[] = [
  [/^BENCH_NOT_REPLAYABLE$|^(SCENARIO|WORLD_FILE|REGION|RESIDENCY|PROFILE|PROBE)_/, "usage"],
  [/^(PROVISIONED|RESERVED|MODEL|NETWORK|STRATEGY|ENDPOINT)_/, "usage"],
  [/^(CLASS|CONTEXT|QUOTA|RESERVATION|SESSIONS|SLICES|TARGET|TIER|VALIDATION|WARMUP|PLAYGROUND)_/, "usage"],
  [/^REFERENCE_/, "environment"],
  [/^JOB_FAILED$/, "internal"],
  [/^PRICES_/, "data"],
  [/^TRACE_(OUTSIDE_RUN|TWO_UNITS|TWO_READINGS)$/, "usage"],
  [/^CALIBRATE_/, NOTE],
];

function kindIn(list: typeof LISTED, code: string): Kind | undefined {
  return list.find(([codes]) => codes.test(code))?.[1];
}

/** What codes are about that are put together when they happen, or whose text is another program's. */
const ABOUT: Readonly<Record<string, readonly [what: string, fix: string]>> = {
  "PROBE_…": ["why a call of a probe failed", "see [probe](../probe.md#when-a-call-fails)"],
  "VALIDATION_…": [
    "`VALIDATION_DIFFERENT`, `VALIDATION_UNDECIDED`, `VALIDATION_INVALID`: the simulator was not shown to be right",
    "see [validate](../validate.md)",
  ],
  TRACE_BAD_TIME: [
    "a row's time cannot be read or cannot be meant: no unit, a date that does not exist, an epoch time of another unit, a fraction where there are whole ms, another kind than the rows before",
    "write a date and time like 2026-05-04T10:15:00.250Z, name the column time_s or time_ms, or write `unit` beside the trace's name; see [traffic](../model/traffic.md#recorded-requests)",
  ],
  INTERNAL: ["something that cannot be has happened", "report it, with the command line and the scenario"],
  INVARIANT_BROKEN: ["a run broke a rule that always holds", "report it, with the command line and the scenario"],
};

interface ErrorEntry {
  readonly code: string;
  readonly kind: string;
  readonly whats: readonly string[];
  readonly fixes: readonly string[];
}

/**
 * @param sources text of each file by its path; Meridian's own unless given
 * @throws Error when the source does not show a code's kind: add a line to LISTED
 */
export function errorsPage(sources: ReadonlyMap<string, string> = ownSources()): string {
  const entries = entriesOf(findErrorCodes(sources));
  const groups = groupedBy(entries, (entry) => entry.code.split("_", 1)[0]!);
  const shared = [...groups].filter(([, group]) => group.length > 1);
  const single = [...groups].filter(([, group]) => group.length === 1).flatMap(([, group]) => group);
  return [
    "# Errors",
    wrapped(
      "Every problem that Meridian names: its code is stable, so scripts may look for it. `…` stands for what is only known when it happens; an empty cell means that all of the text is. A problem is printed with its place (`file:line`, an option, a key of the scenario):",
    ),
    '```text\nSCENARIO_UNKNOWN_KEY  a.yaml:12 traffic[0].arivals: unknown key "arivals"\n  fix: did you mean "arrivals"?\n```',
    table(
      ["kind", "exit code", "meaning"],
      [
        ...Object.entries(EXIT_CODES)
          .filter(([kind]) => kind !== "ok")
          .map(([kind, exit]) => [kind, String(exit), EXIT_MEANINGS[kind as keyof typeof EXIT_CODES]]),
        [NOTE, "", "a remark beside a result that is there; the exit code is that of the command"],
      ],
    ),
    wrapped(
      "Node too old, or packages missing: `NODE_TOO_OLD`, `NODE_NOT_STARTED`, `INSTALL_INCOMPLETE` (exit code 4), before anything of the above can be said.",
    ),
    ...shared.map(([prefix, group]) => `## ${prefix}\n\n${entryTable(group)}`),
    `## Others\n\n${entryTable(single)}`,
  ].join("\n\n");
}

function ownSources(): ReadonlyMap<string, string> {
  const paths = globSync(SOURCES, { cwd: PACKAGE_ROOT }).map((path) => path.replaceAll("\\", "/"));
  return new Map(paths.sort().map((path) => [path, readFileSync(join(PACKAGE_ROOT, path), "utf8")] as const));
}

function entriesOf(sites: readonly CodeSite[]): readonly ErrorEntry[] {
  const byCode = groupedBy(sites, (site) => site.code);
  return [...byCode]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, group]) => {
      const known = [...new Set(group.flatMap(({ kind }) => kind ?? []))];
      const kind = kindIn(REPORTED, code) ?? known[0] ?? kindIn(LISTED, code);
      if (kind === undefined) throw new Error(`${group[0]!.path}: say the kind of ${code} in scripts/docs/cli-page.ts`);
      const about = ABOUT[code];
      const texts = (key: "what" | "fix"): readonly string[] =>
        [...new Set(group.map((site) => site[key].trim()))].filter((text) => /\p{L}/u.test(text));
      return { code, kind, whats: about ? [about[0]] : texts("what"), fixes: about ? [about[1]] : texts("fix") };
    });
}

function entryTable(entries: readonly ErrorEntry[]): string {
  const exitOf = (kind: string): string => (Object.hasOwn(EXIT_CODES, kind) ? String(EXIT_CODES[kind as "ok"]) : "");
  return table(
    ["code", "kind", "exit", "what", "fix"],
    entries.map((entry) => [
      code(entry.code),
      entry.kind,
      exitOf(entry.kind),
      entry.whats.join("; or: "),
      entry.fixes.join("; or: "),
    ]),
  );
}
