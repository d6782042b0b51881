import { type CallParts, isUnpaced, type Slowdown, workUnder } from "./call-parts.ts";
import { relativeLeastSquares } from "./linear-log.ts";
import { minimise } from "./minimise.ts";
import { medianInPlace } from "./quantiles.ts";
import type { CurveKind, Variant } from "./variant.ts";

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

/** The slowdown under which works per size are spread least. */
export function fitCurve(data: CallParts, variant: Variant): Slowdown {
  const hasBeside = variant.prompts === "serial" || variant.prompts === "in-steps";
  if (variant.curve === "flat" && !hasBeside) return { curve: [], beside: 0 };
  const peak = data.occupancy.binCalls.at(-1)!;
  // In steps it is ms a token, elsewhere a factor.
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

/** Powers that slowdowns have: a wilder one is a few unlucky calls at the busiest instant, and explodes beyond it. */
const POWER_MIN = 0.5;
const POWER_MAX = 2.2;

function boundedCurve(kind: CurveKind, numbers: readonly number[]): readonly number[] {
  if (kind !== "power") return numbers;
  return [numbers[0]!, Math.min(POWER_MAX, Math.max(POWER_MIN, numbers[1]!))];
}

/** How far works per size are spread under a slowdown, in logarithms: the right one leaves the least. */
function spreadOf(data: CallParts, variant: Variant, slowdown: Slowdown): number {
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

/** What work is told by: one, input tokens, and of whole answers output tokens. */
export function sizeColumns({ calls, later }: CallParts, isWhole: boolean): readonly Float64Array[] {
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
