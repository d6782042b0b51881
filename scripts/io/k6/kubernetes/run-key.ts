import { createHash } from "node:crypto";
import { makeReplayPlan } from "../../../../simulator/replay/make-replay-plan.ts";
import { encodeReplayPlan, type ReplayOperation } from "../../../../simulator/replay/replay-plan.ts";
import { encodeSchedule, type ScheduleRow } from "../../../../simulator/replay/schedule.ts";
import type { Plan } from "../../../../simulator/scenario/plan.ts";

export interface RunOrder {
  readonly schedule: readonly ScheduleRow[];
  readonly operation: ReplayOperation;
  readonly drainMs: number;
}

/**
 * What a strategy's run is known by wherever its rows end up: a digest of all that was to be sent and how, but for where
 * the endpoints are. The same scenario and options give the same key.
 */
export function runKeyOf(plan: Plan, strategy: number, { schedule, operation, drainMs }: RunOrder): string {
  const replay = makeReplayPlan(
    plan,
    strategy,
    { urlOfRegion: new Map(), operation, isEmulated: false, roundTripMs: new Map() },
    { requests: schedule.length, lastArrivalMs: schedule.at(-1)![0], drainMs },
  );
  const digest = createHash("sha256").update(encodeReplayPlan(replay)).update(encodeSchedule(schedule));
  return digest.digest("hex").slice(0, 16);
}
