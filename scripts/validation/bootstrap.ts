import { createLuck } from "./foreign/luck.ts";
import { quantile, type Sample } from "./sample.ts";

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Neighbours in time share their queue, so whole stretches of this length are drawn. */
const BLOCK_MS = 5000;
const RESAMPLES = 2000;

/**
 * 95 % percentile interval of a measured E2E quantile, ms, by a block bootstrap over time: what another run of the same
 * length might have shown.
 * Source: Künsch 1989, Annals of Statistics 17(3).
 */
export function e2eInterval({ served }: Sample, p: number): Interval {
  const blocks: number[][] = [];
  for (const { arrivalMs, e2eMs } of served) (blocks[Math.floor(arrivalMs / BLOCK_MS)] ??= []).push(e2eMs);
  const filled = blocks.filter((block) => block !== undefined);
  const luck = createLuck(95);
  const found = new Float64Array(RESAMPLES);
  for (let i = 0; i < RESAMPLES; i++) {
    const drawn: number[] = [];
    for (let b = 0; b < filled.length; b++) drawn.push(...filled[Math.floor(luck.uniform() * filled.length)]!);
    found[i] = quantile(Float64Array.from(drawn).sort(), p);
  }
  found.sort();
  return { low: quantile(found, 0.025), high: quantile(found, 0.975) };
}
