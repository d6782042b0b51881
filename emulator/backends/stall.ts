/** An endpoint that freezes: in every stretch of `everyMs` it works first and stands still for the last `forMs`. */
export interface Stall {
  readonly everyMs: number;
  /** Less than `everyMs`. */
  readonly forMs: number;
  /** Instant of the emulator's clock at which the first stretch begins, ms; 0 unless given. Nothing freezes before. */
  readonly fromMs?: number;
}

/** Two clocks of an endpoint that freezes: the wall's, and one that runs only while it works. They agree until `fromMs`. */
export interface StallClock {
  /** Time worked up to an instant, ms. Constant while frozen. */
  workMs(instantMs: number): number;
  /** The earliest instant at which so much work is done, ms. */
  instantMs(workMs: number): number;
}

/**
 * A queue with preemptive-resume interruptions at fixed instants is the uninterrupted queue on the clock of work: that
 * is what keeps the law's answer exact under freezes.
 */
export function createStallClock({ everyMs, forMs, fromMs = 0 }: Stall): StallClock {
  const awakeMs = everyMs - forMs;
  return {
    workMs(instantMs) {
      if (instantMs <= fromMs) return instantMs;
      const rounds = Math.floor((instantMs - fromMs) / everyMs);
      return fromMs + rounds * awakeMs + Math.min(awakeMs, instantMs - fromMs - rounds * everyMs);
    },
    instantMs(workMs) {
      if (workMs <= fromMs) return workMs;
      // Work that ends with a round ends before the freeze, not after it.
      const rounds = Math.ceil((workMs - fromMs) / awakeMs) - 1;
      return fromMs + rounds * everyMs + (workMs - fromMs - rounds * awakeMs);
    },
  };
}

/** Without freezes both clocks are one. */
export const NO_STALL: StallClock = { workMs: (instantMs) => instantMs, instantMs: (workMs) => workMs };
