/**
 * A law (probability distribution) of one non-negative quantity: a service time in ms, an inter-arrival time in ms,
 * a token count. Its theoretical moments are exposed so that tests compare samples with theory, and its quantile
 * function is what the engine samples by (inverse transform), so that one uniform per draw gives common random
 * numbers across strategies.
 */
export interface Law {
  readonly name: string;
  readonly mean: number;
  /** Infinity where the law has no finite variance. */
  readonly variance: number;
  /** Inverse of the distribution function on (0, 1). Monotone, finite. */
  quantile(u: number): number;
  /** Exact sampler, where one is as cheap as a table lookup (constant, uniform) or a table would blur atoms. */
  readonly sample?: Sampler;
}

/** Draws a value of a compiled law from one uniform in [0, 1). */
export type Sampler = (uniform: number) => number;
