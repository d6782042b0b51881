/** The arrival process `mmpp`: calm and busy spells of a Markov-modulated Poisson process. */
import { z } from "zod";
import { durationMs } from "../../base/schema-forms.ts";
import { createLaw } from "../../random/laws/index.ts";
import { compileSampler } from "../../random/sampler.ts";
import type { ArrivalDefinition } from "../arrival-process.ts";
import { arrivalRate } from "../arrival-rates.ts";

export interface MmppSpec {
  readonly process: "mmpp";
  readonly states: readonly { readonly ratePerS: number; readonly meanStayMs: number }[];
}

/**
 * Markov-modulated Poisson process: a hidden state, held for an exponential time, sets the rate; states follow one
 * another in turn. The first is drawn by the share of time spent in each, so the mean rate holds from the start.
 * Source: Fischer and Meier-Hellstern 1993.
 */
export const mmpp: ArrivalDefinition<MmppSpec> = {
  name: "mmpp",
  summary: "Calm and busy spells: { mmpp: { states: [{ rate: 5/s, stay: 10m }, { rate: 50/s, stay: 1m }] } }",
  schema: z
    .strictObject({
      states: z
        .array(
          z
            .strictObject({
              rate: arrivalRate,
              stay: durationMs
                .refine((ms) => ms > 0, "stay must be above 0")
                .meta({ description: "Mean time in this state" }),
            })
            .meta({ description: "A state: { rate: 5/s, stay: 10m }" }),
        )
        .min(2)
        .max(100)
        .meta({ description: "Hidden states, taken in turn; each has a rate and a mean stay" }),
    })
    .transform(({ states }) => ({
      process: "mmpp" as const,
      states: states.map(({ rate, stay }) => ({ ratePerS: rate, meanStayMs: stay })),
    })),
  create: ({ states }, { random, durationMs: runMs }) => {
    if (states.every(({ ratePerS }) => ratePerS === 0)) return { fill: (_arrivalMs, from) => from };
    const unit = compileSampler(createLaw({ kind: "exponential", mean: 1 }));
    const stays = random("states");
    const gaps = random("arrivals");
    let state = firstState(states, stays.next());
    let nowMs = 0;
    let leaveMs = unit(stays.next()) * states[state]!.meanStayMs;
    /** Operational time left until the next arrival: exponential. */
    let left = unit(gaps.next());
    return {
      fill(arrivalMs, from, to) {
        for (let i = from; i < to; ) {
          const ratePerMs = states[state]!.ratePerS / 1000;
          const atMs = ratePerMs === 0 ? Number.POSITIVE_INFINITY : nowMs + left / ratePerMs;
          if (atMs <= leaveMs) {
            nowMs = arrivalMs[i++] = atMs;
            left = unit(gaps.next());
          } else {
            if (leaveMs >= runMs) return i;
            left -= ratePerMs * (leaveMs - nowMs);
            nowMs = leaveMs;
            state = (state + 1) % states.length;
            leaveMs += unit(stays.next()) * states[state]!.meanStayMs;
          }
        }
        return to;
      },
    };
  },
};

function firstState(states: MmppSpec["states"], u: number): number {
  let total = 0;
  for (const { meanStayMs } of states) total += meanStayMs;
  let rest = u * total;
  for (let state = 0; state < states.length; state++) {
    rest -= states[state]!.meanStayMs;
    if (rest < 0) return state;
  }
  return states.length - 1;
}
