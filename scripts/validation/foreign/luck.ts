/** The chance of one server: a generator of its own, unlike the simulator's. */
export interface Luck {
  /** Uniform in (0, 1). */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
  /** Lognormal with mean 1 and this coefficient of variation. */
  around1(cv: number): number;
}

/**
 * SplitMix64's 32-bit sibling (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators", with the
 * finaliser of MurmurHash3): small, and sequential, so a server's luck depends on the order in which things happen.
 */
export function createLuck(seed: number): Luck {
  let state = Math.imul(seed ^ 0x2545f491, 0x9e3779b1) | 0;
  const uniform = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    z ^= z >>> 16;
    return ((z >>> 0) + 0.5) / 2 ** 32;
  };
  /** Box and Muller 1958. */
  const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  return {
    uniform,
    normal,
    around1(cv) {
      if (cv === 0) return 1;
      const variance = Math.log1p(cv * cv);
      return Math.exp(Math.sqrt(variance) * normal() - variance / 2);
    },
  };
}

/**
 * How slow a machine is at an instant: exp of an AR(1) sequence on a grid of one second, mean near 1. Slow times come in
 * stretches of about `timeMs`.
 */
export function createDrift(options: { readonly sd: number; readonly timeMs: number; readonly luck: Luck }): Slowness {
  const { sd, timeMs, luck } = options;
  const keep = Math.exp(-GRID_MS / timeMs);
  let second = 0;
  let level = sd * luck.normal();
  return (nowMs) => {
    for (const target = Math.floor(nowMs / GRID_MS); second < target; second++) {
      level = keep * level + sd * Math.sqrt(1 - keep * keep) * luck.normal();
    }
    return Math.exp(level - (sd * sd) / 2);
  };
}

/** Factor on every duration; instants must not go back. */
export type Slowness = (nowMs: number) => number;

const GRID_MS = 1000;
