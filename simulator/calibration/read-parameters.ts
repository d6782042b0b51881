import type { Calls } from "./calls.ts";
import { fitLinearLog, relativeLeastSquares } from "./linear-log.ts";
import { type Luck, luckCv, luckOf, medianLuck, NO_LUCK } from "./luck.ts";
import { minimise } from "./minimise.ts";
import { type Occupancy, occupancyOf } from "./occupancy.ts";
import { median, medianInPlace } from "./quantiles.ts";
import { type CurveKind, curveFactor, type Parameters, type Variant } from "./variant.ts";

/**
 * A variant's numbers, read off the measurement: with the calls inside known at every instant, each call's times tell
 * its work, and what its size does not explain of that is its luck. No simulation is needed for it.
 *
 * @param pick which of the calls that can tell something are asked: all, or a bootstrap's sample of them
 * @returns undefined where the calls cannot tell
 */
export function readParameters(
  calls: Calls,
  variant: Variant,
  servers: number,
  pick: (rows: readonly number[]) => readonly number[] = (rows) => rows,
): Parameters | undefined {
  const occupancy = occupancyOf(calls, {
    servers,
    isSerial: variant.prompts === "serial" || variant.prompts === "in-line",
    counts: variant.counts,
    isWhole: variant.isWhole,
  });
  const all = dataOf(calls, occupancy, variant);
  const data: Data = {
    ...all,
    rows: pick(all.rows),
    outputRows: pick(all.outputRows),
    aloneRows: pick(all.aloneRows),
  };
  if (data.rows.length < 8) return undefined;
  const curve = fitCurve(data, variant);
  const work = workUnder(data, variant, curve);
  return variant.isWhole
    ? wholeParameters(data, work, servers, curve)
    : partParameters(data, work, variant, { servers, ...curve });
}

/**
 * How far a variant is from each call when everybody else did what was measured: the absolute error of the logarithms
 * of TTFT and E2E, their mean, by call; NaN for calls whose times do not count. Sharper than a simulation, whose own
 * luck blurs who met whom.
 */
export function errorsGivenOthers(calls: Calls, variant: Variant, parameters: Parameters): Float64Array {
  const { servers, curve, promptSlowdown } = parameters;
  const occupancy = occupancyOf(calls, {
    servers,
    isSerial: variant.prompts === "serial" || variant.prompts === "in-line",
    counts: variant.counts,
    isWhole: variant.isWhole,
  });
  const data = dataOf(calls, occupancy, variant);
  const isStepwise = variant.prompts === "in-steps";
  const beside = isStepwise ? promptSlowdown * parameters.promptPerTokenMs : promptSlowdown;
  const work = workUnder(data, variant, { curve, beside });
  const promptMedian = medianLuck(parameters.promptLuck);
  const outputMedian = medianLuck(parameters.outputLuck);
  const errors = new Float64Array(calls.count).fill(Number.NaN);
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
    const e2e = logDistance(ttftMs + outputMs, endMs - atMs);
    errors[i] = variant.isWhole ? e2e : (e2e + logDistance(ttftMs, firstMs - atMs)) / 2;
  }
  return errors;
}

function logDistance(predictedMs: number, measuredMs: number): number {
  return Math.abs(Math.log(Math.max(0.5, predictedMs) / Math.max(0.5, measuredMs)));
}

/** A slowdown: the curve's numbers, and what the reading of a prompt adds. */
interface Slowdown {
  readonly curve: readonly number[];
  readonly beside: number;
}

interface Data {
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

interface Work {
  readonly promptMs: Float64Array;
  readonly outputMs: Float64Array;
}

function dataOf(calls: Calls, occupancy: Occupancy, variant: Variant): Data {
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

/** Steps of a search over a curve's numbers, and where it may begin. */
const GRIDS: Readonly<Record<CurveKind, (peak: number) => readonly (readonly number[])[]>> = {
  flat: () => [[]],
  straight: () => [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1].map((a) => [a]),
  power: () => [0.6, 1.5, 2.2].flatMap((g) => [0.0003, 0.003, 0.03, 0.3].map((a) => [a, g])),
  capped: (peak) => [0.15, 0.3, 0.45, 0.6, 0.75, 0.9].map((part) => [Math.max(1, part * peak)]),
};

const IN_STEPS_MS_PER_TOKEN = 0.2;
/** Square roots of what the reading of a prompt may add. */
const BESIDE_STARTS = [0.3, 0.7, 1.3];

function fitCurve(data: Data, variant: Variant): Slowdown {
  const hasBeside = variant.prompts === "serial" || variant.prompts === "in-steps";
  if (variant.curve === "flat" && !hasBeside) return { curve: [], beside: 0 };
  const peak = data.occupancy.binCalls.at(-1)!;
  // In steps it is ms a token, elsewhere a factor.
  const unit = variant.prompts === "in-steps" ? IN_STEPS_MS_PER_TOKEN : 1;
  const slowdownAt = (x: readonly number[]): Slowdown => ({
    curve: x.slice(0, hasBeside ? -1 : undefined).map(Math.exp),
    beside: hasBeside ? x.at(-1)! ** 2 * unit : 0,
  });
  const loss = (x: readonly number[]) => spreadOf(data, variant, slowdownAt(x));
  const starts = GRIDS[variant.curve](peak).flatMap((each) => {
    const curve = each.map(Math.log);
    return hasBeside ? BESIDE_STARTS.map((beside) => [...curve, beside]) : [curve];
  });
  const scored = starts.map((start) => ({ start, value: loss(start) })).sort((a, b) => a.value - b.value);
  const { start } = scored[0]!;
  const steps = start.map((_, d) =>
    hasBeside && d === start.length - 1 ? 0.3 : variant.curve === "capped" ? 0.2 : 0.5,
  );
  return slowdownAt(minimise(loss, start, { steps, evaluationsMax: 50 * start.length, tolerance: 1e-6 }).at);
}

/** How far works per size are spread under a slowdown, in logarithms: the right one leaves the least. */
function spreadOf(data: Data, variant: Variant, slowdown: Slowdown): number {
  const work = workUnder(data, variant, slowdown);
  if (variant.isWhole || data.outputRows.length < 8) {
    const columns = sizeColumns(data, variant.isWhole);
    const target = work.promptMs;
    const b = relativeLeastSquares(columns, target, data.rows);
    return spread(data.rows, (i) => target[i]! / columns.reduce((sum, column, c) => sum + b[c]! * column[i]!, 0));
  }
  const output = spread(data.outputRows, (i) => work.outputMs[i]! / data.later[i]!);
  if (isUnpaced(variant)) return output;
  const columns = sizeColumns(data, false);
  const rows = variant.prompts === "in-steps" ? data.aloneRows : data.rows;
  const b = relativeLeastSquares(columns, work.promptMs, rows);
  const prompt = spread(rows, (i) => work.promptMs[i]! / (b[0]! + b[1]! * columns[1]![i]!));
  return output + prompt;
}

function sizeColumns({ calls, later }: Data, isWhole: boolean): readonly Float64Array[] {
  const ones = new Float64Array(calls.count).fill(1);
  return isWhole ? [ones, calls.inputTokens, later] : [ones, calls.inputTokens];
}

/** Mean distance of the logarithms from their median. */
function spread(rows: readonly number[], ratioOf: (i: number) => number): number {
  const logs = new Float64Array(rows.length);
  for (let n = 0; n < rows.length; n++) logs[n] = Math.log(Math.max(1e-9, ratioOf(rows[n]!)));
  const middle = medianInPlace(logs);
  let sum = 0;
  for (let n = 0; n < logs.length; n++) sum += Math.min(3, Math.abs(logs[n]! - middle));
  return sum / logs.length;
}

/** Work of each part in ms of an unloaded endpoint. */
function workUnder(data: Data, variant: Variant, { curve, beside }: Slowdown): Work {
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

function isUnpaced({ prompts }: Variant): boolean {
  return prompts === "own" || prompts === "in-line";
}

function movingShare(stoppedMs: number, wholeMs: number): number {
  return wholeMs > 0 ? Math.max(0.02, 1 - stoppedMs / wholeMs) : 1;
}

function wholeParameters(data: Data, work: Work, servers: number, { curve }: Slowdown): Parameters {
  const [base = 0, perInput = 0, perOutput = 0] = fitLinearLog(sizeColumns(data, true), work.promptMs, data.rows);
  const { calls, later } = data;
  const { luck, mean } = luckOf(
    data.rows.map((i) => work.promptMs[i]! / (base + perInput * calls.inputTokens[i]! + perOutput * later[i]!)),
  );
  return {
    servers,
    promptBaseMs: base * mean,
    promptPerTokenMs: perInput * mean,
    perOutputTokenMs: perOutput * mean,
    promptSlowdown: 0,
    curve,
    promptLuck: luck,
    outputLuck: luck,
    sameLuck: true,
  };
}

function partParameters(
  data: Data,
  work: Work,
  variant: Variant,
  { servers, curve, beside }: Slowdown & { readonly servers: number },
): Parameters {
  const { calls, later } = data;
  const isStepwise = variant.prompts === "in-steps";
  const promptRows = isStepwise ? data.aloneRows : data.rows;
  const [base = 0, paced = 0] = fitLinearLog(sizeColumns(data, false), work.promptMs, promptRows);
  const perInput = isStepwise ? Math.max(paced, beside / STOPPED_FACTOR) : paced;
  const promptRatio = (i: number) => work.promptMs[i]! / (base + perInput * calls.inputTokens[i]!);
  const prompt = luckOf(promptRows.map(promptRatio));
  const typical = median(data.outputRows.map((i) => work.outputMs[i]! / later[i]!));
  const perOutput = Number.isNaN(typical) ? 0 : typical;
  const outputRatio = (i: number) => work.outputMs[i]! / (later[i]! * perOutput);
  const output = perOutput > 0 ? luckOf(data.outputRows.map(outputRatio)) : { luck: NO_LUCK, mean: 1 };
  return {
    servers,
    promptBaseMs: base * prompt.mean,
    promptPerTokenMs: perInput * prompt.mean,
    perOutputTokenMs: perOutput * output.mean,
    promptSlowdown: isStepwise && beside > 0 ? beside / perInput : isStepwise ? 0 : beside,
    curve,
    promptLuck: prompt.luck,
    outputLuck: output.luck,
    sameLuck: isSameLuck(data.outputRows, promptRatio, outputRatio, [prompt.luck, output.luck]),
  };
}

/** Prompts that stop everything else: so much slower counts as stopped. */
const STOPPED_FACTOR = 200;

/** From this correlation of their logarithms on, both parts of a call are taken to share one luck. */
const SAME_LUCK_MIN = 0.6;

function isSameLuck(
  rows: readonly number[],
  promptRatio: (i: number) => number,
  outputRatio: (i: number) => number,
  lucks: readonly Luck[],
): boolean {
  if (rows.length < 30 || lucks.some((luck) => luckCv(luck) < 0.02)) return false;
  const x = rows.map((i) => Math.log(Math.max(1e-9, promptRatio(i))));
  const y = rows.map((i) => Math.log(Math.max(1e-9, outputRatio(i))));
  return correlation(x, y) >= SAME_LUCK_MIN;
}

function correlation(x: readonly number[], y: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const mx = mean(x);
  const my = mean(y);
  let xy = 0;
  let xx = 0;
  let yy = 0;
  x.forEach((each, i) => {
    xy += (each - mx) * (y[i]! - my);
    xx += (each - mx) ** 2;
    yy += (y[i]! - my) ** 2;
  });
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : 0;
}
