import type { ProbeSummary } from "../../../simulator/probe/summary.ts";

/** AWS refuses signatures whose clock is further off. Source: AWS General Reference, signing requests. */
export const SKEW_REFUSED_MS = 5 * 60_000;
/** Less is not worth a word: the service's Date header is cut to seconds. */
export const SKEW_TOLD_MS = 2000;

/** The clock furthest from ours, ms; 0 where none was heard. */
export function worstSkewMs(summaries: readonly ProbeSummary[]): number {
  return summaries.reduce((worst, { clockSkewMs }) => {
    const skew = clockSkewMs ?? 0;
    return Math.abs(skew) > Math.abs(worst) ? skew : worst;
  }, 0);
}

/** `this machine's clock is 12 s ahead of the service's`, with a warning where signatures are refused. */
export function skewWords(skewMs: number): string {
  const words = `this machine's clock is ${Math.round(Math.abs(skewMs) / 1000)} s ${skewMs > 0 ? "behind" : "ahead of"} the service's`;
  return Math.abs(skewMs) > SKEW_REFUSED_MS ? `${words}; beyond 5 minutes AWS refuses signatures` : words;
}
