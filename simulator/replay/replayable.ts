import type { Problem } from "../errors.ts";
import type { Plan } from "../scenario/plan.ts";
import { findStrategy } from "../strategies/index.ts";
import { PREPAID } from "../world/pricing/prices.ts";

/**
 * What of a scenario cannot be replayed against endpoints, with what to do about it; empty when all can. Better refused
 * than measured as something else than what was simulated.
 */
export function notReplayable(plan: Plan): readonly Problem[] {
  const problems: Problem[] = [];
  const refuse = (where: string, what: string, fix: string) => {
    problems.push({ code: "BENCH_NOT_REPLAYABLE", where, what, fix });
  };
  if (plan.signals.source === "shared") {
    refuse("signals.source", "a real router sees only its own outcomes", "--set signals.source=own");
  }
  if (plan.gateways.length > 0) {
    refuse("world.gateways", "stations before the routing have no endpoint to be measured at", "take them out");
  }
  plan.targets.forEach((target, t) => {
    if (!plan.classes.some((each) => each.legal[t] === 1)) return;
    const isPrepaid = plan.models.some((_, m) => tierOf(plan, t, m) === PREPAID);
    if (target.isAsync || isPrepaid) {
      const what = `target "${target.id}" is ${target.isAsync ? "batch" : "reserved capacity"}, which is not called like others`;
      refuse("world.targets", what, "bench the on-demand targets of the scenario");
    }
  });
  for (const strategy of plan.strategies) {
    const { retry } = strategy.client ?? plan.client;
    if (retry.mode === "custom" && retry.backoff.kind === "law") {
      refuse(
        "client.retry.backoff",
        "a backoff drawn from a law is for the simulator only",
        "give base, factor and cap",
      );
    }
    if (findStrategy(strategy.kind).signals.includes("quotaHeadroom")) {
      refuse("strategies", `${strategy.name} reads quotas that no client can see`, "leave it out with --strategy");
    }
  }
  return problems;
}

/** The service tier that a target sells a model at; undefined where it does not. */
export function tierOf(plan: Plan, target: number, model: number): string | undefined {
  const key = plan.money.keyOfTarget[target * plan.models.length + model]!;
  return key < 0 ? undefined : plan.money.schedule.keys[key]!.tier;
}
