import type { Law } from "./law.ts";
import { compileBlockSampler } from "./sampler.ts";
import type { BlockStream } from "./streams.ts";

/** Largest number of values of one block: few enough to stay in the processor's first cache. */
export const BLOCK = 1024;

/**
 * Draws values of a law in blocks: `draw(count)` gives the next `count` values (at most `BLOCK`) in a buffer that the
 * next call overwrites. Cutting the draws into blocks differently gives the same sequence.
 */
export function blockDraw(law: Law, stream: BlockStream): (count: number) => Float64Array {
  const sample = compileBlockSampler(law);
  const uniforms = new Float64Array(BLOCK);
  const values = new Float64Array(BLOCK);
  return (count) => {
    stream.fill(uniforms, count);
    sample(uniforms, values, count);
    return values;
  };
}
