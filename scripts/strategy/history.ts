/** p95 of each target by hour of the day, from what was recorded: what `cheapest-within` reads as its history. */
import { MeridianError } from "../../simulator/base/errors.ts";
import { sortedNumbers } from "../../simulator/base/statistics.ts";
import { HOUR_MS } from "../../simulator/base/time.ts";
import { readDecisions } from "../bedrock/decision-file.ts";

/** What was found of one target. */
export interface TargetHistory {
  /** p95 of served attempts by UTC hour, ms; an hour with too few has that of the whole day. */
  readonly p95Ms: readonly number[];
  readonly calls: number;
  /** Hours that had too few calls of their own. */
  readonly filled: number;
}

/** From so few calls no p95 is taken: the largest of 20 is beyond it with a chance of a third. */
const CALLS_MIN = 60;

/**
 * Reads decision logs of clients, or audits of runs (`simulate --audit`), of any number of days.
 *
 * @throws MeridianError data DECISION_LOG_BAD_ROW, HISTORY_EMPTY
 */
export async function historyOf(files: readonly string[]): Promise<ReadonlyMap<string, TargetHistory>> {
  const byTarget = new Map<string, number[][]>();
  for (const file of files) {
    await readDecisions(file, ({ attempts }) => {
      for (const { target, outcome, givenUp, sentAt, endedAt, e2eMs } of attempts) {
        if (outcome !== "ok" || givenUp) continue;
        const hours = byTarget.get(target) ?? Array.from({ length: 24 }, () => []);
        byTarget.set(target, hours);
        hours[Math.floor(sentAt / HOUR_MS) % 24]!.push(e2eMs ?? endedAt - sentAt);
      }
    });
  }
  const known = [...byTarget].filter(([, hours]) => hours.flat().length >= CALLS_MIN);
  if (known.length === 0) {
    const what = `no target has ${CALLS_MIN} served calls`;
    const fix = "give decision logs, or audits of runs, of more traffic: simulate --audit audit.jsonl";
    throw new MeridianError("data", { code: "HISTORY_EMPTY", what, where: files.join(", "), fix });
  }
  return new Map(known.sort(([a], [b]) => (a < b ? -1 : 1)).map(([target, hours]) => [target, historyOfHours(hours)]));
}

function historyOfHours(hours: readonly (readonly number[])[]): TargetHistory {
  const all = hours.flat();
  const day = p95(all);
  return {
    p95Ms: hours.map((calls) => (calls.length >= CALLS_MIN ? p95(calls) : day)),
    calls: all.length,
    filled: hours.filter((calls) => calls.length < CALLS_MIN).length,
  };
}

/** Rank p (n - 1), interpolated, as everywhere. */
function p95(values: readonly number[]): number {
  const sorted = sortedNumbers(values);
  const at = 0.95 * (sorted.length - 1);
  const below = Math.floor(at);
  const part = at - below;
  const value = sorted[below]! * (1 - part) + (sorted[below + 1] ?? sorted[below]!) * part;
  return Math.round(value);
}
