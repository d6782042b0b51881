import { createQuantileColumn, type Figure } from "../../../simulator/validate/paired-intervals.ts";

/** Uniforms by Marsaglia's multiply-with-carry: independent of the product's own generators. */
export function uniforms(seed: number): () => number {
  let a = (seed * 2_654_435_761) >>> 0 || 1;
  let b = (seed ^ 0x9e3779b9) >>> 0 || 2;
  const next = () => {
    a = (36_969 * (a & 0xffff) + (a >>> 16)) >>> 0;
    b = (18_000 * (b & 0xffff) + (b >>> 16)) >>> 0;
    return (((a << 16) + (b & 0xffff)) >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 20; i++) next();
  return next;
}

export function normals(seed: number): () => number {
  const u = uniforms(seed);
  return () => Math.sqrt(-2 * Math.log(1 - u())) * Math.cos(2 * Math.PI * u());
}

/** An autoregressive series of order one with unit variance. */
export function autoregressive(n: number, rho: number, seed: number): Float64Array {
  const draw = normals(seed);
  const series = new Float64Array(n);
  let state = draw();
  for (let i = 0; i < n; i++) {
    state = rho * state + Math.sqrt(1 - rho ** 2) * draw();
    series[i] = state;
  }
  return series;
}

export function quantileFigure(values: Float64Array, share: number): Figure {
  return { kind: "quantile", column: createQuantileColumn(values), values, share };
}

export function ratioFigure(numerator: readonly number[], denominator: readonly number[]): Figure {
  return { kind: "ratio", numerator: Float64Array.from(numerator), denominator: Float64Array.from(denominator) };
}
