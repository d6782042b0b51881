/**
 * What is drawn for the attempts of a replication, whatever strategy sends them: the jitter of their ways, and their work. Most
 * attempts are first ones, and theirs are drawn ahead, since they depend on nothing that happens in a run.
 */
import { keyedUniform, purposeKey } from "../random/keyed-random.ts";
import type { Sampler } from "../random/law.ts";
import { createLaw } from "../random/laws/index.ts";
import { compileSampler } from "../random/sampler.ts";
import type { Plan } from "../scenario/plan.ts";
import { workDrawOf } from "../service/service.ts";

/** Legs of an attempt's round trip; each has draws of its own. */
const LEGS = { there: 0, back: 1 } as const;
export const LEG = LEGS;

/**
 * One draw for each request's first attempt, keyed as the draws of later ones are: for all arrivals of a chunk in one loop,
 * and once for all strategies of a replication.
 */
export class FirstDraws {
  /** Of the prepared requests, in their order. */
  values = new Float64Array(0);
  declare private readonly sample: Sampler;
  declare private readonly key: number;
  private firstRequest = -1;
  private requests = 0;

  constructor(sample: Sampler, key: number) {
    this.sample = sample;
    this.key = key;
  }

  /** Draws for so many requests from one on. One loop: compiled while it runs, a second one would end its code. */
  prepare(firstRequest: number, requests: number): void {
    if (firstRequest === this.firstRequest && requests <= this.requests) return;
    this.firstRequest = firstRequest;
    this.requests = requests;
    if (this.values.length < requests) this.values = new Float64Array(requests);
    const { sample, key, values } = this;
    for (let i = 0; i < requests; i++) values[i] = sample(keyedUniform(key, firstRequest + i, 0));
  }
}

/**
 * Jitter of the legs of attempts: a factor of mean 1, keyed by request and attempt. Those of first attempts are drawn
 * ahead.
 */
export class Jitter {
  /** Of the first attempts of the prepared requests, in their order. */
  there = new Float64Array(0);
  back = new Float64Array(0);
  declare private readonly sample: Sampler | null;
  declare private readonly keys: readonly [number, number];
  declare private readonly firsts: readonly [FirstDraws, FirstDraws] | null;

  /** @param cv of the factor; 0 = none */
  constructor(cv: number, seed: number) {
    const sample = cv > 0 ? compileSampler(createLaw({ kind: "lognormal", mean: 1, cv })) : null;
    const keys = [purposeKey(seed, "network/there"), purposeKey(seed, "network/back")] as const;
    this.sample = sample;
    this.keys = keys;
    this.firsts = sample === null ? null : [new FirstDraws(sample, keys[0]), new FirstDraws(sample, keys[1])];
  }

  /** Draws for the first attempts of so many requests from one on. */
  prepare(firstRequest: number, requests: number): void {
    if (this.firsts === null) {
      if (this.there.length >= requests) return;
      this.there = new Float64Array(requests).fill(1);
      this.back = this.there;
      return;
    }
    const [there, back] = this.firsts;
    there.prepare(firstRequest, requests);
    back.prepare(firstRequest, requests);
    this.there = there.values;
    this.back = back.values;
  }

  /** @param attempt its ordinal */
  factor(leg: 0 | 1, request: number, attempt: number): number {
    return this.sample === null ? 1 : this.sample(keyedUniform(this.keys[leg], request, attempt));
  }
}

/** The same for all strategies of a replication, which may share it. */
export class AttemptDraws {
  declare readonly jitter: Jitter;
  /** What the work of first attempts begins with; null where endpoints differ in its law, or requests have ids of sessions. */
  declare readonly work: FirstDraws | null;

  constructor(plan: Plan, seed: number) {
    this.jitter = new Jitter(plan.network.jitterCv, seed);
    const draw = plan.traffic.some(({ sessions }) => sessions !== undefined) ? null : workDrawOf(plan.world, seed);
    this.work = draw === null ? null : new FirstDraws(draw.sample, draw.key);
  }
}
