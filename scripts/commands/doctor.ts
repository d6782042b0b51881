import { EXIT_CODES } from "../../simulator/errors.ts";
import { checkHost, type HostCheck } from "../io/host-checks.ts";
import { packageVersion } from "../io/package-info.ts";
import { type CommandDefinition, type CommandInput, jsonDocument, RUNS_FOLDER } from "./command.ts";

export const doctorCommand: CommandDefinition = {
  name: "doctor",
  summary: "Check this machine: Node, k6, credentials (never shown), write access, clock.",
  examples: [
    ["meridian doctor", "exit code 4 when something required is missing"],
    ["meridian doctor --json", "the same for a script"],
  ],
  configure: (command) => void command.option("--out <dir>", "the runs folder", RUNS_FOLDER),
  run: runDoctor,
};

async function runDoctor({ options, terminal }: CommandInput): Promise<number> {
  const checks = await checkHost(process.env, String(options.out));
  const ok = checks.every((check) => check.status !== "missing" || !check.required);
  if (options.json === true) terminal.out(jsonDocument("doctor", { ok, meridian: packageVersion(), checks }));
  else for (const check of checks) terminal.out(formatCheck(check));
  return ok ? EXIT_CODES.ok : EXIT_CODES.environment;
}

function formatCheck(check: HostCheck): string {
  const fix = check.fix === undefined ? "" : `\n${" ".repeat(26)}fix: ${check.fix}`;
  const word = check.status === "warning" ? "note" : check.status;
  return `${word.padEnd(8)} ${check.name.padEnd(16)} ${check.found}${fix}`;
}
