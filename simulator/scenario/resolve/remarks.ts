import type { ArrivalSpec } from "../../traffic/arrivals/index.ts";
import { capacitySpecOf, ignoresPriority } from "../../world/capacity/index.ts";
import type { Scenario } from "../schema.ts";
import type { TargetDraft } from "./drafts.ts";

/** What is legal but should not pass in silence. */
export function remarksOf(scenario: Scenario, targets: readonly TargetDraft[]): readonly string[] {
  return [...silentClasses(scenario), ...deafQueues(scenario, targets)];
}

function silentClasses({ traffic }: Scenario): readonly string[] {
  const silent = traffic.filter((each) => isSilent(each.arrivals));
  if (silent.length === traffic.length) return ["No class has a rate above 0: nothing arrives, and nothing is learnt."];
  return silent.map((each) => `Class ${each.class} has a rate of 0: nothing arrives.`);
}

function isSilent(arrivals: ArrivalSpec): boolean {
  if (arrivals.process === "mmpp") return arrivals.states.every(({ ratePerS }) => ratePerS === 0);
  return "ratePerS" in arrivals && arrivals.ratePerS === 0;
}

/** Tiers, and priorities of classes, do nothing in queues that serve whoever came first. */
function deafQueues({ world }: Scenario, targets: readonly TargetDraft[]): readonly string[] {
  const tiers = [...new Set(targets.map(({ tier }) => tier))].filter((tier) =>
    ["priority", "flex", "reserved"].includes(tier),
  );
  if (tiers.length === 0) return [];
  const deaf = Object.entries(world.models).filter(([, { capacity, capacityIn }]) =>
    [capacity, ...Object.values(capacityIn)].some((each) => ignoresPriority(capacitySpecOf(each, "priority"))),
  );
  return deaf.map(
    ([name]) =>
      `Some queues of ${name} do not serve by priority, as the scenario says: the ${tiers.length === 1 ? "tier" : "tiers"} ${tiers.join(" and ")} wait there like standard.`,
  );
}
