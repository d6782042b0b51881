import type { QuantileColumn } from "./weighted-quantiles.ts";

/** A figure of one side as it is made from the side's requests, which may be weighted. */
export type Figure =
  /** Of the column's sample, the quantile at a share. */
  | {
      readonly kind: "quantile";
      readonly column: QuantileColumn;
      readonly values: Float64Array;
      readonly share: number;
    }
  /** Sum over sum, both by request: a share, a mean, a price per request. */
  | { readonly kind: "ratio"; readonly numerator: Float64Array; readonly denominator: Float64Array };

/** One figure, simulated and measured, of the same requests in the same order. */
export interface PairedQuantity {
  readonly simulated: Figure;
  readonly measured: Figure;
  /** The difference is simulated / measured - 1; else simulated - measured. */
  readonly isRelative: boolean;
}

/** Simulated against measured: how wrong the simulator was. 0 where both are 0; NaN where there is none. */
export function differenceOf(simulated: number, measured: number, isRelative: boolean): number {
  if (!isRelative) return simulated - measured;
  if (measured === 0) return simulated === 0 ? 0 : Number.NaN;
  return simulated / measured - 1;
}

/** Evaluates the figures of many quantities under one set of weights after the other, each column once. */
export class FigureReader {
  private readonly columns = new Map<QuantileColumn, { readonly shares: number[]; out: Float64Array }>();

  constructor(figures: readonly Figure[]) {
    for (const figure of figures) {
      if (figure.kind !== "quantile") continue;
      const known = this.columns.get(figure.column);
      if (known === undefined) this.columns.set(figure.column, { shares: [figure.share], out: new Float64Array(0) });
      else if (!known.shares.includes(figure.share)) known.shares.push(figure.share);
    }
    for (const each of this.columns.values()) {
      each.shares.sort((a, b) => a - b);
      each.out = new Float64Array(each.shares.length);
    }
  }

  /** Takes in weights by request; 1 each where left out. */
  read(weights?: Int32Array): void {
    for (const [column, { shares, out }] of this.columns) column.at(shares, out, weights);
  }

  /** A figure under the weights that were read last. */
  valueOf(figure: Figure, weights?: Int32Array): number {
    if (figure.kind === "quantile") {
      const { shares, out } = this.columns.get(figure.column)!;
      return out[shares.indexOf(figure.share)]!;
    }
    const { numerator, denominator } = figure;
    let over = 0;
    let per = 0;
    for (let i = 0; i < numerator.length; i++) {
      const weight = weights === undefined ? 1 : weights[i]!;
      over += weight * numerator[i]!;
      per += weight * denominator[i]!;
    }
    return per > 0 ? over / per : Number.NaN;
  }
}

/**
 * What each request adds to the difference, to first order: its serial dependence is that of the difference.
 * For a quantile, which side of it the request is on; for a ratio, its excess over the ratio.
 */
export function influenceOf({ simulated, measured }: PairedQuantity, values: readonly [number, number]): Float64Array {
  const ofSimulated = influence(simulated, values[0]);
  const ofMeasured = influence(measured, values[1]);
  return ofSimulated.map((value, i) => value - ofMeasured[i]!);
}

function influence(figure: Figure, value: number): Float64Array {
  if (figure.kind === "quantile") {
    const { values, share } = figure;
    return values.map((each) => (Number.isNaN(each) ? 0 : share - (each <= value ? 1 : 0)));
  }
  const { numerator, denominator } = figure;
  return numerator.map((over, i) => over - value * denominator[i]!);
}
