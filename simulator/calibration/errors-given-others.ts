import { callPartsOf, movingShare, workUnder } from "./call-parts.ts";
import type { Calls } from "./calls.ts";
import { medianLuck } from "./luck.ts";
import { occupancyOf } from "./occupancy.ts";
import type { Parameters, Variant } from "./variant.ts";

/** Absolute errors of logarithms by call; NaN for calls whose times do not count. */
export interface CallErrors {
  readonly e2e: Float64Array;
  /** Those of E2E once more where answers come in one piece. */
  readonly ttft: Float64Array;
  /** Their mean. */
  readonly both: Float64Array;
}

/**
 * How far a variant is from each call when everybody else did what was measured. Sharper than a simulation, whose own
 * luck blurs who met whom.
 */
export function errorsGivenOthers(calls: Calls, variant: Variant, parameters: Parameters): CallErrors {
  const { servers, curve, promptSlowdown } = parameters;
  const occupancy = occupancyOf(calls, {
    servers,
    isSerial: variant.prompts === "serial" || variant.prompts === "in-line",
    counts: variant.counts,
    isWhole: variant.isWhole,
  });
  const data = callPartsOf(calls, occupancy, variant);
  const isStepwise = variant.prompts === "in-steps";
  const beside = isStepwise ? promptSlowdown * parameters.promptPerTokenMs : promptSlowdown;
  const work = workUnder(data, variant, { curve, beside });
  const promptMedian = medianLuck(parameters.promptLuck);
  const outputMedian = medianLuck(parameters.outputLuck);
  const e2e = new Float64Array(calls.count).fill(Number.NaN);
  const ttft = new Float64Array(calls.count).fill(Number.NaN);
  let readUntilMs = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < calls.count; i++) {
    const { atMs, endMs } = { atMs: calls.atMs[i]!, endMs: calls.endMs[i]! };
    const firstMs = variant.isWhole ? endMs : calls.firstMs[i]!;
    if (calls.isServed[i] === 0 || Number.isNaN(firstMs)) continue;
    const startMs = occupancy.startMs[i]!;
    const later = data.later[i]!;
    const base = parameters.promptBaseMs * promptMedian;
    const size =
      (parameters.promptPerTokenMs * calls.inputTokens[i]! +
        (variant.isWhole ? parameters.perOutputTokenMs * later : 0)) *
      promptMedian;
    // How much longer than its work the part took beside the others.
    const moving = isStepwise ? movingShare(beside * calls.inputTokens[i]!, firstMs - startMs) : 1;
    const pace = firstMs > startMs && work.promptMs[i]! > 0 ? ((firstMs - startMs) * moving) / work.promptMs[i]! : 1;
    const heldUpMs = isStepwise ? Math.max(0, readUntilMs - startMs - base * pace) : 0;
    const stoppedMs = isStepwise ? beside * calls.inputTokens[i]! : 0;
    const ttftMs = startMs - atMs + (base + size) * pace + heldUpMs + stoppedMs;
    readUntilMs = Math.max(readUntilMs, firstMs);
    const output = parameters.perOutputTokenMs * later * outputMedian;
    const outputMs = work.outputMs[i]! > 0 ? (output * (endMs - firstMs)) / work.outputMs[i]! : 0;
    e2e[i] = logDistance(ttftMs + outputMs, endMs - atMs);
    ttft[i] = variant.isWhole ? e2e[i]! : logDistance(ttftMs, firstMs - atMs);
  }
  return { e2e, ttft, both: e2e.map((error, i) => (error + ttft[i]!) / 2) };
}

function logDistance(predictedMs: number, measuredMs: number): number {
  return Math.abs(Math.log(Math.max(0.5, predictedMs) / Math.max(0.5, measuredMs)));
}
