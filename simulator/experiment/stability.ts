/** Whether a run was stable: a backlog that grows without bound and an overload say nothing of a strategy's latency. */
import { meanNumber } from "../base/statistics.ts";
import { HOUR_MS } from "../base/time.ts";
import type { SimulationOutput } from "../engine/simulation.ts";
import { thousands } from "./phrases.ts";

/** A backlog smaller than this is noise, whatever its trend. */
const BACKLOG_MIN = 500;
/** Share of all served requests that must still be in the system at the end. */
const BACKLOG_SHARE = 0.02;

/** A run that fails more of its requests than it serves is an overload, whatever its backlog. */
const FAILED_SHARE_MAX = 0.5;

/**
 * Judges whether a run says more of its own length, or of the few that got through, than of the service: the backlog
 * grew without bound, or most requests failed.
 *
 * @returns the reason, or null for a stable run
 */
export function instability(
  output: SimulationOutput,
  { sent, served }: { readonly sent: number; readonly served: number },
): string | null {
  const growth = backlogGrowth(output, served);
  if (growth !== null || sent === 0 || served / sent >= 1 - FAILED_SHARE_MAX) return growth;
  return `overload: ${(100 * (1 - served / sent)).toPrecision(3)} % of its requests were not served`;
}

/**
 * Judges whether the backlog grew without bound. A stable system in the middle of a peak has a backlog too, so three
 * things must hold together at the end of arrivals: it is large, it is a real share of everything served, and its mean
 * rose from each quarter of the run to the next.
 *
 * @returns the reason, or null for a stable run
 */
function backlogGrowth(output: SimulationOutput, served: number): string | null {
  if (output.stoppedEarlyAtMs !== null) {
    const hours = (output.stoppedEarlyAtMs / HOUR_MS).toFixed(1);
    return `stopped after ${hours} h of simulated time: the backlog grew beyond what memory can hold`;
  }
  const { backlog, inSystemAtEnd } = output;
  if (inSystemAtEnd < BACKLOG_MIN || inSystemAtEnd < BACKLOG_SHARE * served || backlog.length < 8) return null;
  const quarter = Math.floor(backlog.length / 4);
  const means = [0, 1, 2, 3].map((q) => {
    const part = backlog.slice(q * quarter, q === 3 ? undefined : (q + 1) * quarter);
    return meanNumber(part);
  });
  const isRising = means.every((mean, q) => q === 0 || mean > means[q - 1]!);
  return isRising
    ? `the backlog grew all the time and stood at ${thousands(inSystemAtEnd)} requests when arrivals ended`
    : null;
}
