import { MeridianError } from "../../../simulator/errors.ts";
import type { ProbeRecord } from "../../../simulator/probe/probe-record.ts";
import { type ProbeSummary, summariseProbes } from "../../../simulator/probe/summary.ts";
import type { Env, HostCheck } from "../host-checks.ts";
import { formatSpan } from "../progress.ts";
import { SKEW_REFUSED_MS, SKEW_TOLD_MS, skewWords, worstSkewMs } from "./clock-skew.ts";
import { failureProblems } from "./failures.ts";
import { findIdentity } from "./identity.ts";
import type { PreparedProbe } from "./prepare.ts";
import { readProbeFile } from "./probe-file.ts";

export interface AwsOptions {
  readonly env: Env;
  readonly profile: string | undefined;
  /** Whether a cloud machine's metadata service may be asked for credentials. */
  readonly instanceMetadata: boolean;
}

const CREDENTIALS_LIMIT_MS = 5000;
const SOON_MS = 15 * 60_000;

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
