import type { FittedSpec } from "../world/capacity/fitted-work.ts";
import { type Luck, luckLaw } from "./luck.ts";

/** Shape of a slowdown curve. */
export type CurveKind = "flat" | "straight" | "capped" | "power";

/** Halvings of an interval: 1e-9 of it is left. */
const BEST_STEPS = 30;

/** One idea of what an endpoint is: which of its parts load slows, how, and when. */
export interface Variant {
  readonly curve: CurveKind;
  readonly prompts: FittedSpec["prompts"];
  readonly counts: FittedSpec["counts"];
  readonly applies: FittedSpec["applies"];
  readonly isWhole: boolean;
}

/** Numbers of a variant. */
export interface Parameters {
  /** Calls served at a time. */
  readonly servers: number;
  readonly promptBaseMs: number;
  readonly promptPerTokenMs: number;
  readonly perOutputTokenMs: number;
  readonly promptSlowdown: number;
  /** Of the curve; see `curveFactor`. */
  readonly curve: readonly number[];
  readonly promptLuck: Luck;
  readonly outputLuck: Luck;
  readonly sameLuck: boolean;
}

/**
 * Slowdown with n calls, 1 when alone.
 * straight: 1 + a (n - 1). power: 1 + a (n - 1)^g, up to where most is done at a time; beyond, in proportion to n, for an
 * endpoint does not do less because more is asked of it. capped: 1 up to c calls, then n / c: c servers shared.
 */
export function curveFactor(kind: CurveKind, parameters: readonly number[], calls: number): number {
  const [a = 0, g = 1] = parameters;
  switch (kind) {
    case "flat":
      return 1;
    case "straight":
      return 1 + a * Math.max(0, calls - 1);
    case "power":
      return powerFactor(a, g, calls);
    case "capped":
      return Math.max(1, calls / a);
  }
}

function powerFactor(a: number, g: number, calls: number): number {
  const others = Math.max(0, calls - 1);
  if (!isPastBest(a, g, others)) return 1 + a * others ** g;
  let low = 0;
  let high = others;
  for (let step = 0; step < BEST_STEPS; step++) {
    const middle = (low + high) / 2;
    if (isPastBest(a, g, middle)) high = middle;
    else low = middle;
  }
  return ((1 + a * low ** g) * calls) / (low + 1);
}

/** Whether (1 + x) / (1 + a x^g), what is done at a time, falls at x. */
function isPastBest(a: number, g: number, x: number): boolean {
  return g > 1 && a * x ** (g - 1) * ((g - 1) * x + g) > 1;
}

export function specOf(variant: Variant, parameters: Parameters, peak: number): FittedSpec {
  return {
    kind: "fitted",
    servers: parameters.servers,
    promptBaseMs: parameters.promptBaseMs,
    promptPerTokenMs: parameters.promptPerTokenMs,
    prompts: variant.prompts,
    promptSlowdown: parameters.promptSlowdown,
    perOutputTokenMs: parameters.perOutputTokenMs,
    promptNoise: luckLaw(parameters.promptLuck),
    outputNoise: luckLaw(parameters.outputLuck),
    sameLuck: parameters.sameLuck,
    isWhole: variant.isWhole,
    load: curvePoints(variant.curve, parameters.curve, peak),
    counts: variant.counts,
    applies: variant.applies,
    waitingRoom: Number.POSITIVE_INFINITY,
    patience: null,
    queueDelayMsMax: Number.POSITIVE_INFINITY,
    background: null,
  };
}

/** @param peak most calls seen inside at a time: a bent curve is drawn to four times that, then goes on straight */
export function curvePoints(
  kind: CurveKind,
  parameters: readonly number[],
  peak: number,
): readonly (readonly [number, number])[] {
  const at = (calls: number) => [calls, curveFactor(kind, parameters, calls)] as const;
  switch (kind) {
    case "flat":
      return [];
    case "straight":
      return [at(1), at(2)];
    case "capped": {
      const cap = Math.max(1, parameters[0]!);
      return [
        [cap, 1],
        [2 * cap, 2],
      ];
    }
    case "power": {
      const points: (readonly [number, number])[] = [at(1)];
      const farthest = Math.max(4, 4 * peak);
      for (let calls = 2; calls < farthest; calls = Math.max(calls + 1, Math.round(calls * 1.25))) {
        points.push(at(calls));
      }
      return [...points, at(farthest)];
    }
  }
}
