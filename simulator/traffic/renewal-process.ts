import type { Law } from "../random/law.ts";
import type { RandomStream } from "../random/random-stream.ts";
import { compileSampler } from "../random/sampler.ts";
import type { ArrivalProcess } from "./arrival-process.ts";

/**
 * Independent gaps of one law; the first arrival comes after one gap. A mean gap that is not finite (a rate of zero)
 * gives no arrivals.
 */
export function renewalProcess(gap: Law, random: (purpose: string) => RandomStream): ArrivalProcess {
  if (!Number.isFinite(gap.mean)) return { fill: (_arrivalMs, from) => from };
  const { next } = random("arrivals");
  const sample = compileSampler(gap);
  let nowMs = 0;
  return {
    fill(arrivalMs, from, to) {
      let t = nowMs;
      for (let i = from; i < to; i++) {
        t += sample(next());
        arrivalMs[i] = t;
      }
      nowMs = t;
      return to;
    },
  };
}
