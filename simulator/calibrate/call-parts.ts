/** A measurement laid out for fitting: which calls count, and how much work each part of a call was. */
import type { Calls } from "./calls.ts";
import { curveFactor, type Variant } from "./candidate-model.ts";
import type { Occupancy } from "./occupancy.ts";

/** A slowdown: the curve's parameters, and what reading a prompt adds. */
export interface Slowdown {
  readonly curve: readonly number[];
  readonly beside: number;
}

export interface CallParts {
  readonly calls: Calls;
  /** Under the variant in question. */
  readonly occupancy: Occupancy;
  /** Answered calls whose service, under this variant, began before it ended. */
  readonly rows: readonly number[];
  /** Those of them whose output part is long enough to carry information. */
  readonly outputRows: readonly number[];
  /** Output tokens after the first. */
  readonly later: Float64Array;
  /** In-steps only: input tokens of the prompts read during a call's output part. */
  readonly besideTokens: Float64Array;
  /** In-steps only: calls whose prompt overlapped with no other; all where there are too few of them. */
  readonly aloneRows: readonly number[];
}

/** Work of each call's two parts, ms of an unloaded endpoint. */
export interface Work {
  readonly promptMs: Float64Array;
  readonly outputMs: Float64Array;
}

/**
 * Selects the calls that carry information under a variant.
 *
 * @param occupancy reconstructed for the same calls and variant
 */
export function callPartsOf(calls: Calls, occupancy: Occupancy, variant: Variant): CallParts {
  const later = calls.outputTokens.map((tokens) => tokens - 1);
  const rows: number[] = [];
  const outputRows: number[] = [];
  for (let i = 0; i < calls.count; i++) {
    if (calls.isServed[i] === 0) continue;
    const firstMs = variant.isWhole ? calls.endMs[i]! : calls.firstMs[i]!;
    if (!(firstMs > occupancy.startMs[i]!)) continue;
    rows.push(i);
    if (!variant.isWhole && later[i]! >= 1 && calls.endMs[i]! - firstMs >= 5) outputRows.push(i);
  }
  const isStepwise = variant.prompts === "in-steps";
  const besideTokens = isStepwise ? tokensReadBeside(calls) : new Float64Array(0);
  const aloneRows = isStepwise ? promptsAlone(calls, occupancy, rows) : [];
  return { calls, occupancy, rows, outputRows, later, besideTokens, aloneRows };
}

/** Input tokens of the prompts whose first token fell into a call's output part. */
function tokensReadBeside(calls: Calls): Float64Array {
  const order = [...calls.firstMs.keys()].filter((i) => !Number.isNaN(calls.firstMs[i]!));
  order.sort((a, b) => calls.firstMs[a]! - calls.firstMs[b]!);
  const atMs = Float64Array.from(order, (i) => calls.firstMs[i]!);
  const sums = new Float64Array(order.length + 1);
  order.forEach((i, n) => {
    sums[n + 1] = sums[n]! + calls.inputTokens[i]!;
  });
  return calls.firstMs.map((ms, i) => sums[countUpTo(atMs, calls.endMs[i]!)]! - sums[countUpTo(atMs, ms)]!);
}

/** Number of values, ascending, that are at most x. */
function countUpTo(sorted: Float64Array, x: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! <= x) low = middle + 1;
    else high = middle;
  }
  return low;
}

function promptsAlone(calls: Calls, { startMs }: Occupancy, rows: readonly number[]): readonly number[] {
  let latestMs = Number.NEGATIVE_INFINITY;
  const alone = rows.filter((i, n) => {
    const before = latestMs;
    latestMs = Math.max(latestMs, calls.firstMs[i]!);
    const next = rows[n + 1];
    return startMs[i]! >= before && (next === undefined || startMs[next]! >= calls.firstMs[i]!);
  });
  return alone.length >= 20 ? alone : rows;
}

/**
 * Work of each part: its measured duration with the slowdown divided out, bin by bin of the occupancy.
 *
 * @returns ms of an unloaded endpoint, by call; calls outside `data.rows` have values without meaning
 */
export function workUnder(data: CallParts, variant: Variant, { curve, beside }: Slowdown): Work {
  const { calls, occupancy } = data;
  const { binCalls, startMs, atStart } = occupancy;
  const bins = binCalls.length;
  const promptMs = new Float64Array(calls.count);
  const outputMs = new Float64Array(calls.count);
  if (variant.applies === "at-start") {
    for (let i = 0; i < calls.count; i++) {
      const factor = curveFactor(variant.curve, curve, atStart[i]!);
      const firstMs = variant.isWhole ? calls.endMs[i]! : calls.firstMs[i]!;
      promptMs[i] = (firstMs - startMs[i]!) / (isUnpaced(variant) ? 1 : factor);
      outputMs[i] = (calls.endMs[i]! - firstMs) / factor;
    }
    return { promptMs, outputMs };
  }
  const isOwn = isUnpaced(variant);
  const isStepwise = variant.prompts === "in-steps";
  const factors = Float64Array.from(binCalls, (inside) => curveFactor(variant.curve, curve, inside));
  const idle = factors.map((factor) => 1 / factor);
  const reading = isStepwise ? idle : factors.map((factor) => 1 / (factor + beside));
  const promptSpeed = isOwn ? idle.map(() => 1) : reading;
  for (let i = 0; i < calls.count; i++) {
    const from = i * bins;
    let prompt = 0;
    let output = 0;
    for (let b = occupancy.binFrom[i]!; b < occupancy.binTo[i]!; b++) {
      prompt += occupancy.promptMs[from + b]! * promptSpeed[b]!;
      output += occupancy.outputMs[from + b]! * idle[b]! + occupancy.outputBesidePromptMs[from + b]! * reading[b]!;
    }
    promptMs[i] = prompt;
    outputMs[i] = output;
    if (!isStepwise) continue;
    // Nothing else advances while tokens are read: that time is not work of this call.
    promptMs[i] = prompt * movingShare(beside * calls.inputTokens[i]!, calls.firstMs[i]! - startMs[i]!);
    outputMs[i] = output * movingShare(beside * data.besideTokens[i]!, calls.endMs[i]! - calls.firstMs[i]!);
  }
  return { promptMs, outputMs };
}

/** Whether load leaves the prompt part at its own speed. */
export function isUnpaced({ prompts }: Variant): boolean {
  return prompts === "own" || prompts === "in-line";
}

/** Share of a part's time, at least 2 %, in which it was not stopped by the reading of prompts. */
export function movingShare(stoppedMs: number, wholeMs: number): number {
  return wholeMs > 0 ? Math.max(0.02, 1 - stoppedMs / wholeMs) : 1;
}
