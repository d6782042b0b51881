/** What is legal in a scenario but a reader of its results should know. */
import { capacitySpecOf, ignoresPriority } from "../service/capacity/index.ts";
import type { ArrivalSpec } from "../traffic/arrivals/index.ts";
import type { ClassInput } from "./classes.ts";
import type { ClientInput } from "./client.ts";
import type { TargetDraft } from "./drafts.ts";
import type { FaultInput } from "./faults.ts";
import type { ModelsInput } from "./models.ts";
import { hasLevelOfItsOwn } from "./tiers.ts";

/** Models, traffic and clients of a scenario, as far as remarks go by them. */
export interface RemarksInput {
  readonly world: { readonly models: ModelsInput; readonly faults: readonly FaultInput[] };
  readonly traffic: readonly Pick<ClassInput, "class" | "arrivals">[];
  readonly client: Pick<ClientInput, "hedge">;
  readonly strategies: readonly { readonly client: Pick<ClientInput, "hedge"> | undefined }[];
  /** ms; undefined where the run ends by its requests. */
  readonly duration?: number | undefined;
}

/** One sentence each. */
export function remarksOf(scenario: RemarksInput, targets: readonly Pick<TargetDraft, "tier">[]): readonly string[] {
  return [
    ...classesWithoutArrivals(scenario),
    ...faultsAfterTheEnd(scenario),
    ...hedgesWithoutBudget(scenario),
    ...queuesIgnoringPriority(scenario, targets),
  ];
}

function faultsAfterTheEnd({ world, duration = Number.POSITIVE_INFINITY }: RemarksInput): readonly string[] {
  return world.faults.flatMap(({ kind, at = 0 }, i) =>
    at < duration
      ? []
      : [
          `Fault ${i + 1} (${kind}) begins after the run: at ${at / 1000} s of ${duration / 1000} s, so it never strikes.`,
        ],
  );
}

/** When all answers are slow, a fixed silence passes at nearly every call, and hedges add to what makes them slow. */
function hedgesWithoutBudget({ client, strategies }: RemarksInput): readonly string[] {
  const hedges = strategies.map((each) => (each.client ?? client).hedge);
  const isUnbounded = hedges.some((hedge) => typeof hedge?.after === "number" && hedge.budget === undefined);
  if (!isUnbounded) return [];
  return [
    "Hedges have no budget: when answers are slow, nearly every call is sent again, which slows them further; hedge.budget, say 10 %, bounds it.",
  ];
}

function classesWithoutArrivals({ traffic }: RemarksInput): readonly string[] {
  const silent = traffic.filter((each) => isSilent(each.arrivals));
  if (silent.length === traffic.length) return ["No class has a rate above 0: nothing arrives, and nothing is learnt."];
  return silent.map((each) => `Class ${each.class} has a rate of 0: nothing arrives.`);
}

function isSilent(arrivals: ArrivalSpec): boolean {
  if (arrivals.process === "mmpp") return arrivals.states.every(({ ratePerS }) => ratePerS === 0);
  return "ratePerS" in arrivals && arrivals.ratePerS === 0;
}

/** Tiers, and priorities of classes, do nothing in queues that serve first come, first served. */
function queuesIgnoringPriority(
  { world }: RemarksInput,
  targets: readonly Pick<TargetDraft, "tier">[],
): readonly string[] {
  const tiers = [...new Set(targets.map(({ tier }) => tier))].filter(hasLevelOfItsOwn);
  if (tiers.length === 0) return [];
  const ignoring = Object.entries(world.models).filter(([, { capacity, capacityIn }]) =>
    [capacity, ...Object.values(capacityIn)].some((each) => ignoresPriority(capacitySpecOf(each, "priority"))),
  );
  return ignoring.map(
    ([name]) =>
      `Some queues of ${name} do not serve by priority, as the scenario says: the ${tiers.length === 1 ? "tier" : "tiers"} ${tiers.join(" and ")} wait there like standard.`,
  );
}
