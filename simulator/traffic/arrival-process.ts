/**
 * The contract of arrival processes, and what they share: rates in YAML, gaps of one law, and rates that change over time.
 */
import { z } from "zod";
import { ratePerS } from "../base/schema-forms.ts";
import type { Law } from "../random/law.ts";
import { BLOCK, type BlockStream, blockDraw } from "../random/sampler.ts";
import type { RecordedClient, RecordedColumns, Recording } from "./traffic.ts";

/** A stream of arrival instants. Endless unless `fill` says otherwise; its caller stops at the run's end. */
export interface ArrivalProcess {
  /**
   * Writes the next arrivals, ms since the start, ascending over all calls, to `arrivalMs[from .. to)`.
   *
   * @param recordedRow for recorded traffic: the row of the recording behind each arrival; other processes leave it
   * @returns the end of what was written; less than `to` means that the process has ended
   */
  fill(arrivalMs: Float64Array, from: number, to: number, recordedRow: Int32Array): number;
  /** Origin of an arrival drawn by `u`, where the chances depend on the time of day. */
  originAt?(arrivalMs: number, u: number): number;
  /** The rows that `recordedRow` points into. */
  readonly recorded?: RecordedColumns;
  /** Or the clients that it does. */
  readonly clients?: readonly RecordedClient[];
}

/** Where a share of the requests comes from. */
export interface OriginShare {
  readonly originIndex: number;
  /** In [0, 1]; the shares of a class sum to 1. */
  readonly share: number;
  /** How long after the run's start this origin's local midnight from Sunday to Monday lies, ms; shifts its shape. */
  readonly shapeShiftMs: number;
  /** Likewise of UTC, for shapes that go by it. */
  readonly utcShiftMs?: number;
}

/** What a process is made with: its own random streams, recordings by name, and origins to mix a day shape over. */
export interface ArrivalContext {
  /** For error messages. */
  readonly className: string;
  /** The stream of one purpose of this class and replication. */
  random(purpose: string): BlockStream;
  readonly recordings: Readonly<Record<string, Recording>>;
  readonly origins: readonly OriginShare[];
  /** Length of the run, ms; may be Infinity. */
  readonly durationMs: number;
  /** Of rows of a recording in order of time, those that arrivals are made of, where it is not all of them. */
  beginnings?(rows: Int32Array, recorded: RecordedColumns): Int32Array;
}

/** What each process's file exports; a line in `arrivals/index.ts` registers it. */
export interface ArrivalDefinition<Spec extends { readonly process: string }> {
  /** The key in a scenario file and the `process` of the spec. */
  readonly name: Spec["process"];
  /** One sentence for `meridian list arrivals` and the editor's help. */
  readonly summary: string;
  /** The value of the key in YAML; the output is the plain spec. */
  readonly schema: z.ZodType<Spec>;
  /** The spec at `factor` times its load, bursts and shapes as they are. */
  scaled(spec: Spec, factor: number): Spec;
  create(spec: Spec, context: ArrivalContext): ArrivalProcess;
}

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

/**
 * Independent gaps of one law; the first arrival comes after one gap. A mean gap that is not finite (a rate of zero)
 * gives no arrivals.
 */
export function renewalProcess(gap: Law, random: (purpose: string) => BlockStream): ArrivalProcess {
  if (!Number.isFinite(gap.mean)) return { fill: (_arrivalMs, from) => from };
  const draw = blockDraw(gap, random("arrivals"));
  let nowMs = 0;
  return {
    fill(arrivalMs, from, to) {
      let t = nowMs;
      for (let start = from; start < to; start += BLOCK) {
        const count = Math.min(BLOCK, to - start);
        const gaps = draw(count);
        for (let i = 0; i < count; i++) {
          t += gaps[i]!;
          arrivalMs[start + i] = t;
        }
      }
      nowMs = t;
      return to;
    },
  };
}

/** Above this, instants of a day-long run would no longer be told apart by much. */
const RATE_PER_S_MAX = 1e8;

/** A rate of requests such as `20/s`, possibly 0; output in requests per second. */
export const arrivalRate: z.ZodType<number> = ratePerS
  .refine((rate) => rate <= RATE_PER_S_MAX, `the rate must be at most ${RATE_PER_S_MAX / 1e6}M/s`)
  .meta({ description: "Requests per unit of time: 20/s, 1.2k/min, 50M/d" });

/** A coefficient of variation of inter-arrival times. */
export const burstinessCv: z.ZodType<number> = z
  .number()
  .refine((cv) => cv >= 0.01 && cv <= 20, "cv must be between 0.01 and 20; 1 is Poisson, above 1 is bursty")
  .meta({ description: "Coefficient of variation of inter-arrival times: 1 is Poisson, above 1 bursty" });

/** A factor of load or time. */
export const loadFactor: z.ZodType<number> = z
  .number()
  .refine((value) => value >= 1e-3 && value <= 1e4, "must be between 0.001 and 10000");
