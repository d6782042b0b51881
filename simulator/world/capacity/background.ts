import { mix32 } from "../../random/keyed-random.ts";
import type { BackgroundSpec } from "./capacity.ts";

const HOUR_MS = 3_600_000;

/**
 * Background tenants: b(t) = mean x (1 + swing cos(2 pi (h - peakHour) / 24)) x (1 + x(t)), held constant over steps.
 * x is an AR(1) sequence with standard deviation `noise` and correlation time `noiseTimeMs`, driven by a hash of
 * (seed, step): the same for every strategy, whatever happens in the run.
 */
export class BackgroundTenants {
  occupied = 0;
  /** When the occupancy changes next, ms. */
  nextMs = 0;
  declare private readonly spec: BackgroundSpec;
  declare private readonly seed: number;
  declare private readonly localHourAtStart: number;
  declare private readonly persistence: number;
  private step = 0;
  private deviation = 0;

  constructor(spec: BackgroundSpec, seed: number, localHourAtStart: number) {
    this.spec = spec;
    this.seed = seed;
    this.localHourAtStart = localHourAtStart;
    this.persistence = spec.noiseTimeMs > 0 ? Math.exp(-spec.stepMs / spec.noiseTimeMs) : 0;
    this.deviation = spec.noise * approximateNormal(seed, -1);
    this.advance();
  }

  /** Moves on to the next step's occupancy. */
  advance(): void {
    const { mean, swing, peakHour, noise, stepMs } = this.spec;
    const hour = this.localHourAtStart + (this.step * stepMs) / HOUR_MS;
    const shape = 1 + swing * Math.cos((2 * Math.PI * (hour - peakHour)) / 24);
    if (this.step > 0 && noise > 0) {
      const shock = noise * Math.sqrt(1 - this.persistence ** 2) * approximateNormal(this.seed, this.step);
      this.deviation = this.persistence * this.deviation + shock;
    }
    this.occupied = Math.max(0, mean * shape * (1 + this.deviation));
    this.step++;
    this.nextMs = this.step * stepMs;
  }
}

/** Sum of twelve uniforms minus six: near enough to a normal for a slow disturbance, and free of rejection. */
function approximateNormal(seed: number, step: number): number {
  let sum = -6;
  let state = mix32(seed ^ Math.imul(step + 2, 0x9e3779b9));
  for (let i = 0; i < 12; i++) {
    state = mix32((state + 0x9e3779b9) | 0);
    sum += (state >>> 0) / 2 ** 32;
  }
  return sum;
}
