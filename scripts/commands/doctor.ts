/** `meridian doctor`: what this machine has of what commands need; endpoints too, if asked to. */
import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Command, Option } from "commander";
import { EXIT_CODES, MeridianError } from "../../simulator/base/errors.ts";
import { DAY_MS, MINUTE_MS } from "../../simulator/base/time.ts";
import { type ProbeRecord, type ProbeSummary, summariseProbes } from "../../simulator/probe/summary.ts";
import { locksOf } from "../bench/bedrock/locks.ts";
import { cachedK6, onPath } from "../bench/k6-program.ts";
import { IS_COMPILED, PACKAGE_ROOT, packageVersion } from "../io/process.ts";
import { formatSpan } from "../io/progress.ts";
import { probeStore } from "../io/run-store.ts";
import { allowSpending, askToSpend } from "../probe/allow-spending.ts";
import { openCaller } from "../probe/caller.ts";
import { findIdentity } from "../probe/identity.ts";
import { type PreparedProbe, prepareProbe } from "../probe/prepare.ts";
import { readProbeFile, runProbe, SKEW_REFUSED_MS, SKEW_TOLD_MS, skewWords, worstSkewMs } from "../probe/run-probe.ts";
import { createSpendLedger } from "../probe/spending.ts";
import { failureProblems } from "../probe/text.ts";
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

/** One line of `meridian doctor`. */
export interface HostCheck {
  readonly name: string;
  readonly status: "ok" | "missing" | "warning";
  /** Without it nothing works; a missing optional thing only limits what can be done. */
  readonly required: boolean;
  readonly found: string;
  readonly fix?: string;
}

export type Env = Readonly<Record<string, string | undefined>>;

/** Looks at the host: Node, the folder of runs, cores, the clock, k6 and Go. */
export async function checkHost(env: Env, runsFolder: string): Promise<readonly HostCheck[]> {
  return Promise.all([
    checkNode(env),
    // The compiled package runs on the host's own Node.
    ...(IS_COMPILED ? [] : [checkPackagedNode()]),
    checkRunsFolder(runsFolder),
    checkCpu(),
    checkClock(),
    checkK6(env),
    checkGo(env),
  ]);
}

async function checkNode(env: Env): Promise<HostCheck> {
  const host = env.MERIDIAN_HOST_NODE;
  const own = process.versions.node;
  const found = host === undefined ? own : `${own} (packaged; the host has ${host})`;
  const [major, minor] = own.split(".").map(Number) as [number, number];
  const isNew = IS_COMPILED ? major > 20 || (major === 20 && minor >= 15) : major >= 24;
  if (isNew) return { name: "node", status: "ok", required: true, found };
  const fix = IS_COMPILED ? "use Node 20.15 or newer" : "run npm ci, which brings Node 24";
  return { name: "node", status: "missing", required: true, found, fix };
}

async function checkPackagedNode(): Promise<HostCheck> {
  const path = join(PACKAGE_ROOT, "node_modules", "node", "bin", "node");
  const version = await versionOf(path, ["--version"]);
  const base = { name: "packaged node", required: false };
  if (version !== undefined) return { ...base, status: "ok", found: version };
  return { ...base, status: "warning", found: "none", fix: "needed on hosts older than Node 24: run npm ci" };
}

async function checkRunsFolder(folder: string): Promise<HostCheck> {
  const trouble = await probeStore(folder);
  const base = { name: "runs folder", required: true };
  if (trouble === undefined) return { ...base, status: "ok", found: `${folder} can be written to` };
  return { ...base, status: "missing", found: trouble, fix: "make it writable, or name another with --out" };
}

async function checkCpu(): Promise<HostCheck> {
  return { name: "cpu", status: "ok", required: false, found: `${availableParallelism()} cores to use` };
}

/** AWS refuses signatures that are more than five minutes off; a clock before our own files is certainly wrong. */
async function checkClock(): Promise<HostCheck> {
  const installedMs = (await stat(join(PACKAGE_ROOT, "package.json")).catch(() => undefined))?.mtimeMs ?? 0;
  const nowMs = Date.now();
  const base = { name: "clock", required: false, found: new Date(nowMs).toISOString() };
  if (nowMs > installedMs - DAY_MS && nowMs < installedMs + 3650 * DAY_MS) return { ...base, status: "ok" };
  return { ...base, status: "warning", fix: "the clock disagrees with the installed files by far; set it" };
}

async function checkK6(env: Env): Promise<HostCheck> {
  const base = { name: "k6", required: false };
  const named = env.K6_BIN;
  const path = named !== undefined && named !== "" ? named : ((await onPath("k6", env)) ?? cachedK6(env));
  const version = await versionOf(path, ["version"]);
  if (version !== undefined) return { ...base, status: "ok", found: `${version} (${path})` };
  if (named !== undefined && named !== "") {
    return { ...base, status: "warning", found: "K6_BIN does not run", fix: "let K6_BIN name the k6 program" };
  }
  return { ...base, status: "warning", found: "none", fix: "only needed to replay traffic with k6: install it" };
}

async function checkGo(env: Env): Promise<HostCheck> {
  const base = { name: "go", required: false };
  const path = await onPath("go", env);
  const version = path === undefined ? undefined : await versionOf(path, ["version"]);
  if (version !== undefined) return { ...base, status: "ok", found: version };
  return { ...base, status: "warning", found: "none", fix: "only needed to build k6" };
}

const run = promisify(execFile);

/** First line of what a program says its version is; undefined when it does not run or answer within 5 s. */
async function versionOf(path: string, args: readonly string[]): Promise<string | undefined> {
  const done = await run(path, args, { timeout: 5000, maxBuffer: 64 * 1024 }).catch(() => undefined);
  return done?.stdout.split("\n", 1)[0]?.slice(0, 100);
}

export interface AwsOptions {
  readonly env: Env;
  readonly profile: string | undefined;
  /** Whether a cloud machine's metadata service may be asked for credentials. */
  readonly instanceMetadata: boolean;
}

const CREDENTIALS_LIMIT_MS = 5000;
const SOON_MS = 15 * MINUTE_MS;

/** The credentials that the AWS SDK would use, by kind and source; their values are looked at and never shown. */
export async function checkCredentials(options: AwsOptions, nowMs = Date.now()): Promise<HostCheck> {
  const base = { name: "aws credentials", required: false } as const;
  try {
    const { source, expiresAtMs } = await findIdentity({ ...options, limitMs: CREDENTIALS_LIMIT_MS });
    if (expiresAtMs === null) return { ...base, status: "ok", found: source };
    const found = `${source}, until ${new Date(expiresAtMs).toISOString()}`;
    if (expiresAtMs - nowMs > SOON_MS) return { ...base, status: "ok", found };
    return { ...base, status: "warning", found, fix: "they end soon or have ended: sign in again (aws sso login)" };
  } catch (error) {
    if (!(error instanceof MeridianError)) throw error;
    const { code, what, fix } = error.problems[0]!;
    const found = code === "CREDENTIALS_MISSING" && !/expired/i.test(what) ? "none" : what;
    return { ...base, status: "warning", found, fix: `only needed to call real endpoints: ${fix}` };
  }
}

/** The region that a call without a region would go to. */
export async function checkRegion({ env, profile }: AwsOptions): Promise<HostCheck> {
  const base = { name: "aws region", required: false } as const;
  for (const name of ["AWS_REGION", "AWS_DEFAULT_REGION"]) {
    if (env[name]) return { ...base, status: "ok", found: `${env[name]} (${name})` };
  }
  const { BedrockRuntimeClient } = await import("@aws-sdk/client-bedrock-runtime");
  const client = new BedrockRuntimeClient(profile === undefined ? {} : { profile });
  const region = await client.config.region().catch(() => undefined);
  client.destroy();
  if (region !== undefined) return { ...base, status: "ok", found: `${region} (the shared AWS files)` };
  return { ...base, status: "warning", found: "none", fix: "name regions with --region, or set AWS_REGION" };
}

/** What calls of just now say: a line for each region and model, and the clock. */
export function checksOfProbes(
  probes: readonly ProbeRecord[],
  prepared: Pick<PreparedProbe, "profilesOf" | "placeOf">,
): readonly HostCheck[] {
  const summaries = summariseProbes(probes);
  const problems = failureProblems(probes, prepared);
  const targets = summaries.map((summary): HostCheck => {
    const base = { name: `probe ${summary.region}`, required: true } as const;
    if (summary.answered > 0) return { ...base, status: "ok", found: answerWords(summary, probes) };
    const problem = problems.find(({ where }) => where === `${summary.region} ${summary.model}`);
    const found = `${summary.model}: ${problem?.what ?? "no answer"}`;
    return { ...base, status: "missing", found, ...(problem?.fix === undefined ? {} : { fix: problem.fix }) };
  });
  return [...targets, ...clockCheck(summaries)];
}

/** What a file of `meridian probe` says, and how old it is. */
export async function checksOfProbeFile(path: string, nowMs = Date.now()): Promise<readonly HostCheck[]> {
  const { probes } = await readProbeFile(path);
  const summaries = summariseProbes(probes);
  const lastMs = Math.max(...probes.map(({ at }) => Date.parse(at)));
  const age = probes.length === 0 ? "" : `, ${formatSpan(Math.max(0, nowMs - lastMs))} ago`;
  const lines = summaries.map((summary): HostCheck => {
    const { region, model, calls, answered, errors, ttftMsP50 } = summary;
    const failed = errors.map(([kind, count]) => `${count} ${kind}`).join(", ");
    const ttft = ttftMsP50.value === null ? "" : `, TTFT p50 ${ttftMsP50.value.toFixed(0)} ms`;
    const found = `${model}: ${answered}/${calls} answered${failed === "" ? "" : ` (${failed})`}${ttft}${age}`;
    return { name: `probed ${region}`, required: false, status: answered === calls ? "ok" : "warning", found };
  });
  return [...lines, ...clockCheck(summaries)];
}

function answerWords({ region, model }: ProbeSummary, probes: readonly ProbeRecord[]): string {
  const probe = probes.find((each) => each.region === region && each.model === model && each.error === null)!;
  return `${model}: connected in ${probe.connectMs?.toFixed(0)} ms, first token after ${probe.ttftMs?.toFixed(0) ?? "?"} ms`;
}

/** A clock against the service's, where that was heard; nothing otherwise. */
function clockCheck(summaries: readonly ProbeSummary[]): readonly HostCheck[] {
  const skews = summaries.flatMap(({ clockSkewMs }) => (clockSkewMs === null ? [] : [clockSkewMs]));
  if (skews.length === 0) return [];
  const skewMs = worstSkewMs(summaries);
  const base = { name: "clock skew", required: true } as const;
  if (Math.abs(skewMs) <= SKEW_TOLD_MS) return [{ ...base, status: "ok", found: "within 2 s of the service's clock" }];
  const found = skewWords(skewMs);
  if (Math.abs(skewMs) <= SKEW_REFUSED_MS) return [{ ...base, status: "warning", found }];
  return [{ ...base, status: "missing", found, fix: "set this machine's clock, for example with NTP" }];
}
