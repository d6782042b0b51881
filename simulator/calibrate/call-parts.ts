import type { Calls } from "./calls.ts";
import { curveFactor, type Variant } from "./candidate-model.ts";
import type { Occupancy } from "./occupancy.ts";

/** A slowdown: the curve's numbers, and what the reading of a prompt adds. */
export interface Slowdown {
  readonly curve: readonly number[];
  readonly beside: number;
}

/** The calls of a measurement laid out for reading. */
export interface CallParts {
  readonly calls: Calls;
  readonly occupancy: Occupancy;
  /** Calls that were answered, and that this reading can explain. */
  readonly rows: readonly number[];
  /** Of them, those with an output part long enough to tell something. */
  readonly outputRows: readonly number[];
  readonly later: Float64Array;
  /** In-steps only: input tokens of the prompts that were read during a call's output part, and of its own prompt's. */
  readonly besideTokens: Float64Array;
  /** In-steps only: calls whose prompt met no other. */
  readonly aloneRows: readonly number[];
}

export interface Work {
  readonly promptMs: Float64Array;
  readonly outputMs: Float64Array;
}

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

/** How many of ascending values are at most x. */
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

/** Work of each part in ms of an unloaded endpoint. */
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
    for (let b = 0; b < bins; b++) {
      prompt += occupancy.promptMs[from + b]! * promptSpeed[b]!;
      output += occupancy.outputMs[from + b]! * idle[b]! + occupancy.outputBesidePromptMs[from + b]! * reading[b]!;
    }
    promptMs[i] = prompt;
    outputMs[i] = output;
    if (!isStepwise) continue;
    // While tokens are read nothing else moves: that time is no work of this call's.
    promptMs[i] = prompt * movingShare(beside * calls.inputTokens[i]!, calls.firstMs[i]! - startMs[i]!);
    outputMs[i] = output * movingShare(beside * data.besideTokens[i]!, calls.endMs[i]! - calls.firstMs[i]!);
  }
  return { promptMs, outputMs };
}

export function isUnpaced({ prompts }: Variant): boolean {
  return prompts === "own" || prompts === "in-line";
}

export function movingShare(stoppedMs: number, wholeMs: number): number {
  return wholeMs > 0 ? Math.max(0.02, 1 - stoppedMs / wholeMs) : 1;
}
