/** Clocks of a probe: what this machine adds to its measurements, and how far its clock is from the service's. */
import { orderStatistic } from "../../simulator/base/statistics.ts";
import { MINUTE_MS } from "../../simulator/base/time.ts";
import type { ProbeHarness, ProbeRecord, ProbeSummary } from "../../simulator/probe/summary.ts";
import { openCaller } from "./caller.ts";

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
