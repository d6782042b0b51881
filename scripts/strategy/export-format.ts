/** What a strategy can be exported as: the contract of a format, and what most of them cannot say. */
import type { Plan, StrategyPlan } from "../../simulator/scenario/plan.ts";

/** An exported strategy. */
export interface Exported {
  readonly text: string;
  /** For `--json`: the same as data, where it is data. */
  readonly document: unknown;
  /** What the scenario says and the format cannot, one sentence each; they stand in the text too. */
  readonly lost: readonly string[];
}

/** A format; a line in `exports.ts` registers it. */
export interface ExportFormat {
  readonly name: string;
  /** One sentence for the help. */
  readonly summary: string;
  /** @throws MeridianError usage STRATEGY_NOT_EXPORTED for a strategy that it has no rule for */
  write(plan: Plan, strategy: StrategyPlan): Exported | Promise<Exported>;
}

/** What a format keeps of a scenario beside the rule itself. */
interface Kept {
  readonly residency?: boolean;
  readonly hedges?: boolean;
  readonly deadline?: boolean;
  readonly hours?: boolean;
}

/** What is lost, by what the scenario has and the format keeps. */
export function lostOf(plan: Plan, { client }: StrategyPlan, kept: Kept): readonly string[] {
  const { hedge, timeout } = client ?? plan.client;
  const lost: string[] = [];
  const restricted = plan.classes.filter(({ model, legal }) => {
    const sold = plan.targets.flatMap(({ calledIds, isAsync }, t) =>
      calledIds[model] !== null && !isAsync ? [t] : [],
    );
    return sold.some((t) => legal[t] !== 1);
  });
  if (kept.residency !== true && restricted.length > 0) {
    const names = restricted.map(({ name }) => name).join(", ");
    lost.push(`Residency is not kept: ${names} may not use every target here. Give such classes a route of their own.`);
  }
  if (kept.hedges !== true && hedge.hedgesMax > 0) lost.push(`Hedges after ${hedge.afterMs} ms are not sent.`);
  if (kept.deadline !== true && Number.isFinite(timeout.requestMs))
    lost.push(`The deadline of ${timeout.requestMs} ms over all attempts is not kept.`);
  if (kept.hours !== true && hasHourlyPrices(plan))
    lost.push("Prices by the hour are not kept: those here are of the list.");
  const async = plan.targets.filter(({ isAsync }) => isAsync).map(({ id }) => id);
  if (async.length > 0) lost.push(`Batch is not a target of a gateway: ${async.join(", ")} left out.`);
  if (plan.routers > 1)
    lost.push(
      `The simulation had ${plan.routers} routers, each with what it saw itself: run as many, or simulate one.`,
    );
  return lost;
}

/** Whether some price leaves the list in some epoch. */
function hasHourlyPrices({ money }: Plan): boolean {
  return money.schedule.factor.some((factor) => Number.isFinite(factor) && Math.abs(factor - 1) > 1e-9);
}

/** Sentences as comments. */
export function comments(mark: string, lines: readonly string[]): string {
  return lines.map((line) => `${mark} ${line}\n`).join("");
}
