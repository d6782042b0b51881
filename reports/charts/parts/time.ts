import type { RunResult } from "../../../simulator/experiment/result.ts";

export const HOUR_MS = 3_600_000;

/** UTC instant, ms, at which an hour of the run begins. */
export function hourStartMs(result: RunResult, hour: number): number {
  return Date.parse(result.startsAt) + hour * HOUR_MS;
}

/** Whole hours the run covers. */
export function hourCount(result: RunResult): number {
  return Math.max(1, ...result.strategies.map((strategy) => strategy.byHour.length));
}

/** `15:00 UTC`, with the day when the run is longer than one. */
export function hourWords(result: RunResult, hour: number): string {
  const iso = new Date(hourStartMs(result, hour)).toISOString();
  const day = hourCount(result) > 24 ? `${iso.slice(0, 10)} ` : "";
  return `${day}${iso.slice(11, 16)} UTC`;
}

/** An x encoding over the run: UTC, 24-hour labels. `domain` covers whole hours. */
export function timeEncoding(result: RunResult, field: string) {
  const hours = hourCount(result);
  const long = hours > 36;
  return {
    field,
    type: "temporal" as const,
    scale: { type: "utc" as const, domain: [hourStartMs(result, 0), hourStartMs(result, hours)], nice: false as const },
    axis: {
      title: long ? "Time (UTC)" : "Hour of day (UTC)",
      format: long ? "%d %b %H:%M" : "%H:%M",
      grid: false,
      labelOverlap: "greedy" as const,
      tickCount: long ? 8 : Math.min(hours, 12),
    },
  };
}

/** The end of a cell that `timeEncoding` begins; Vega-Lite reads the domain of both ends by their types. */
export function timeEndEncoding(field: string) {
  return { field, type: "temporal" as const };
}
