import { keyedUniforms } from "../random/keyed-random.ts";
import { createLaw, type LawSpec } from "../random/laws/index.ts";
import { type BlockSampler, compileBlockSampler } from "../random/sampler.ts";

/** Requests whose service times are drawn at once. */
export const LUCK_BLOCK = 256;

/**
 * Service times of first attempts, drawn for a block of requests before they arrive: the same values as single draws
 * give, in a third of the time. Only where all servers have one law; elsewhere a time is drawn when the servers are
 * known.
 */
export class DirectLuck {
  /** By request of the block: its first attempt's service time, ms; NaN = to be drawn by its servers. */
  readonly workMs = new Float64Array(LUCK_BLOCK).fill(Number.NaN);
  private readonly uniforms = new Float64Array(LUCK_BLOCK);
  declare private readonly serviceKey: number;
  declare private readonly sample: BlockSampler | null;

  constructor(laws: readonly LawSpec[], serviceKey: number) {
    const [first, ...others] = laws.map(createLaw);
    this.serviceKey = serviceKey;
    this.sample = first !== undefined && others.every((law) => law === first) ? compileBlockSampler(first) : null;
  }

  /** Draws for requests `from`, `from + 1`, ... @param count at most `LUCK_BLOCK` */
  draw(from: number, count: number): void {
    if (this.sample === null) return;
    keyedUniforms(this.serviceKey, from, 0, this.uniforms, count);
    this.sample(this.uniforms, this.workMs, count);
  }
}
