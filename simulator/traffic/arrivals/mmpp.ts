/** The arrival process `mmpp`: calm and busy spells of a Markov-modulated Poisson process. */
import { z } from "zod";
import { durationMs } from "../../base/schema-forms.ts";
import type { RandomStream } from "../../random/keyed-random.ts";
import { createLaw } from "../../random/laws/index.ts";
import { compileSampler, cumulativeShares } from "../../random/sampler.ts";
import { type ArrivalDefinition, arrivalRate } from "../arrival-process.ts";

export interface MmppSpec {
  readonly process: "mmpp";
  readonly states: readonly MmppState[];
  /** States change at multiples of this only, so that stays are geometric; any time where it is left out. */
  readonly stepMs?: number;
}

interface MmppState {
  readonly ratePerS: number;
  readonly meanStayMs: number;
  /** Relative chances of the states that follow; the next one in the list where it is left out. */
  readonly next?: readonly number[];
}

/**
 * Markov-modulated Poisson process: a hidden state, held for an exponential time, sets the rate; states follow one
 * another in turn, or by chance where they say so. The first is drawn by the share of time spent in each, so the mean rate holds from the start.
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
              next: z
                .array(z.number().min(0))
                .refine((chances) => chances.some((chance) => chance > 0), "at least one chance must be above 0")
                .optional()
                .meta({ description: "Relative chances of the states that follow; the next one unless given" }),
            })
            .meta({ description: "A state: { rate: 5/s, stay: 10m }" }),
        )
        .min(2)
        .max(100)
        .meta({ description: "Hidden states; each has a rate, a mean stay and what follows" }),
      step: durationMs
        .refine((ms) => ms > 0, "step must be above 0")
        .optional()
        .meta({ description: "States change at multiples of this only; any time unless given" }),
    })
    .refine(({ states }) => states.every(({ next }) => next === undefined || next.length === states.length), {
      message: "next has a chance for each state",
      path: ["states"],
    })
    .refine(({ states, step }) => step === undefined || states.every(({ stay }) => stay >= step), {
      message: "no stay is shorter than a step",
      path: ["step"],
    })
    .transform(({ states, step }) => ({
      process: "mmpp" as const,
      states: states.map(({ rate, stay, next }) => ({
        ratePerS: rate,
        meanStayMs: stay,
        ...(next === undefined ? {} : { next }),
      })),
      ...(step === undefined ? {} : { stepMs: step }),
    })),
  // Spells keep their length; each is as much busier.
  scaled: (spec, factor) => ({
    ...spec,
    states: spec.states.map((state) => ({ ...state, ratePerS: state.ratePerS * factor })),
  }),
  create: ({ states, stepMs }, { random, durationMs: runMs }) => {
    if (states.every(({ ratePerS }) => ratePerS === 0)) return { fill: (_arrivalMs, from) => from };
    const unit = compileSampler(createLaw({ kind: "exponential", mean: 1 }));
    const stays = random("states");
    const gaps = random("arrivals");
    const stayOf = (of: number): number => {
      const { meanStayMs } = states[of]!;
      if (stepMs === undefined) return unit(stays.next()) * meanStayMs;
      const leave = stepMs / meanStayMs;
      const steps = leave >= 1 ? 1 : 1 + Math.floor(Math.log(1 - stays.next()) / Math.log(1 - leave));
      return steps * stepMs;
    };
    const follow = followers(states);
    let state = firstState(states, stays.next());
    let nowMs = 0;
    let leaveMs = stayOf(state);
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
            state = follow(state, stays);
            leaveMs += stayOf(state);
          }
        }
        return to;
      },
    };
  },
};

/** The state that follows another; states without chances are followed by the next one, without a draw. */
function followers(states: readonly MmppState[]): (state: number, random: RandomStream) => number {
  const upTo = states.map(({ next }) => (next === undefined ? undefined : cumulativeShares(next)));
  return (state, random) => {
    const shares = upTo[state];
    if (shares === undefined) return (state + 1) % states.length;
    const u = random.next();
    let to = 0;
    while (to < states.length - 1 && shares[to]! <= u) to++;
    return to;
  };
}

/** Drawn by the share of time that the process spends in each state. */
function firstState(states: readonly MmppState[], u: number): number {
  const visits = visitShares(states);
  let total = 0;
  for (const [i, { meanStayMs }] of states.entries()) total += visits[i]! * meanStayMs;
  let rest = u * total;
  for (let state = 0; state < states.length; state++) {
    rest -= visits[state]! * states[state]!.meanStayMs;
    if (rest < 0) return state;
  }
  return states.length - 1;
}

/** How often each state is entered, relative to the others; alike where they follow one another in turn. */
function visitShares(states: readonly MmppState[]): readonly number[] {
  let visits = states.map(() => 1);
  if (states.every(({ next }) => next === undefined)) return visits;
  for (let round = 0; round < VISIT_ROUNDS; round++) {
    // Half stays put: chains that go round in a circle settle, too.
    const after = visits.map((share) => share / 2);
    for (const [from, { next }] of states.entries()) {
      const total = (next ?? [1]).reduce((sum, chance) => sum + chance, 0);
      for (let to = 0; to < states.length; to++) {
        const chance = next === undefined ? Number(to === (from + 1) % states.length) : next[to]! / total;
        after[to]! += (visits[from]! * chance) / 2;
      }
    }
    visits = after;
  }
  return visits;
}

const VISIT_ROUNDS = 2000;

/** Mean rate over all states, requests per second. */
export function meanRateOf({ states }: MmppSpec): number {
  const visits = visitShares(states);
  let [requests, time] = [0, 0];
  for (const [i, { ratePerS, meanStayMs }] of states.entries()) {
    requests += visits[i]! * meanStayMs * ratePerS;
    time += visits[i]! * meanStayMs;
  }
  return requests / time;
}
