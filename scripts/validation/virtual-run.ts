import { makeReplayPlan } from "../../simulator/replay/make-replay-plan.ts";
import { recordSchedule } from "../../simulator/replay/record-schedule.ts";
import { type Condition, prepareCondition } from "./conditions.ts";
import { replayVirtually } from "./foreign/virtual.ts";
import { type ForeignWorld, startServers } from "./foreign/worlds.ts";
import { factsOf, type Measured } from "./measured.ts";

const DRAIN_MS = 60_000;

/**
 * What a faultless harness would measure of a world under a condition, in a second.
 *
 * @param luck added to the seed of the servers' chance; 0 is that of the measured run
 */
export async function runVirtually(world: ForeignWorld, condition: Condition, luck = 0): Promise<Measured> {
  const { yaml, inputs } = await prepareCondition(world.name, condition);
  const { plan } = inputs;
  const schedule = recordSchedule(plan);
  const roundTripMs = new Map(world.regions.map((each) => [each.region, each.roundTripMs]));
  const replay = makeReplayPlan(
    plan,
    0,
    { urlOfRegion: new Map(), operation: "converse-stream", isEmulated: false, roundTripMs },
    { requests: schedule.length, lastArrivalMs: schedule.at(-1)![0], drainMs: DRAIN_MS },
  );
  const { attempts, requests } = replayVirtually(replay, schedule, startServers(world, plan.seed + luck));
  return {
    yaml,
    schedule,
    attempts,
    requests,
    facts: factsOf(plan, world, {
      target: `the foreign world "${world.name}" in virtual time`,
      lagMsP99: null,
      serverLateMsP99: null,
      k6: null,
    }),
  };
}
