/** What an answer rests on that is not known: prices, billing rule, capacities, window law of quotas. */
import type { Plan } from "../scenario/plan.ts";
import { listText } from "./phrases.ts";
import type { RunResult } from "./result.ts";

/**
 * What carries the result and is assumed, one phrase each: stands right behind the verdict, so that no reader takes a
 * what-if for a fact.
 */
export function assumptionsOf(plan: Plan, kind: RunResult["kind"]): readonly string[] {
  const money = [pricesText(plan), `billing by the ${plan.money.billing} rule`];
  return kind === "measured" ? money : [...money, ...capacityTexts(plan), ...quotaTexts(plan)];
}

/** One sentence of all of them. */
export function assumptionSentence(assumptions: readonly string[]): string {
  return assumptions.length === 0 ? "" : `Assumes ${assumptions.join("; ")}.`;
}

function pricesText({ money }: Plan): string {
  const { factor } = money.schedule;
  let low = 1;
  let high = 1;
  for (const each of factor) {
    if (each < low) low = each;
    if (each > high) high = each;
  }
  if (high - low < 1e-9) return "list prices";
  const ends = `${percent(low - 1)} to ${percent(high - 1)}`;
  return `prices that leave the list by ${ends} over the run, a what-if of the scenario (AWS publishes no price by the hour)`;
}

function percent(share: number): string {
  const rounded = Number((share * 100).toPrecision(2));
  return `${rounded < 0 ? "−" : "+"}${Math.abs(rounded)} %`;
}

function capacityTexts({ world }: Plan): readonly string[] {
  const kinds = new Set(world.endpoints.map(({ capacity }) => capacity.kind));
  if (kinds.size === 0) return [];
  const measured = kinds.has("fitted") || kinds.has("empirical");
  const stated = [...kinds].some((kind) => kind !== "fitted" && kind !== "empirical");
  if (measured && !stated) return ["capacities as fitted to measured calls"];
  return [
    measured
      ? "capacities partly fitted, partly as the scenario states them"
      : "capacities as the scenario states them, not measured",
  ];
}

function quotaTexts({ world }: Plan): readonly string[] {
  const laws = new Set(
    world.quotas.flatMap(({ tokensPerMinute, requests }) =>
      [tokensPerMinute, requests].flatMap((meter) => (meter === null ? [] : [meter.law])),
    ),
  );
  if (laws.size === 0) return world.quotas.length === 0 ? ["no quotas"] : [];
  return [
    `quotas that refill as a ${listText([...laws].map((law) => law.replace("-", " ")))} (AWS does not publish the law)`,
  ];
}
