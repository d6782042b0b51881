import { BLOCK, blockDraw } from "../random/block-draw.ts";
import type { Law } from "../random/law.ts";
import type { BlockStream } from "../random/streams.ts";
import type { ArrivalProcess } from "./arrival-process.ts";

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
