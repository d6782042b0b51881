/** How a recorded call ended, as the formats write it: HTTP statuses, exception names, words. */

/**
 * served: answered in full. throttled: 429. refused: 503, the service had no room. failed: another error. left: the
 * caller gave up, and what the endpoint did with the call is unknown.
 */
export type Outcome = "served" | "throttled" | "refused" | "failed" | "left";

/** All outcomes; their places in this list are the numbers of a recording's column. */
export const OUTCOMES: readonly Outcome[] = ["served", "throttled", "refused", "failed", "left"];

/**
 * How a call ended by its HTTP status; 0 stands for no answer.
 *
 * @example [200, 429, 503, 500, 0].map(outcomeOfStatus) // => ["served", "throttled", "refused", "failed", "left"]
 */
export function outcomeOfStatus(status: number): Outcome {
  if (status >= 200 && status < 300) return "served";
  if (status === 429) return "throttled";
  if (status === 503) return "refused";
  return status === 0 || status === 408 || status === 499 ? "left" : "failed";
}

/**
 * How a call ended by the name of its error; served without one.
 *
 * @example ["ThrottlingException", "ServiceUnavailableException", "429", ""].map(outcomeOfError) // => ["throttled", "refused", "throttled", "served"]
 */
export function outcomeOfError(name: string | undefined | null): Outcome {
  if (name === undefined || name === null || name === "") return "served";
  if (/^\d{3}$/.test(name)) return outcomeOfStatus(Number(name));
  if (/throttl|rate.?limit|too.?many/i.test(name)) return "throttled";
  if (/unavailable|overloaded|capacity/i.test(name)) return "refused";
  return /time.?out|cancel|abort/i.test(name) ? "left" : "failed";
}

const SERVED_WORDS = /^(success(ful)?|succeeded|ok|served|completed?|true|unset|status_code_(ok|unset))$/i;

/**
 * How a call ended by a cell that holds a status in whatever form; undefined where the cell is empty.
 *
 * @example ["200", "success", "failure", 429].map(outcomeOfCell) // => ["served", "served", "failed", "throttled"]
 */
export function outcomeOfCell(cell: unknown): Outcome | undefined {
  const text = cell === undefined || cell === null ? "" : String(cell).trim();
  if (text === "") return undefined;
  if (/^\d+$/.test(text)) return outcomeOfStatus(Number(text));
  if (SERVED_WORDS.test(text)) return "served";
  const known = OUTCOMES.find((outcome) => outcome === text.toLowerCase());
  return known ?? outcomeOfError(text);
}
