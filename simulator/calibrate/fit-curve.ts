/** The slowdown curve under which work per size varies least, and the two minimisers behind it. */
import { meanNumber, median, medianInPlace } from "../base/statistics.ts";
import { type CallParts, isUnpaced, type Slowdown, workUnder } from "./call-parts.ts";
import type { CurveKind, Variant } from "./candidate-model.ts";

/** Starting points of the search over a curve's parameters. @param peak most calls in service at a time */
const GRIDS: Readonly<Record<CurveKind, (peak: number) => readonly (readonly number[])[]>> = {
  flat: () => [[]],
  straight: () => [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1].map((a) => [a]),
  power: () => [0.6, 1.5, 2.2].flatMap((g) => [0.0003, 0.003, 0.03, 0.3].map((a) => [a, g])),
  capped: (peak) => [0.15, 0.3, 0.45, 0.6, 0.75, 0.9].map((part) => [Math.max(1, part * peak)]),
};

const IN_STEPS_MS_PER_TOKEN = 0.2;
/** Starting points for the square root of what reading a prompt adds. */
const BESIDE_STARTS = [0.3, 0.7, 1.3];

/** The slowdown under which work per size has the least spread: grid search, then Nelder-Mead. */
export function fitCurve(data: CallParts, variant: Variant): Slowdown {
  const hasBeside = variant.prompts === "serial" || variant.prompts === "in-steps";
  if (variant.curve === "flat" && !hasBeside) return { curve: [], beside: 0 };
  const peak = data.occupancy.binCalls.at(-1)!;
  // In steps it is in ms a token, elsewhere a factor.
  const unit = variant.prompts === "in-steps" ? IN_STEPS_MS_PER_TOKEN : 1;
  const slowdownAt = (x: readonly number[]): Slowdown => ({
    curve: boundedCurve(variant.curve, x.slice(0, hasBeside ? -1 : undefined).map(Math.exp)),
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

/**
 * Bounds of the exponent: one beyond them comes from a few outliers at the busiest instant, and extrapolates wildly.
 */
const POWER_MIN = 0.5;
const POWER_MAX = 2.2;

function boundedCurve(kind: CurveKind, numbers: readonly number[]): readonly number[] {
  if (kind !== "power") return numbers;
  return [numbers[0]!, Math.min(POWER_MAX, Math.max(POWER_MIN, numbers[1]!))];
}

/** Spread of the logarithm of work per size under a slowdown; least under the right one. */
function spreadOf(data: CallParts, variant: Variant, slowdown: Slowdown): number {
  const work = workUnder(data, variant, slowdown);
  if (variant.isWhole || data.outputRows.length < 8) {
    return spreadAroundFit(sizeColumns(data, variant.isWhole), work.promptMs, data.rows);
  }
  const { outputRows, later } = data;
  const ratios = new Float64Array(outputRows.length);
  for (let n = 0; n < ratios.length; n++) ratios[n] = work.outputMs[outputRows[n]!]! / later[outputRows[n]!]!;
  const output = spread(ratios);
  if (isUnpaced(variant)) return output;
  const rows = variant.prompts === "in-steps" ? data.aloneRows : data.rows;
  return output + spreadAroundFit(sizeColumns(data, false), work.promptMs, rows);
}

/** Spread of the ratios of work to what its size explains by least squares. */
function spreadAroundFit(columns: readonly Float64Array[], target: Float64Array, rows: readonly number[]): number {
  const b = relativeLeastSquares(columns, target, rows);
  const ratios = new Float64Array(rows.length);
  for (let n = 0; n < ratios.length; n++) {
    const i = rows[n]!;
    let explained = 0;
    for (let c = 0; c < b.length; c++) explained += b[c]! * columns[c]![i]!;
    ratios[n] = target[i]! / explained;
  }
  return spread(ratios);
}

/** Regressors of work: a constant, input tokens, and for answers in one piece output tokens. */
export function sizeColumns({ calls, later }: CallParts, isWhole: boolean): readonly Float64Array[] {
  const ones = new Float64Array(calls.count).fill(1);
  return isWhole ? [ones, calls.inputTokens, later] : [ones, calls.inputTokens];
}

/** Mean absolute deviation of the ratios' logarithms from their median, each capped at 3. Overwrites the ratios. */
function spread(ratios: Float64Array): number {
  const logs = ratios;
  for (let n = 0; n < logs.length; n++) logs[n] = Math.log(Math.max(1e-9, ratios[n]!));
  const middle = medianInPlace(logs);
  let sum = 0;
  for (let n = 0; n < logs.length; n++) sum += Math.min(3, Math.abs(logs[n]! - middle));
  return sum / logs.length;
}

/**
 * Fits target = Σ b·column with b >= 0 by the least mean absolute error of logarithms: large and small calls count
 * alike, and outliers have little influence.
 *
 * @param rows which rows of the columns count
 * @returns one b per column
 * @example fitLinearLog([new Float64Array([1, 2, 4])], new Float64Array([3, 6, 12]), [0, 1, 2]) // => [3]
 */
export function fitLinearLog(
  columns: readonly Float64Array[],
  target: Float64Array,
  rows: readonly number[],
): readonly number[] {
  const used = rows.filter((i) => target[i]! > 0);
  if (used.length === 0) return columns.map(() => 0);
  const start = relativeLeastSquares(columns, target, used);
  const regressors = columns.map((column) => Float64Array.from(used, (i) => column[i]!));
  const scale = regressors.map((column) => median([...column]) || 1);
  const typical = median(used.map((i) => target[i]!));
  const logs = Float64Array.from(used, (i) => Math.log(target[i]!));
  const loss = (b: readonly number[]) => {
    let sum = 0;
    for (let n = 0; n < logs.length; n++) {
      let fitted = 0;
      for (let c = 0; c < regressors.length; c++) fitted += b[c]! * regressors[c]![n]!;
      sum += fitted > 0 ? Math.abs(logs[n]! - Math.log(fitted)) : 1e3;
    }
    return sum / logs.length;
  };
  // Coordinates are square roots of shares of a typical target, so that b cannot be negative and can reach 0.
  const share = (b: number, c: number) => Math.sqrt((b * scale[c]!) / typical);
  const value = (x: number, c: number) => (x * x * typical) / scale[c]!;
  const found = minimise((x) => loss(x.map(value)), start.map(share), {
    steps: columns.map(() => 0.05),
    evaluationsMax: 120 * columns.length,
    tolerance: 1e-7,
  });
  return found.at.map(value);
}

/** Least squares of relative errors under b >= 0, by coordinate descent, which collinear columns do not break. */
export function relativeLeastSquares(
  columns: readonly Float64Array[],
  target: Float64Array,
  rows: readonly number[],
): number[] {
  const size = columns.length;
  const gram = columns.map(() => new Float64Array(size));
  const right = new Float64Array(size);
  for (let n = 0; n < rows.length; n++) {
    const i = rows[n]!;
    const square = target[i]! ** 2;
    for (let c = 0; c < size; c++) {
      const value = columns[c]![i]!;
      right[c]! += value / target[i]!;
      for (let d = 0; d < size; d++) gram[c]![d]! += (value * columns[d]![i]!) / square;
    }
  }
  const b = new Array<number>(size).fill(0);
  for (let round = 0; round < 500; round++) {
    let isMoving = false;
    for (let c = 0; c < size; c++) {
      if (gram[c]![c]! === 0) continue;
      let rest = right[c]!;
      for (let d = 0; d < size; d++) if (d !== c) rest -= gram[c]![d]! * b[d]!;
      const next = Math.max(0, rest / gram[c]![c]!);
      if (next !== b[c]) isMoving = true;
      b[c] = next;
    }
    if (!isMoving) break;
  }
  return b;
}

export interface MinimiseOptions {
  /** First step in each coordinate. */
  readonly steps: readonly number[];
  readonly evaluationsMax: number;
  /** Stop when the simplex's values differ by less than this. */
  readonly tolerance?: number;
}

/** The best point found. */
export interface Minimum {
  readonly at: readonly number[];
  readonly value: number;
  readonly evaluations: number;
}

/**
 * Nelder and Mead's simplex search for a few coordinates and a function without derivatives (The Computer Journal 7
 * (1965) 308-313, their coefficients 1, 2, 1/2, 1/2). It never returns a worse point than it began with; NaN counts as
 * Infinity.
 */
export function minimise(
  of: (point: readonly number[]) => number,
  start: readonly number[],
  { steps, evaluationsMax, tolerance = 1e-6 }: MinimiseOptions,
): Minimum {
  let evaluations = 0;
  const evaluate = (at: readonly number[]): Vertex => {
    evaluations++;
    const value = of(at);
    return { at, value: Number.isNaN(value) ? Number.POSITIVE_INFINITY : value };
  };
  const dimensions = start.length;
  const simplex = [evaluate(start)];
  for (let d = 0; d < dimensions && evaluations < evaluationsMax; d++) {
    simplex.push(evaluate(start.map((x, i) => (i === d ? x + steps[d]! : x))));
  }
  simplex.sort(byValue);
  while (simplex.length === dimensions + 1 && evaluations < evaluationsMax) {
    const best = simplex[0]!;
    const worst = simplex[dimensions]!;
    if (worst.value - best.value <= tolerance) break;
    const centre = start.map((_, i) => meanNumber(simplex.slice(0, dimensions).map(({ at }) => at[i]!)));
    const beyond = (by: number) => evaluate(centre.map((c, i) => c + by * (c - worst.at[i]!)));
    const reflected = beyond(1);
    if (reflected.value < best.value) {
      const expanded = beyond(2);
      simplex[dimensions] = expanded.value < reflected.value ? expanded : reflected;
    } else if (reflected.value < simplex[dimensions - 1]!.value) {
      simplex[dimensions] = reflected;
    } else {
      const contracted = reflected.value < worst.value ? beyond(0.5) : beyond(-0.5);
      if (contracted.value < Math.min(worst.value, reflected.value)) simplex[dimensions] = contracted;
      else shrink(simplex, evaluate);
    }
    simplex.sort(byValue);
  }
  const { at, value } = simplex[0]!;
  return { at, value, evaluations };
}

interface Vertex {
  readonly at: readonly number[];
  readonly value: number;
}

function shrink(simplex: Vertex[], evaluate: (at: readonly number[]) => Vertex): void {
  const best = simplex[0]!;
  for (let v = 1; v < simplex.length; v++) {
    simplex[v] = evaluate(simplex[v]!.at.map((x, i) => best.at[i]! + (x - best.at[i]!) / 2));
  }
}

function byValue(a: Vertex, b: Vertex): number {
  return a.value - b.value;
}
