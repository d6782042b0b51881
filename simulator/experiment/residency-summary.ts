import type { ClassPlan, Plan } from "../scenario/plan.ts";
import type { ResidencySummary } from "./result.ts";

/** What a class's rule allows in this world, target by target, with the reasons that the resolver found. */
export function residencySummary(plan: Plan, each: ClassPlan): ResidencySummary {
  return {
    regions: plan.regionNames.filter((_, region) => each.allowedRegions[region] === 1),
    targets: plan.targets.map(({ id }, target) => ({
      target: id,
      legal: each.legal[target] === 1,
      reason: each.reasons[target] ?? null,
    })),
  };
}
