import { HOUR_MS } from "../base/time.ts";
import type { SimulationOutput } from "../engine/simulation.ts";

/** A backlog smaller than this is noise, whatever its trend. */
const BACKLOG_MIN = 500;
/** Share of all served requests that must still be in the system at the end. */
const BACKLOG_SHARE = 0.02;

/**
 * Judges whether the backlog grew without bound. A stable system in the middle of a peak has a backlog too, so three
 * things must hold together at the end of arrivals: it is large, it is a real share of everything served, and its mean
 * rose from each quarter of the run to the next.
 *
 * @returns the reason in words, or null for a stable run
 */
export function instability(output: SimulationOutput, served: number): string | null {
  if (output.stoppedEarlyAtMs !== null) {
    const hours = (output.stoppedEarlyAtMs / HOUR_MS).toFixed(1);
    return `stopped after ${hours} h of simulated time: the backlog grew beyond what memory can hold`;
  }
  const { backlog, inSystemAtEnd } = output;
  if (inSystemAtEnd < BACKLOG_MIN || inSystemAtEnd < BACKLOG_SHARE * served || backlog.length < 8) return null;
  const quarter = Math.floor(backlog.length / 4);
  const means = [0, 1, 2, 3].map((q) => {
    const part = backlog.slice(q * quarter, q === 3 ? undefined : (q + 1) * quarter);
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
  const isRising = means.every((mean, q) => q === 0 || mean > means[q - 1]!);
  return isRising ? `the backlog grew all the time and stood at ${inSystemAtEnd} requests when arrivals ended` : null;
}
