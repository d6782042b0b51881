/**
 * Runs a probe: regions in parallel, one call at a time in each, within budget and time; what this machine adds to its
 * measurements, and how far its clock is from the service's; and the probe's file.
 */
import { access, constants, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import writeFileAtomic from "write-file-atomic";
import { z } from "zod";
import { MeridianError } from "../../simulator/base/errors.ts";
import { orderStatistic } from "../../simulator/base/statistics.ts";
import { MINUTE_MS } from "../../simulator/base/time.ts";
import {
  type ProbeFile,
  type ProbeHarness,
  type ProbeRecord,
  type ProbeSummary,
  probeFileSchema,
} from "../../simulator/probe/summary.ts";
import { purposeStream } from "../../simulator/random/sampler.ts";
import { packageVersion } from "../io/process.ts";
import { environmentProblem, readTextFile, stableJson } from "../io/text-files.ts";
import { type Caller, openCaller } from "./caller.ts";
import { type FailureKind, isLasting } from "./failure.ts";
import { probePrompt, type SpendLedger } from "./spending.ts";

export interface ProbeTarget {
  readonly region: string;
  readonly model: string;
  /** Its name at the endpoint. */
  readonly calledAs: string;
  /** What one call may cost at most, USD; 0 where calls are free. */
  readonly worstUsd: number;
  /** What a call cost by its tokens, USD. */
  readonly costUsd: (probe: ProbeRecord) => number;
}

export interface ProbeOrder {
  readonly targets: readonly ProbeTarget[];
  /** Calls of each region and model. */
  readonly count: number;
  /** From one call of a region to the next, on average, ms. */
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** After so long no call begins. */
  readonly limitMs: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly seed: number;
}

export interface ProbeRun {
  readonly probes: readonly ProbeRecord[];
  readonly ended: ProbeFile["ended"];
}

export interface ProbeSurroundings {
  readonly openCaller: (region: string) => Promise<Caller>;
  readonly ledger: SpendLedger;
  readonly signal: AbortSignal;
  readonly onProbe?: (probe: ProbeRecord) => void;
  readonly clockMs?: () => number;
}

/**
 * Probes every region at once and, in a region, one call at a time, models in turn. A target whose failure will not
 * pass is not called again. Calls that a stop cut short are left out.
 */
export async function runProbe(order: ProbeOrder, around: ProbeSurroundings): Promise<ProbeRun> {
  const clockMs = around.clockMs ?? (() => performance.now());
  const run: RunState = { probes: [], ended: "all", endMs: clockMs() + order.limitMs, clockMs };
  const regions = [...new Set(order.targets.map(({ region }) => region))];
  await Promise.all(regions.map((region) => probeRegion(region, order, around, run)));
  const probes = run.probes.sort((a, b) => compare(a.at, b.at) || compare(a.region, b.region));
  return { probes, ended: around.signal.aborted ? "interrupted" : run.ended };
}

interface RunState {
  readonly probes: ProbeRecord[];
  ended: ProbeFile["ended"];
  readonly endMs: number;
  readonly clockMs: () => number;
}

async function probeRegion(region: string, order: ProbeOrder, around: ProbeSurroundings, run: RunState): Promise<void> {
  const random = purposeStream(order.seed, `probe/${region}`);
  const given = new Set<ProbeTarget>();
  const caller = await around.openCaller(region);
  let dueMs = run.clockMs();
  try {
    for (let round = 0; round < order.count; round++) {
      for (const target of order.targets) {
        if (target.region !== region || given.has(target)) continue;
        await pause(dueMs - run.clockMs(), around.signal);
        if (!mayCall(target, around, run)) return;
        // Between half and one and a half intervals: probes must not keep step with anything else.
        dueMs = run.clockMs() + order.intervalMs * (0.5 + random.next());
        const prompt = probePrompt(order.inputTokens, random);
        const probe = await caller.call({ ...order, ...target, prompt }, around.signal);
        around.ledger.settle(target.worstUsd, billOf(probe, target));
        if (probe === undefined) return;
        run.probes.push(probe);
        around.onProbe?.(probe);
        if (probe.error !== null && isLasting(probe.error as FailureKind)) given.add(target);
      }
    }
  } finally {
    caller.close();
  }
}

/** False when nothing may be called any more; the first reason is kept. */
function mayCall(target: ProbeTarget, around: ProbeSurroundings, run: RunState): boolean {
  if (around.signal.aborted || run.ended !== "all") return false;
  if (run.clockMs() > run.endMs) run.ended = "time-limit";
  else if (!around.ledger.reserve(target.worstUsd)) run.ended = "budget";
  return run.ended === "all";
}

/** A whole answer states its tokens; a refused or unsent call is free; any other is billed at its worst case. */
function billOf(probe: ProbeRecord | undefined, target: ProbeTarget): number {
  if (probe?.error === null) return target.costUsd(probe);
  const isRefused = probe !== undefined && REFUSED.has(probe.status);
  const isUnsent = probe !== undefined && probe.connectMs === null;
  return isRefused || isUnsent ? 0 : target.worstUsd;
}

const REFUSED: ReadonlySet<number> = new Set([400, 401, 403, 404, 413, 429, 503]);

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return;
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function probeFileOf(facts: Pick<ProbeFile, "ended" | "harness" | "probes">): ProbeFile {
  const { ended, harness, probes } = facts;
  return { schemaVersion: 1, tool: "meridian probe", version: packageVersion(), ended, harness, probes };
}

/**
 * Refuses a place that cannot be written to, before anything is measured.
 * @throws MeridianError environment, PROBE_NOT_SAVED
 */
export async function checkProbePlace(path: string): Promise<void> {
  try {
    const there = await stat(path).catch(() => undefined);
    if (there?.isDirectory()) throw new Error("this is a folder");
    await access(there === undefined ? dirname(path) : path, constants.W_OK);
  } catch (error) {
    throw notSaved(error, path);
  }
}

/** Writes the file whole or not at all. @throws MeridianError environment, PROBE_NOT_SAVED */
export async function writeProbeFile(path: string, file: ProbeFile): Promise<void> {
  try {
    await writeFileAtomic(path, stableJson(file));
  } catch (error) {
    throw notSaved(error, path);
  }
}

const BYTES_MAX = 64 * 2 ** 20;

/** Reads a file of `meridian probe`. @throws MeridianError data, PROBE_FILE_... */
export async function readProbeFile(path: string): Promise<ProbeFile> {
  const kind = { code: "PROBE_FILE", noun: "probe file", bytesMax: BYTES_MAX, kind: "data" } as const;
  const text = await readTextFile(path, kind);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const parsed = probeFileSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new MeridianError("data", {
    code: "PROBE_FILE_DAMAGED",
    what: `this is not a probe file: ${z.prettifyError(parsed.error).split("\n").slice(0, 2).join(" ")}`,
    where: path,
    fix: "name a file that meridian probe --out wrote",
  });
}

function notSaved(error: unknown, path: string): MeridianError {
  const fix = "name another file with --out, in a folder that is there";
  return new MeridianError("environment", environmentProblem("PROBE_NOT_SAVED", error, path, fix), { cause: error });
}

const FIRST_TOKEN_MS = 60;
const PER_TOKEN_MS = 15;
const TOKENS = 9;
const CALLS = 3;
const MODEL = "amazon.nova-lite-v1:0";
const REGION = "us-east-1";

/**
 * Probes an endpoint in this process whose tokens come at known instants: what the numbers of a probe contain of this
 * machine and of its client. The first call, in which code is loaded and compiled, is not counted; that spares the
 * first real one the same.
 *
 * @returns null where no such endpoint can be started or reached; undefined if `signal` stopped it
 */
export async function checkOwnClock(signal: AbortSignal): Promise<ProbeHarness | null | undefined> {
  const [{ startFleet }, { createFixedLatencyBackend }] = await Promise.all([
    import("../../emulator/fleet.ts"),
    import("../../emulator/backends/queue.ts"),
  ]);
  const physics = { firstTokenMs: FIRST_TOKEN_MS, perTokenMs: PER_TOKEN_MS, outputTokens: TOKENS };
  const fleet = await startFleet({
    regions: [REGION],
    auth: "off",
    backend: (clock) => createFixedLatencyBackend(clock, physics),
  }).catch(() => undefined);
  if (fleet === undefined) return null;
  const caller = await openCaller({
    region: REGION,
    url: fleet.endpoints[0]!.url,
    allowedHosts: [],
    wishes: true,
    identity: { credentials: { accessKeyId: "none", secretAccessKey: "none" } },
    redact: (text) => text,
  });
  try {
    const order = { model: MODEL, prompt: "Hello", inputTokens: 2, outputTokens: TOKENS, timeoutMs: 5000 };
    const probes: ProbeRecord[] = [];
    for (let i = 0; i <= CALLS; i++) {
      const probe = await caller.call(order, signal);
      if (probe === undefined) return undefined;
      if (probe.error !== null) return null;
      if (i > 0) probes.push(probe);
    }
    return errorsOf(probes);
  } finally {
    caller.close();
    await fleet.close(0);
  }
}

function errorsOf(probes: readonly ProbeRecord[]): ProbeHarness {
  const late = probes.map(({ ttftMs }) => (ttftMs ?? 0) - FIRST_TOKEN_MS).sort((a, b) => a - b);
  const gaps = probes
    .flatMap(({ interTokenMs }) => interTokenMs.map((gap) => Math.abs(gap - PER_TOKEN_MS)))
    .sort((a, b) => a - b);
  const micros = (ms: number): number => Math.round(ms * 1000) / 1000;
  return {
    ttftErrorMsP50: micros(late[Math.floor(late.length / 2)] ?? 0),
    gapErrorMsP95: micros(gaps.length === 0 ? 0 : orderStatistic(gaps, 0.95)),
  };
}

/** AWS refuses signatures whose clock is further off. Source: AWS General Reference, signing requests. */
export const SKEW_REFUSED_MS = 5 * MINUTE_MS;
/** Less is not reported: the service's Date header is cut to seconds. */
export const SKEW_TOLD_MS = 2000;

/** The clock furthest from ours, ms; 0 where none was heard. */
export function worstSkewMs(summaries: readonly ProbeSummary[]): number {
  return summaries.reduce((worst, { clockSkewMs }) => {
    const skew = clockSkewMs ?? 0;
    return Math.abs(skew) > Math.abs(worst) ? skew : worst;
  }, 0);
}

/** `this machine's clock is 12 s ahead of the service's`, with a warning where signatures are refused. */
export function skewWords(skewMs: number): string {
  const text = `this machine's clock is ${Math.round(Math.abs(skewMs) / 1000)} s ${skewMs > 0 ? "behind" : "ahead of"} the service's`;
  return Math.abs(skewMs) > SKEW_REFUSED_MS ? `${text}; beyond 5 minutes AWS refuses signatures` : text;
}
