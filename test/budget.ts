/**
 * How much work a statistical test does: enough for every commit, or all of it under `npm run test:full`, which sets
 * `MERIDIAN_TEST_FULL=1` for the test processes.
 */
export const IS_FULL = process.env.MERIDIAN_TEST_FULL === "1";

/**
 * @param full what a full run does: requests, replications, cases
 * @param onCommit what is enough for every commit
 */
export function budget<T>(full: T, onCommit: T): T {
  return IS_FULL ? full : onCommit;
}
