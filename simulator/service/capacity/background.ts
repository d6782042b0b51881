/** Other tenants on the same machines: the `background` block of a capacity, and their occupancy over time. */
import { z } from "zod";
import { count, durationMs, share } from "../../base/schema-forms.ts";
import { HOUR_MS, MINUTE_MS } from "../../base/time.ts";
import { mix32 } from "../../random/keyed-random.ts";

/** Other tenants' occupancy of the same machines, by local hour of the region, plus a slow random part. */
export interface BackgroundSpec {
  /** Mean occupied servers (slots) or decoding sequences (batching). */
  readonly mean: number;
  /** Peak over mean minus one, in [0, 1]: mean x (1 + swing cos(2 pi (local hour - peakHour) / 24)). */
  readonly swing: number;
  /** Local hour of the peak, in [0, 24). */
  readonly peakHour: number;
  /** Standard deviation of the slow random part over the mean; AR(1) in steps. */
  readonly noise: number;
  /** Correlation time of the random part, ms. */
  readonly noiseTimeMs: number;
  /** How often the occupancy changes, ms. */
  readonly stepMs: number;
}

const localHour = z
  .string()
  .regex(/^([01]?\d|2[0-3]):[0-5]\d$/, 'write a local time of day such as "15:00"')
  .transform((text) => {
    const [hours, minutes] = text.split(":").map(Number);
    return hours! + minutes! / 60;
  });

/** The `background` of a capacity block. */
export const backgroundSchema = z
  .strictObject({
    mean: count.meta({
      description: "Mean number of servers (slots) or decoding sequences (batching) that others take",
    }),
    swing: share
      .pipe(z.number().min(0).max(1))
      .default(0)
      .meta({ description: "How far the occupancy rises above its mean at the peak hour: 40%" }),
    peakAt: localHour.default(15).meta({ description: 'Local time of the peak, such as "15:00"' }),
    noise: share
      .pipe(z.number().min(0).max(2))
      .default(0)
      .meta({ description: "Standard deviation of the slow random part over the mean: 15%" }),
    noiseTime: durationMs.default(HOUR_MS / 2).meta({ description: "Correlation time of the random part" }),
    step: durationMs
      .refine((ms) => ms > 0, "must be more than 0")
      .default(MINUTE_MS)
      .meta({ description: "How often the occupancy changes" }),
  })
  .meta({ description: "Other tenants on the same machines, by local hour of the region" });

/** The plain spec of a block. */
export function backgroundOf(block: z.output<typeof backgroundSchema>): BackgroundSpec {
  return {
    mean: block.mean,
    swing: block.swing,
    peakHour: block.peakAt,
    noise: block.noise,
    noiseTimeMs: block.noiseTime,
    stepMs: block.step,
  };
}

/**
 * Background tenants: b(t) = mean x (1 + swing cos(2 pi (h - peakHour) / 24)) x (1 + x(t)), held constant over steps.
 * x is an AR(1) sequence with standard deviation `noise` and correlation time `noiseTimeMs`, driven by a hash of
 * (seed, step): the same for every strategy, independent of events in the run.
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

  /** Moves to the next step's occupancy. */
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
