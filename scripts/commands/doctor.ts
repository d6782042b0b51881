/** `meridian doctor`: what this machine has of what commands need; endpoints too, if asked to. */
import { type Command, Option } from "commander";
import { EXIT_CODES, MeridianError } from "../../simulator/base/errors.ts";
import { locksOf } from "../bench/bedrock/locks.ts";
import {
  checkCredentials,
  checkHost,
  checkRegion,
  checksOfProbeFile,
  checksOfProbes,
  type HostCheck,
} from "../doctor/checks.ts";
import { packageVersion } from "../io/process.ts";
import { allowSpending, askToSpend } from "../probe/allow-spending.ts";
import { openCaller } from "../probe/caller.ts";
import { prepareProbe } from "../probe/prepare.ts";
import { runProbe } from "../probe/run-probe.ts";
import { createSpendLedger } from "../probe/spending.ts";
import { type CommandDefinition, type CommandInput, type CommonOptions, jsonDocument } from "./command.ts";
import { RUNS_FOLDER } from "./options.ts";
import { addProbeTargetOptions, probeSettings } from "./probe.ts";

export const doctorCommand: CommandDefinition = {
  examples: [
    ["meridian doctor", "exit code 4 when something required is missing"],
    ["meridian doctor --json", "the same for a script"],
    ["meridian doctor --probe --region us-east-1 --model ...", "and one call of each region and model"],
    ["meridian doctor --probe-file probe.json", "and what the last probe found"],
  ],
  configure: (command: Command) => {
    command
      .option("--out <dir>", "the runs folder", RUNS_FOLDER)
      .option("--imds", "ask a cloud machine's metadata service for credentials too")
      .option("--probe", "make one call of each region and model; needs --model")
      .addOption(new Option("--probe-file <file>", "tell what this file of meridian probe says"));
    addProbeTargetOptions(command);
  },
  run: runDoctor,
};

async function runDoctor(input: CommandInput): Promise<number> {
  const { options, terminal } = input;
  const aws = {
    env: process.env,
    profile: options.profile as string | undefined,
    instanceMetadata: options.imds === true,
  };
  const file = options.probeFile as string | undefined;
  const checks: readonly HostCheck[] = [
    ...(await checkHost(process.env, String(options.out))),
    await checkCredentials(aws),
    await checkRegion(aws),
    ...(file === undefined ? [] : await checksOfProbeFile(file)),
    ...(asksForCalls(options) ? await probeOnce(input, options).catch(asCheck) : []),
  ];
  if (input.signal.aborted) return EXIT_CODES.interrupted;
  const ok = checks.every((check) => check.status !== "missing" || !check.required);
  if (options.json === true) terminal.out(jsonDocument("doctor", { ok, meridian: packageVersion(), checks }));
  else for (const check of checks) terminal.out(formatCheck(check));
  return ok ? EXIT_CODES.ok : EXIT_CODES.environment;
}

function asksForCalls({ probe, endpoints, endpointUrl }: CommonOptions): boolean {
  return probe === true || endpoints !== undefined || endpointUrl !== undefined;
}

/** Small calls: what they show is whether the endpoint answers. */
const ONE_CALL = { count: 1, intervalMs: 1000, timeoutMs: 30_000, limitMs: 300_000, seed: 1 } as const;

async function probeOnce({ terminal, signal }: CommandInput, options: CommonOptions): Promise<readonly HostCheck[]> {
  const settings = probeSettings(undefined, options);
  const prepared = await prepareProbe(settings);
  const { targets, placeOf } = prepared;
  const { inputTokens, outputTokens } = settings;
  const budgetUsd = await allowSpending(prepared, {
    ...{ count: 1, intervalMs: ONE_CALL.intervalMs, inputTokens, outputTokens },
    locks: locksOf(options),
    ask: askToSpend(terminal, signal),
    note: (text) => terminal.note(text),
  });
  const { probes } = await runProbe(
    { ...ONE_CALL, targets, inputTokens, outputTokens },
    { ledger: createSpendLedger(budgetUsd), signal, openCaller: (region) => openCaller(prepared.callerOf(region)) },
  );
  return checksOfProbes(probes, { profilesOf: prepared.profilesOf, placeOf });
}

/** Without credentials nothing can be called; the rest of the list is worth having all the same. */
function asCheck(error: unknown): readonly HostCheck[] {
  if (!(error instanceof MeridianError) || error.kind !== "environment") throw error;
  return error.problems.map(({ what, fix }) => {
    return { name: "probe", status: "missing", required: true, found: what, ...(fix === undefined ? {} : { fix }) };
  });
}

function formatCheck(check: HostCheck): string {
  const fix = check.fix === undefined ? "" : `\n${" ".repeat(26)}fix: ${check.fix}`;
  const word = check.status === "warning" ? "note" : check.status;
  return `${word.padEnd(8)} ${check.name.padEnd(16)} ${check.found}${fix}`;
}
