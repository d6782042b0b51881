/** Simulates what is promised for money: capacity that is reserved, and data that stay where a rule wants them. */
import type { Advice } from "../../simulator/advice/advice.ts";
import { FREE_USD, type Reservation, type ResidencyPrice } from "../../simulator/advice/commitments.ts";
import { type Outcome, outcomeOf } from "../../simulator/advice/outcomes.ts";
import type { RunResult } from "../../simulator/experiment/result.ts";
import { RESERVED_MINIMUM_TPM } from "../../simulator/service/pricing/reserved.ts";
import type { Override } from "../io/overrides.ts";
import type { EvidenceRuns } from "./run-evidence.ts";
import { change, onlyStrategies, type prepareChanged, type RoutesVariant } from "./variants.ts";

/** Prepares the scenario with changes, under a label. */
export type Labelled = (
  label: string,
  changes: readonly Override[],
) => (replications?: number) => ReturnType<typeof prepareChanged>;
/** The figures of one strategy of a run. */
export type OutcomeOf = (label: string, result: RunResult, name: string) => Outcome;

/** A ceiling where a class has no objective: long enough for any answer, short enough to notice one that never comes. */
const IN_TIME_MS = 60_000;

/** Tries the reservation that saves most, or loses least. */
export async function checkReservation(input: {
  readonly runs: EvidenceRuns;
  readonly labelled: Labelled;
  readonly variant: RoutesVariant;
  readonly targetOf: Readonly<Record<string, string>>;
  readonly reservable: readonly Reservation[];
  readonly routed: RunResult;
  readonly outcome: OutcomeOf;
}): Promise<Advice["reservedCheck"]> {
  const { runs, labelled, variant, targetOf, reservable, routed, outcome } = input;
  const gain = (each: Reservation) => Number(each.onDemandUsd - (each.bestUsd ?? each.minimumUsd));
  const best = reservable.toSorted((a, b) => gain(b) - gain(a))[0];
  if (best === undefined) return null;
  const tpm = (kind: "input" | "output") =>
    best.bestUsd === undefined ? RESERVED_MINIMUM_TPM[kind] : best.kinds.find((each) => each.kind === kind)!.bestTpm;
  const [, route] = best.target.split("/");
  const entry = {
    region: best.region,
    model: best.model,
    inputTokensPerMinute: tpm("input"),
    outputTokensPerMinute: tpm("output"),
    term: `${best.termMonths}m`,
    routing: best.routing,
    ...(route === undefined ? {} : { route }),
  };
  const lists = Object.fromEntries(
    Object.entries(targetOf).map(([name, target]) => [
      name,
      [best.classes.includes(name) ? `${target}@reserved` : target],
    ]),
  );
  const strategy = { name: "reserved", "by-class": { targets: lists, cooldown: "0s" } };
  const result = await runs.run({
    label: "reserved",
    isSizing: false,
    about: `one region with ${entry.inputTokensPerMinute} input and ${entry.outputTokensPerMinute} output tokens a minute reserved for ${best.termMonths} months`,
    prepare: labelled("reserved", [
      ...variant.changes,
      change(["world", "reserved"], [entry]),
      ...onlyStrategies([strategy]),
    ]),
  });
  return {
    bought: `${entry.inputTokensPerMinute.toLocaleString("en-US")} input and ${entry.outputTokensPerMinute.toLocaleString("en-US")} output tokens a minute of ${best.model} in ${best.region}, ${best.termMonths} months`,
    without: outcome("routes", routed, variant.runAs.get(variant.options[0]!.name)!.name),
    outcome: outcome("reserved", result, "reserved"),
  };
}

/** Simulates the rule that costs most, and the same without it. */
export async function checkResidency(input: {
  readonly runs: EvidenceRuns;
  readonly labelled: Labelled;
  readonly variant: RoutesVariant;
  readonly residency: Advice["residency"];
}): Promise<Advice["residencyCheck"]> {
  const { runs, labelled, variant, residency } = input;
  const price = ({ withRuleUsd, withoutRuleUsd }: ResidencyPrice) => (withRuleUsd ?? 0) - (withoutRuleUsd ?? 0);
  const priced = residency.filter((each) => each.withRuleUsd !== null && each.withoutRuleUsd !== null);
  const dearest = priced.filter((each) => price(each) >= FREE_USD).toSorted((a, b) => price(b) - price(a))[0];
  if (dearest === undefined) return null;
  const { className } = dearest;
  const { classes } = variant.experiment.inputs.plan;
  const c = classes.findIndex(({ name }) => name === className);
  const inTimeMs = Math.max(...classes.map(({ sloE2eMs }) => (Number.isFinite(sloE2eMs) ? sloE2eMs : IN_TIME_MS)));
  const strategy = { name: "cheapest in time", "cheapest-within": { p95: `${inTimeMs}ms` } };
  const changes = [...variant.changes, ...onlyStrategies([strategy])];
  const outcome = (label: string, result: RunResult) => outcomeOf(label, result, result.strategies[0]!, className);
  const kept = await runs.run({
    label: "residency",
    isSizing: false,
    about: `each call at the cheapest target that is in time, the rule of ${className} kept`,
    prepare: labelled("residency", changes),
  });
  const dropped = await runs.run({
    label: "no residency",
    isSizing: false,
    about: `the same without the rule of ${className}`,
    prepare: labelled("no-residency", [...changes, change(["traffic", c, "residency"], undefined)]),
  });
  return { className, kept: outcome("residency", kept), dropped: outcome("no residency", dropped) };
}
