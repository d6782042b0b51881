/** `meridian validate`: simulates, measures and compares within margins fixed before. */
import { join } from "node:path";
import { type Command, Option } from "commander";
import { EXIT_CODES, formatProblem, MeridianError } from "../../simulator/base/errors.ts";
import { MINUTE_MS } from "../../simulator/base/time.ts";
import type { ValidationResult } from "../../simulator/validate/result.ts";
import { duration, instant, operationOf, parsedDuration, streamOverrides, windowOverrides } from "../bench/options.ts";
import { benchTargetOf } from "../bench/setup.ts";
import { prepareExperiment, prepareText } from "../io/experiment.ts";
import type { Override } from "../io/overrides.ts";
import type { Terminal } from "../io/terminal.ts";
import { stableJson } from "../io/text-files.ts";
import { readEvidence } from "../validate/folder.ts";
import { readWholeLog, reportOf, saveLogValidation, validateLog } from "../validate/from-log.ts";
import {
  derivedFiles,
  deriveValidation,
  measureAndSimulate,
  rewriteDerived,
  saveValidation,
  simulateRows,
} from "../validate/measure.ts";
import type { CommandDefinition, CommandInput, CommonOptions } from "./command.ts";
import { addValueOptions, overridesOf, RUNS_FOLDER } from "./options.ts";

export const validateCommand: CommandDefinition = {
  examples: [
    ["meridian validate a.yaml --duration 2m", "two minutes of every strategy against an emulator of the scenario"],
    [
      'meridian validate a.yaml --at 14h --duration 3m --strategy single "round-robin"',
      "its afternoon, two strategies",
    ],
    ["meridian validate a.yaml --target endpoints.yaml --duration 2m", "against endpoints that are there already"],
    ["meridian validate a.yaml --log decisions.jsonl", "against what a client of meridian/bedrock did"],
    ["meridian validate --from runs/a-validation-...", "makes every figure again from the saved rows, without k6"],
    ["meridian validate a.yaml --duration 2m --json | jq .outcome", "the result as one JSON document"],
  ],
  configure,
  run: runValidate,
};

const DRAIN_MS = MINUTE_MS;

function configure(command: Command): void {
  command.argument("[scenario]", "scenario file; its validation section says what is compared, and how closely");
  addValueOptions(command);
  command
    .option("--from <folder>", "a saved validation: its figures are made again from its rows")
    .option("--log <file>", "a decision log: its requests are simulated, and nothing is sent")
    .option("--target <target>", "emulator, or a file that maps regions to URLs", "emulator")
    .addOption(new Option("--at <time>", "where in the scenario to begin, e.g. 14h").argParser(instant))
    .addOption(new Option("--duration <time>", "how much of it, in real time, e.g. 2m").argParser(duration))
    .addOption(
      new Option("--drain <time>", "how long after the last arrival requests may still end")
        .default(DRAIN_MS, "60s")
        .argParser(parsedDuration),
    )
    .option("--strategy <name...>", "only these strategies, one after the other")
    .addOption(
      new Option("--api <operation>", "what is called; unless given, what the scenario's client.streams says").choices([
        "converse-stream",
        "converse",
      ]),
    )
    .option("--allow-host <host...>", "hosts other than this machine that the target file may name")
    .option("--out <dir>", "folder that receives the run's folder", RUNS_FOLDER);
}

async function runValidate(input: CommandInput): Promise<number> {
  const { args, options } = input;
  const from = options.from as string | undefined;
  if ((args[0] === undefined) !== (from === undefined)) {
    return from === undefined ? validateFresh(args[0]!, input) : validateAgain(from, input);
  }
  throw new MeridianError("usage", {
    code: "VALIDATE_WHAT",
    what: args[0] === undefined ? "nothing to validate" : "--from has a scenario of its own",
    where: "meridian validate",
    fix: "name a scenario file, or --from and the folder of a saved validation",
  });
}

async function validateFresh(file: string, input: CommandInput): Promise<number> {
  if (typeof input.options.log === "string") return validateDecisions(file, input.options.log, input);
  const { options, terminal, signal } = input;
  const startedAt = new Date();
  const experiment = await prepareValidation(file, options);
  const target = await benchTargetOf(experiment.inputs.plan, options);
  const { evidence, simulated } = await measureAndSimulate(file, experiment, {
    target,
    operation: operationOf(experiment.inputs.plan),
    terminal,
    signal,
  });
  const derived = deriveValidation(experiment, evidence);
  const saved = await saveValidation(evidence, derived, {
    simulated,
    out: String(options.out),
    startedAt,
    signal,
  });
  await print(derived.validation, options, terminal);
  terminal.note(`report: ${join(saved.folder, "report.html")}`);
  return exitCode(derived.validation, terminal);
}

/** Compares a decision log with the simulation of its requests; nothing is sent. */
async function validateDecisions(
  file: string,
  log: string,
  { options, terminal, signal }: CommandInput,
): Promise<number> {
  const startedAt = new Date();
  const records = await readWholeLog(log);
  const [named = records[0]!.strategy] = (options.strategy as readonly string[] | undefined) ?? [];
  const experiment = await prepareExperiment(file, {
    overrides: [...overridesOf(options), { path: ["assert"], value: undefined, origin: "meridian validate" }],
    strategies: [named],
  });
  const result = await validateLog(experiment, log, records, signal);
  const saved = await saveLogValidation(experiment, result, log, { out: String(options.out), startedAt });
  await print(result, options, terminal);
  terminal.note(`report: ${reportOf(saved)}`);
  return exitCode(result, terminal);
}

/** The scenario as it is validated: one replication, its window, the strategies asked for, and no gates. */
async function prepareValidation(file: string, options: CommonOptions) {
  const asked = [...overridesOf(options), ...streamOverrides(options)];
  const { plan } = (await prepareExperiment(file, { overrides: asked, strategies: [] })).inputs;
  const { at, for: length, strategies = [] } = plan.validation;
  const window = windowOverrides(
    (options.at as string | undefined) ?? at,
    (options.duration as string | undefined) ?? length,
  );
  const origin = "meridian validate";
  const overrides: Override[] = [
    ...asked,
    { path: ["replications"], value: 1, origin },
    { path: ["drain"], value: `${Math.min(plan.drainMs, options.drain as number)}ms`, origin },
    { path: ["assert"], value: undefined, origin },
    ...window,
  ];
  return prepareExperiment(file, {
    overrides,
    strategies: (options.strategy as readonly string[] | undefined) ?? strategies,
  });
}

async function validateAgain(name: string, { options, terminal, signal }: CommandInput): Promise<number> {
  const { folder, evidence } = await readEvidence(name, String(options.out));
  const experiment = await prepareText(evidence.yaml, join(folder, "scenario.yaml"));
  const derived = deriveValidation(experiment, evidence);
  const files = await derivedFiles(derived);
  await rewriteDerived(folder, files);
  const { plan } = experiment.inputs;
  const provenance = { scenarioSha256: "", meridianVersion: "", traces: [] };
  const today = await simulateRows(plan, provenance, { signal });
  if (stableJson(today.rows) !== stableJson(evidence.strategies.map(({ simulated }) => simulated))) {
    terminal.note("this Meridian simulates the scenario otherwise than the one that saved it: the figures are of then");
  }
  await print(derived.validation, options, terminal);
  terminal.note(`made again: ${Object.keys(files).join(", ")} in ${folder}`);
  return exitCode(derived.validation, terminal);
}

async function print(validation: ValidationResult, options: CommonOptions, terminal: Terminal): Promise<void> {
  if (options.json === true) {
    terminal.out(stableJson(validation).trimEnd());
    return;
  }
  const { renderValidationTerminal } = await import("../../reports/validation/report.ts");
  terminal.out(renderValidationTerminal(validation, { colour: terminal.colour, width: terminal.width }));
}

function exitCode(validation: ValidationResult, terminal: Terminal): number {
  if (validation.outcome === "equivalent") return EXIT_CODES.ok;
  const fix = {
    invalid: "free the machine of other work, or validate fewer requests a second",
    different: "the report shows where; calibrate the scenario against the measurement, or widen a margin knowingly",
    undecided: "validate for longer, or leave out what cannot be decided",
  }[validation.outcome];
  terminal.problem(
    formatProblem({ code: `VALIDATION_${validation.outcome.toUpperCase()}`, what: validation.verdict, fix }),
  );
  return EXIT_CODES.assertion;
}
