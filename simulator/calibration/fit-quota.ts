import { createMeter, type Meter, type MeterLaw } from "../world/quota/meter.ts";
import { axesOf, type Observation, wayMsOf } from "./observation.ts";

/** A limit that explains which calls were throttled. */
export interface QuotaFit {
  readonly of: "tokens" | "requests";
  readonly law: MeterLaw;
  /** Per minute. */
  readonly limit: number;
  /** Of a token bucket. */
  readonly burst: number;
  readonly burndown: number;
  /** Mean of the shares of throttled and of granted calls that the limit would have treated otherwise. */
  readonly error: number;
}

const MINUTE_MS = 60_000;
const LAWS: readonly MeterLaw[] = ["token-bucket", "rolling-window", "clock-window"];
/** A burst as a share of the minute's limit. */
const BURSTS = [1, 0.5, 0.25, 0.1, 0.05, 1 / 60] as const;

/**
 * Looks for the limit under which the simulator's own meters would have granted and refused what was granted and
 * refused. Each decision is judged with the meter set to what was really granted before, so one error does not breed
 * others.
 *
 * @param burndown what the model's output tokens count for, unless the calls say otherwise
 * @returns undefined where no call was throttled
 */
export function fitQuota(observations: readonly Observation[], burndowns: readonly number[]): QuotaFit | undefined {
  const axes = axesOf(observations).map((axis) => [...axis].sort((a, b) => arrivalMs(a) - arrivalMs(b)));
  if (!observations.some(({ outcome }) => outcome === "throttled")) return undefined;
  let best: QuotaFit | undefined;
  const consider = (candidate: Omit<QuotaFit, "error">) => {
    const fit = { ...candidate, error: errorOf(candidate, axes) };
    if (best === undefined || fit.error < best.error - 1e-9) best = fit;
  };
  for (const of of ["tokens", "requests"] as const) {
    const perMinute = busiestMinute(axes, of);
    for (const law of LAWS) {
      const bursts = law === "token-bucket" ? BURSTS : [1];
      for (const burndown of of === "tokens" ? burndowns : [1]) {
        for (const share of bursts) {
          for (const limit of around(perMinute, 0.3, 1.6, 14))
            consider({ of, law, limit, burst: limit * share, burndown });
        }
      }
    }
  }
  for (let width = 0.12; width > 0.002; width /= 2) {
    const { limit, burst, ...rest } = best!;
    for (const factor of [1 - width, 1 - width / 2, 1 + width / 2, 1 + width]) {
      consider({ ...rest, limit: limit * factor, burst: rest.law === "token-bucket" ? burst : limit * factor });
      if (rest.law === "token-bucket") consider({ ...rest, limit, burst: burst * factor });
    }
  }
  return best;
}

interface Decision {
  readonly ms: number;
  readonly observation: Observation;
  /** The call begins, or ends and settles. */
  readonly isEnd: boolean;
}

function errorOf(
  { of, law, limit, burst, burndown }: Omit<QuotaFit, "error">,
  axes: readonly (readonly Observation[])[],
) {
  const wrong = { throttled: 0, granted: 0 };
  const seen = { throttled: 0, granted: 0 };
  for (const axis of axes) {
    const start = axis[0]!.axisStartMs;
    const meter = createMeter({ law, limit, windowMs: MINUTE_MS, burst }, Number.isNaN(start) ? 0 : start);
    for (const { ms, observation, isEnd } of decisionsOf(axis)) {
      const reserved = of === "requests" ? 1 : reservedTokens(observation);
      if (isEnd) {
        if (of === "tokens") {
          meter.settle(ms, arrivalMs(observation), usedTokens(observation, burndown) - reserved);
        }
        continue;
      }
      const kind = observation.outcome === "throttled" ? "throttled" : "granted";
      seen[kind]++;
      if (!agrees(meter, ms, reserved, kind)) wrong[kind]++;
    }
  }
  return (wrong.throttled / Math.max(1, seen.throttled) + wrong.granted / Math.max(1, seen.granted)) / 2;
}

/** Whether the meter decides as was decided; afterwards it holds what was. */
function agrees(meter: Meter, ms: number, amount: number, kind: "throttled" | "granted"): boolean {
  const takes = meter.take(ms, amount);
  if (kind === "throttled") {
    if (takes) meter.undo(ms, amount);
    return !takes;
  }
  if (!takes) meter.settle(ms, ms, amount);
  return takes;
}

function decisionsOf(axis: readonly Observation[]): readonly Decision[] {
  const decisions: Decision[] = [];
  for (const observation of axis) {
    decisions.push({ ms: arrivalMs(observation), observation, isEnd: false });
    if (observation.outcome === "throttled" || Number.isNaN(observation.endMs)) continue;
    decisions.push({ ms: observation.endMs - wayMsOf(observation), observation, isEnd: true });
  }
  return decisions.sort((a, b) => a.ms - b.ms);
}

function arrivalMs(observation: Observation): number {
  return observation.sentMs + wayMsOf(observation);
}

function reservedTokens({ inputTokens, maxTokens, outputTokens }: Observation): number {
  return inputTokens + (Number.isNaN(maxTokens) ? outputTokens : maxTokens);
}

function usedTokens({ inputTokens, outputTokens, outcome }: Observation, burndown: number): number {
  return outcome === "served" ? inputTokens + outputTokens * burndown : 0;
}

/** The most that was granted in a minute: tokens as used, or calls. */
function busiestMinute(axes: readonly (readonly Observation[])[], of: QuotaFit["of"]): number {
  let most = 0;
  for (const axis of axes) {
    const granted = axis.filter(({ outcome }) => outcome !== "throttled");
    let from = 0;
    let sum = 0;
    const amount = (each: Observation) => (of === "requests" ? 1 : each.inputTokens + each.outputTokens);
    for (const each of granted) {
      sum += amount(each);
      while (granted[from]!.sentMs < each.sentMs - MINUTE_MS) sum -= amount(granted[from++]!);
      most = Math.max(most, sum);
    }
    const spanMs = (granted.at(-1)?.sentMs ?? 0) - (granted[0]?.sentMs ?? 0);
    if (spanMs > 0 && spanMs < MINUTE_MS) most = Math.max(most, (sum * MINUTE_MS) / spanMs);
  }
  return Math.max(1, most);
}

function around(middle: number, from: number, to: number, count: number): readonly number[] {
  const ratio = (to / from) ** (1 / (count - 1));
  return Array.from({ length: count }, (_, i) => middle * from * ratio ** i);
}
