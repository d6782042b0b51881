/** `meridian check`: every problem of a stage (form, then meaning) at once, each with its line and a fix. */
import { EXIT_CODES, formatProblem, MeridianError, type Problem, printable } from "../../simulator/base/errors.ts";
import { prepareExperiment } from "../io/experiment.ts";
import { type CommandDefinition, type CommandInput, jsonDocument } from "./command.ts";
import { addScenarioOptions, overridesOf } from "./options.ts";

export const checkCommand: CommandDefinition = {
  examples: [
    ["meridian check scenarios/flagship.yaml", "checks one file"],
    ["meridian check scenarios/*.yaml --json", "checks many, for a script"],
    ["meridian check a.yaml --set 'duration=1h'", "checks it with a value changed"],
  ],
  configure: (command) => {
    command.argument("<scenario...>", "scenario files");
    addScenarioOptions(command);
  },
  run: runCheck,
};

interface CheckedFile {
  readonly file: string;
  readonly ok: boolean;
  readonly problems: readonly Problem[];
  /** What is legal and should be known. */
  readonly notes: readonly string[];
}

async function runCheck({ args, options, terminal }: CommandInput): Promise<number> {
  const checked: CheckedFile[] = [];
  let exitCode: number = EXIT_CODES.ok;
  for (const file of args) {
    try {
      const asked = { overrides: overridesOf(options), strategies: [] };
      const { summary, inputs, advice } = await prepareExperiment(file, asked);
      const notes = [...inputs.plan.notes, ...advice];
      checked.push({ file, ok: true, problems: [], notes });
      if (options.json !== true && !terminal.quiet) {
        terminal.out(`ok  ${file}: ${summary}`);
        for (const note of notes) terminal.out(`    note: ${printable(note)}`);
      }
    } catch (error) {
      if (!(error instanceof MeridianError) || error.kind === "internal") throw error;
      checked.push({ file, ok: false, problems: error.problems, notes: [] });
      exitCode = exitCode === EXIT_CODES.ok ? error.exitCode : exitCode;
      for (const problem of error.problems) terminal.problem(formatProblem(problem));
    }
  }
  if (options.json !== true && exitCode === EXIT_CODES.ok) terminal.note(nextText(checked));
  const wrong = checked.reduce((sum, each) => sum + each.problems.length, 0);
  if (options.json === true) terminal.out(jsonDocument("check", { ok: wrong === 0, files: checked }));
  else if (wrong > 0) terminal.note(`${wrong} ${wrong === 1 ? "problem" : "problems"}${laterStages(checked)}`);
  return exitCode;
}

/** What to run next; of many files the first. */
function nextText(checked: readonly CheckedFile[]): string {
  return `next: npx meridian simulate ${checked[0]!.file}`;
}

/** What a file means is judged only when its form is right. */
function laterStages(checked: readonly CheckedFile[]): string {
  const isOfForm = ({ code }: Problem) => code.startsWith("SCENARIO_");
  return checked.some(({ problems }) => problems.some(isOfForm)) ? "; more may follow once the form is right" : "";
}
