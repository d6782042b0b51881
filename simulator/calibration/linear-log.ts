import { minimise } from "./minimise.ts";
import { median } from "./quantiles.ts";

/**
 * Fits target = sum of b x column with b >= 0, so that the mean absolute relative error (of logarithms) is least: large
 * and small calls count alike, and a few wild ones do not matter.
 *
 * @param rows which rows of the columns count
 * @returns one b per column, 0 for columns without weight
 */
export function fitLinearLog(
  columns: readonly Float64Array[],
  target: Float64Array,
  rows: readonly number[],
): readonly number[] {
  const used = rows.filter((i) => target[i]! > 0);
  if (used.length === 0) return columns.map(() => 0);
  const start = relativeLeastSquares(columns, target, used);
  const scale = columns.map((column) => median(used.map((i) => column[i]!)) || 1);
  const typical = median(used.map((i) => target[i]!));
  const logTarget = target.map(Math.log);
  const loss = (b: readonly number[]) => {
    let sum = 0;
    for (const i of used) {
      let fitted = 0;
      for (let c = 0; c < columns.length; c++) fitted += b[c]! * columns[c]![i]!;
      sum += fitted > 0 ? Math.abs(logTarget[i]! - Math.log(fitted)) : 1e3;
    }
    return sum / used.length;
  };
  // Coordinates are square roots of shares of a typical target: never negative, and 0 can be reached.
  const share = (b: number, c: number) => Math.sqrt((b * scale[c]!) / typical);
  const value = (x: number, c: number) => (x * x * typical) / scale[c]!;
  const found = minimise((x) => loss(x.map(value)), start.map(share), {
    steps: columns.map(() => 0.05),
    evaluationsMax: 120 * columns.length,
    tolerance: 1e-7,
  });
  return found.at.map(value);
}

/** Least squares of relative errors under b >= 0, by coordinate descent: small, and never fails on equal columns. */
export function relativeLeastSquares(
  columns: readonly Float64Array[],
  target: Float64Array,
  rows: readonly number[],
): number[] {
  const size = columns.length;
  const gram = columns.map((a) => columns.map((b) => rows.reduce((s, i) => s + (a[i]! * b[i]!) / target[i]! ** 2, 0)));
  const right = columns.map((a) => rows.reduce((s, i) => s + a[i]! / target[i]!, 0));
  const b = new Array<number>(size).fill(0);
  for (let round = 0; round < 500; round++) {
    for (let c = 0; c < size; c++) {
      if (gram[c]![c]! === 0) continue;
      let rest = right[c]!;
      for (let d = 0; d < size; d++) if (d !== c) rest -= gram[c]![d]! * b[d]!;
      b[c] = Math.max(0, rest / gram[c]![c]!);
    }
  }
  return b;
}
