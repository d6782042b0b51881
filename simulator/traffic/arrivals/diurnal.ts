/** The arrival process `diurnal`: a day's rise and fall around a mean rate. */
import { z } from "zod";
import { createLaw } from "../../random/laws/index.ts";
import { type ArrivalDefinition, arrivalRate, burstinessCv, renewalProcess } from "../arrival-process.ts";
import { createDayShape, type DayShapeSpec, dayShapeSchema, shapedByDay } from "../day-shape.ts";

export interface DiurnalSpec {
  readonly process: "diurnal";
  /** Mean over the day. */
  readonly ratePerS: number;
  readonly shape: DayShapeSpec;
  readonly cv: number;
}

/** Callers who follow a day: gamma gaps in operational time (cv 1: an inhomogeneous Poisson process). */
export const diurnal: ArrivalDefinition<DiurnalSpec> = {
  name: "diurnal",
  summary: "A day's rise and fall around a mean: { diurnal: { rate: 20/s, shape: servegen-m-large } }",
  schema: z
    .strictObject({ rate: arrivalRate, shape: dayShapeSchema, cv: burstinessCv.default(1) })
    .transform(({ rate, shape, cv }) => ({ process: "diurnal" as const, ratePerS: rate, shape, cv })),
  scaled: (spec, factor) => ({ ...spec, ratePerS: spec.ratePerS * factor }),
  create: ({ ratePerS, shape, cv }, { random, recordings, origins }) => {
    const gap = createLaw(
      cv === 1 ? { kind: "exponential", mean: 1000 / ratePerS } : { kind: "gamma", mean: 1000 / ratePerS, cv },
    );
    return shapedByDay(renewalProcess(gap, random), createDayShape(shape, recordings), origins);
  },
};
