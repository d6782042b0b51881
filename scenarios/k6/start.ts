/** When a run on several instances of k6 begins. Apart from the runtime, so that it can be run outside k6 too. */

/** Instances that agree on no instant beforehand start with the next full minute. */
const GRID_MS = 60_000;
/** At least so long after an instance was ready: the last of them may be released a little later than the first. */
const LEAD_MS = 10_000;

/**
 * When a run starts, ms since 1970: the instant that was given, else the next full minute that is 10 s away. Instances
 * that are released within moments of each other choose the same one, but for those on either side of second 50; their
 * rows say which they chose.
 *
 * @param givenMs the agreed instant, ms since 1970; NaN for none
 * @param nowMs when this instance was ready, ms since 1970
 * @example startInstantMs(Number.NaN, Date.UTC(2026, 0, 1, 8, 12, 50)) // => Date.UTC(2026, 0, 1, 8, 13)
 */
export function startInstantMs(givenMs: number, nowMs: number): number {
  return Number.isFinite(givenMs) ? givenMs : Math.ceil((nowMs + LEAD_MS) / GRID_MS) * GRID_MS;
}
