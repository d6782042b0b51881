import { z } from "zod";
import { ratePerS } from "../scenario/units.ts";

/** Above this, instants of a day-long run would no longer be told apart by much. */
const RATE_PER_S_MAX = 1e8;

/** A rate of requests such as `20/s`, possibly 0; output in requests per second. */
export const arrivalRate: z.ZodType<number> = ratePerS.refine(
  (rate) => rate <= RATE_PER_S_MAX,
  `the rate must be at most ${RATE_PER_S_MAX / 1e6}M/s`,
);

/** A coefficient of variation of inter-arrival times. */
export const burstinessCv: z.ZodType<number> = z
  .number()
  .refine((cv) => cv >= 0.01 && cv <= 20, "cv must be between 0.01 and 20; 1 is Poisson, above 1 is bursty")
  .meta({ description: "Coefficient of variation of inter-arrival times: 1 is Poisson, above 1 bursty" });
