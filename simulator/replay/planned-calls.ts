import type { Plan } from "../scenario/plan.ts";
import type { ReplayTier } from "./adapters/adapter.ts";
import { tierOf } from "./replayable.ts";

/** A model that some class may call at a target. */
export interface PlannedCall {
  readonly target: string;
  /** Source region: the one whose endpoint is called. */
  readonly region: string;
  /** The scenario's name of the model, and its id. */
  readonly model: string;
  readonly modelId: string;
  /** The id that is called there, of the model or of a profile; null where the target has none. */
  readonly calledId: string | null;
  readonly tier: ReplayTier;
}

/** Every model that a scenario's classes may call, at every target that is legal for them, in the plan's order. */
export function plannedCalls(plan: Plan): readonly PlannedCall[] {
  return plan.targets.flatMap((target, t) =>
    plan.models.flatMap(({ name, id }, m): readonly PlannedCall[] => {
      if (!plan.classes.some((each) => each.model === m && each.legal[t] === 1)) return [];
      const region = plan.regionNames[target.region]!;
      const tier = (tierOf(plan, t, m) ?? "standard") as ReplayTier;
      return [{ target: target.id, region, model: name, modelId: id, calledId: target.calledIds[m]!, tier }];
    }),
  );
}
