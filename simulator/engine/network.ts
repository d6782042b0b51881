import { keyedUniform, purposeKey } from "../random/keyed-random.ts";
import type { Sampler } from "../random/law.ts";
import { compileSampler, createLaw } from "../random/laws/index.ts";
import type { NetworkPlan } from "../scenario/plan.ts";
import type { FaultState } from "../world/faults/fault-state.ts";

/** First retransmission timeout of a lost segment; it doubles with each loss (RFC 6298; Linux's minimum of 200 ms). */
const RETRANSMIT_MS = 200;
const RETRANSMITS_MAX = 6;

/** Legs of an attempt's way: each has its own luck. */
export const LEG = { there: 0, back: 1 } as const;

/** One-way delays between callers and source regions: half a round trip, jitter, and what faults add. */
export class Network {
  declare private readonly rttMs: Float64Array;
  declare private readonly regions: number;
  declare private readonly jitter: Sampler | null;
  declare private readonly faults: FaultState;
  declare private readonly keys: readonly [number, number];
  declare private readonly lossKeys: readonly [number, number];

  constructor(plan: NetworkPlan, regions: number, faults: FaultState, seed: number) {
    this.rttMs = plan.rttMs;
    this.regions = regions;
    this.faults = faults;
    this.jitter =
      plan.jitterCv > 0 ? compileSampler(createLaw({ kind: "lognormal", mean: 1, cv: plan.jitterCv })) : null;
    this.keys = [purposeKey(seed, "network/there"), purposeKey(seed, "network/back")];
    this.lossKeys = [purposeKey(seed, "loss/there"), purposeKey(seed, "loss/back")];
  }

  oneWayMs(origin: number, region: number, leg: 0 | 1, request: number, attempt: number): number {
    let ms = this.rttMs[origin * this.regions + region]! / 2;
    if (ms > 0 && this.jitter !== null) ms *= this.jitter(keyedUniform(this.keys[leg], request, attempt));
    ms += this.faults.latencySurgeMs(region) / 2;
    const loss = this.faults.packetLossShare(region);
    return loss > 0 ? ms + retransmissionMs(loss, keyedUniform(this.lossKeys[leg], request, attempt)) : ms;
  }
}

/** Delay of k losses in a row, k geometric with the given share: 200, 600, 1400 ms ... */
function retransmissionMs(loss: number, uniform: number): number {
  const losses =
    uniform <= 0 ? RETRANSMITS_MAX : Math.min(RETRANSMITS_MAX, Math.floor(Math.log(uniform) / Math.log(loss)));
  return RETRANSMIT_MS * (2 ** losses - 1);
}
