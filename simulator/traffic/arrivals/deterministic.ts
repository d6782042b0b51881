/** The arrival process `deterministic`: one request every interval. */
import { z } from "zod";
import { durationMs } from "../../base/schema-forms.ts";
import type { ArrivalDefinition } from "../arrival-process.ts";

export interface DeterministicSpec {
  readonly process: "deterministic";
  readonly intervalMs: number;
}

/** One request every interval, the first after one interval. */
export const deterministic: ArrivalDefinition<DeterministicSpec> = {
  name: "deterministic",
  summary: "One request every interval: { deterministic: { interval: 1.25s } }",
  schema: z
    .strictObject({
      interval: durationMs
        .refine((ms) => ms >= 1e-5, "interval must be above 0")
        .meta({ description: "Time from one request to the next: 250ms, 1.25s" }),
    })
    .transform(({ interval }) => ({ process: "deterministic" as const, intervalMs: interval })),
  scaled: (spec, factor) => ({ ...spec, intervalMs: spec.intervalMs / factor }),
  create: ({ intervalMs }) => {
    let sent = 0;
    return {
      fill(arrivalMs, from, to) {
        // A product, not a running sum: rounding does not accumulate.
        for (let i = from; i < to; i++) arrivalMs[i] = ++sent * intervalMs;
        return to;
      },
    };
  },
};
