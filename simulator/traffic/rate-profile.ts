/**
 * A rate that changes over time in steps. In operational time (the integral of the rate) such a process looks
 * stationary, so any stationary process becomes one with this profile by mapping its instants back to wall time:
 * exact, one pass, and burst structure survives. Source: Çinlar, "Introduction to Stochastic Processes", 1975,
 * section 4.7 (time change of a Poisson process).
 */
export interface RateProfile {
  /** When each step begins, ms, ascending from 0. */
  readonly startMs: Float64Array;
  /** Relative rate of each step: operational ms per wall ms. */
  readonly rate: Float64Array;
  /** The profile repeats after this; Infinity for a last step that goes on for ever. */
  readonly periodMs: number;
}

/**
 * Maps ascending operational instants to wall time, ms. A profile whose rate stays zero maps what is left to
 * Infinity.
 */
export function operationalClock({ startMs, rate, periodMs }: RateProfile): (operationalMs: number) => number {
  const steps = startMs.length;
  if (!rate.some((value) => value > 0)) return (operationalMs) => (operationalMs > 0 ? Number.POSITIVE_INFINITY : 0);
  let step = 0;
  let cycleMs = 0;
  let passed = 0;
  return (operationalMs) => {
    for (;;) {
      const from = startMs[step]!;
      const to = step + 1 < steps ? startMs[step + 1]! : periodMs;
      const pace = rate[step]!;
      const inStep = pace === 0 ? 0 : pace * (to - from);
      if (operationalMs <= passed + inStep && pace > 0) return cycleMs + from + (operationalMs - passed) / pace;
      if (to === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
      passed += inStep;
      step++;
      if (step === steps) {
        step = 0;
        cycleMs += periodMs;
      }
    }
  };
}
