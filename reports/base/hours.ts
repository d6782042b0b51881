/** The hours of a run, and blocks of them that a report shows as one, where a run is so long that single hours would be lost. */

import type { RunResult } from "../../simulator/experiment/result.ts";

/** Whole hours the run covers. */
export function hourCount(result: RunResult): number {
  return Math.max(1, ...result.strategies.map((strategy) => strategy.byHour.length));
}

/** A week by the hour; beyond, a picture would have more columns than pixels, and its table would be as long as the run. */
const BLOCKS_MAX = 168;
/** Blocks that divide a day; longer ones are whole days. */
const HOURS_OF_BLOCK = [1, 2, 3, 4, 6, 8, 12, 24];
const DAY_HOURS = 24;

/**
 * How many hours make a block: 1 up to a week, 6 for a month.
 */
export function hoursPerBlock(result: RunResult): number {
  const least = hourCount(result) / BLOCKS_MAX;
  return HOURS_OF_BLOCK.find((hours) => hours >= least) ?? Math.ceil(least / DAY_HOURS) * DAY_HOURS;
}

/** `hour`, or `block of 6 hours`. */
export function blockText(hours: number): string {
  return hours === 1 ? "hour" : `block of ${hours} hours`;
}

/** Items by block, in their order. @param hourOf the hour of the run that an item is of */
export function inBlocks<T>(
  items: readonly T[],
  hours: number,
  hourOf: (item: T, index: number) => number,
): ReadonlyMap<number, readonly T[]> {
  const blocks = new Map<number, T[]>();
  for (const [index, item] of items.entries()) {
    const from = Math.floor(hourOf(item, index) / hours) * hours;
    const block = blocks.get(from);
    if (block === undefined) blocks.set(from, [item]);
    else block.push(item);
  }
  return blocks;
}
