/** The arrival process `users`: a fixed number of callers, which with sessions is a closed loop. */
import { z } from "zod";
import { count, durationMs } from "../../base/schema-forms.ts";
import type { ArrivalDefinition } from "../arrival-process.ts";

export interface UsersSpec {
  readonly process: "users";
  readonly count: number;
  readonly rampUpMs: number;
}

/** So many callers begin, evenly over the ramp-up, and no more: what each does then is said by its session. */
export const users: ArrivalDefinition<UsersSpec> = {
  name: "users",
  summary: "A fixed number of callers, for sessions in a closed loop: { users: { count: 50, rampUp: 1m } }",
  schema: z
    .strictObject({
      count: count
        .refine((value) => Number.isInteger(value) && value >= 1 && value <= 1e6, "count must be 1 to 1M, whole")
        .meta({ description: "How many callers there are" }),
      rampUp: durationMs.default(0).meta({ description: "They begin evenly over this time; 0s: all at the start" }),
    })
    .transform(({ count, rampUp }) => ({ process: "users" as const, count, rampUpMs: rampUp })),
  scaled: (spec, factor) => ({ ...spec, count: Math.max(1, Math.round(spec.count * factor)) }),
  create: ({ count: callers, rampUpMs }) => {
    let begun = 0;
    return {
      fill(arrivalMs, from, to) {
        const end = Math.min(to, from + callers - begun);
        for (let i = from; i < end; i++) arrivalMs[i] = (begun++ * rampUpMs) / callers;
        return end;
      },
    };
  },
};
