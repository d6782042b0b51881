/** Compares simulated and measured runs, and puts the comparisons together into a validation with its verdict. */
import { type MeasuredRun, measuredOutput } from "../bench/measured.ts";
import { measuredBound } from "../bench/measured-bound.ts";
import { summarise } from "../experiment/replication-stats.ts";
import { purposeStream } from "../random/sampler.ts";
import type { Plan } from "../scenario/plan.ts";
import { judge, requestsNeeded } from "./equivalence.ts";
import { againstMargins, harnessFaults } from "./known-answer.ts";
import { type PairedResult, pairedIntervals } from "./paired-intervals.ts";
import {
  cost,
  failedShare,
  type GroupSource,
  groupColumns,
  latencies,
  type Quantity,
  retries,
  split,
  throttledShare,
  unavailableShare,
} from "./quantities.ts";
import {
  type CurvePoint,
  differenceText,
  type GroupValidation,
  type HarnessError,
  marginText,
  type QuantityResult,
  type StrategyValidation,
  VALIDATION_SCHEMA_VERSION,
  type ValidationOutcome,
  type ValidationResult,
} from "./result.ts";
import { type RunSample, runSample } from "./samples.ts";

/** What a validation is made from. */
export interface ValidationInput {
  readonly strategies: readonly StrategyValidation[];
  /** Null where the harness was not measured. */
  readonly harness: HarnessError | null;
  /** Requests in the schedule. */
  readonly requests: number;
  /** Length of the window. */
  readonly lengthMs: number;
  readonly place: string;
  readonly resamples: number;
  /** Why the measured run is invalid; empty for a valid one. */
  readonly invalid: readonly string[];
  readonly notes: readonly string[];
  readonly scenarioSha256: string;
  readonly meridianVersion: string;
}

/** The whole validation, with its verdict in one sentence. */
export function validationResult(plan: Plan, input: ValidationInput): ValidationResult {
  const { margins } = plan.validation;
  const harness = input.harness === null ? null : againstMargins(input.harness, input.strategies, margins);
  const invalid = [...input.invalid, ...(harness === null ? [] : harnessFaults(harness))];
  const outcome = overall(input.strategies, invalid);
  return {
    schemaVersion: VALIDATION_SCHEMA_VERSION,
    kind: "validation",
    scenario: { name: plan.name, description: plan.description, sha256: input.scenarioSha256 },
    versions: { meridian: input.meridianVersion },
    seed: plan.seed,
    window: {
      startsAt: new Date(plan.startMs + plan.arrivalsFromMs).toISOString(),
      fromMs: plan.arrivalsFromMs,
      lengthMs: input.lengthMs,
    },
    requests: input.requests,
    place: input.place,
    margins,
    resamples: input.resamples,
    harness,
    strategies: input.strategies,
    invalid,
    outcome,
    verdict: verdict(input.strategies, outcome, invalid),
    notes: input.notes,
  };
}

/** The quantities that keep a strategy from being equivalent, those that are different first. */
export function openQuestions(
  strategy: StrategyValidation,
): readonly { readonly group: GroupValidation; readonly quantity: QuantityResult }[] {
  const all = [strategy.total, ...strategy.byClass, ...strategy.byRegion].flatMap((group) =>
    group.quantities.map((quantity) => ({ group, quantity })),
  );
  const different = all.filter(({ quantity }) => quantity.outcome === "different");
  const open = all.filter(
    ({ quantity }) => quantity.isGating && (quantity.outcome === "undecided" || quantity.outcome === "too few"),
  );
  return [...different, ...open];
}

function overall(strategies: readonly StrategyValidation[], invalid: readonly string[]): ValidationOutcome {
  if (invalid.length > 0) return "invalid";
  const outcomes = strategies.map(({ outcome }) => outcome);
  if (outcomes.includes("different")) return "different";
  return outcomes.includes("undecided") ? "undecided" : "equivalent";
}

function verdict(
  strategies: readonly StrategyValidation[],
  outcome: ValidationOutcome,
  invalid: readonly string[],
): string {
  if (outcome === "invalid") return `Invalid run, nothing can be concluded: ${invalid[0]}.`;
  const several = strategies.length === 2 ? "both strategies" : `all ${strategies.length} strategies`;
  const count = strategies.length === 1 ? strategies[0]!.name : several;
  if (outcome === "equivalent") {
    const judged = strategies.flatMap(({ total }) => total.quantities);
    const worst = judged.reduce((most, each) => (useOfMargin(each) > useOfMargin(most) ? each : most));
    const of = strategies.find(({ total }) => total.quantities.includes(worst))!;
    return `The simulator is right within its margins on ${count}: each of ${judged.length} quantities is shown equivalent at 5 %; closest to its margin is ${worst.name} of ${of.name}, ${differenceText(worst)} of ${marginText(worst)} allowed.`;
  }
  const open = strategies.flatMap((strategy) => openQuestions(strategy).map((each) => ({ strategy, ...each })));
  const { strategy, group, quantity } = open[0]!;
  const where = group === strategy.total ? strategy.name : `${strategy.name} (${group.name})`;
  const others = open.length > 1 ? `, and ${open.length - 1} more` : "";
  if (outcome === "different") {
    return `The simulator is wrong by more than its margins: ${quantity.name} of ${where} is ${differenceText(quantity)} where ${marginText(quantity)} is allowed${others}.`;
  }
  const needed = quantity.requestsNeeded === null ? "" : `; about ${quantity.requestsNeeded} requests would decide it`;
  return `Not shown: ${quantity.name} of ${where} is ${differenceText(quantity)} where ${marginText(quantity)} is allowed, but too uncertain to tell${others}${needed}.`;
}

/** The far end of a quantity's interval over its margin: above 1 it is not equivalent. */
export function useOfMargin({ low, high, margin }: QuantityResult): number {
  return low === null || high === null ? 0 : Math.max(Math.abs(low), Math.abs(high)) / margin;
}

/** Both runs of one strategy. */
export interface StrategyRuns {
  /** Index into the plan's strategies. */
  readonly strategy: number;
  readonly simulated: MeasuredRun;
  readonly measured: MeasuredRun;
  readonly resamples: number;
}

/**
 * Compares a strategy's simulated and measured run, request by request: in total, by class and by the region that ran
 * the request (for attempts: that was called).
 */
export function validateStrategy(plan: Plan, runs: StrategyRuns): StrategyValidation {
  const { name, kind } = plan.strategies[runs.strategy]!;
  const simulated = runSample(plan, runs.simulated);
  const measured = runSample(plan, runs.measured);
  const isStreaming = runs.simulated.isStreaming && runs.measured.isStreaming;
  const sourceOf = (group: { readonly classIndex?: number; readonly region?: number }): GroupSource => ({
    simulated: groupColumns(simulated, group),
    measured: groupColumns(measured, group),
    margins: plan.validation.margins,
    isStreaming,
  });
  const compare = (group: string, quantities: readonly Quantity[], isGating: boolean, deciding = quantities.length) =>
    compareGroup(quantities, {
      name: group,
      deciding,
      requests: simulated.requests,
      isGating,
      resamples: runs.resamples,
      random: purposeStream(plan.seed, `validation/${name}/${group}`),
    });
  const whole = sourceOf({});
  const judged = totalQuantities(plan, whole, simulated, measured);
  const curve = curveQuantities(judged);
  const total = compare("total", [...judged, ...curve], true, judged.length);
  const groups = (names: readonly string[], key: "classIndex" | "region", of: (source: GroupSource) => Quantity[]) =>
    names.map((group, index) => compare(group, of(sourceOf({ [key]: index })), false).group);
  const byClass = plan.classes.length > 1 ? groups(classNames(plan), "classIndex", classQuantities) : [];
  const byRegion = groups(plan.regionNames, "region", regionQuantities).filter(isUsed);
  const points = curve.map((quantity, i) => curvePoint(quantity, total.results[judged.length + i]!));
  const ofTotal = { ...total.group, quantities: total.group.quantities.slice(0, judged.length) };
  const curveOf = (metric: string) => points.filter((_, i) => curve[i]!.id.startsWith(metric)).filter(isKnown);
  return {
    name,
    kind,
    outcome: outcomeOf([ofTotal, ...byClass, ...byRegion]),
    total: ofTotal,
    byClass,
    byRegion,
    e2eCurve: curveOf("e2e"),
    ttftCurve: curveOf("ttft"),
    ...leastCostOf(plan, runs),
  };
}

/** Both runs against the bound of what they served. */
function leastCostOf(
  plan: Plan,
  { strategy, simulated, measured }: StrategyRuns,
): Pick<StrategyValidation, "leastCost"> {
  const single: Plan = { ...plan, replications: 1 };
  const of = (run: MeasuredRun) => {
    const stats = summarise(single, strategy, 0, measuredOutput(single, run));
    return measuredBound(single, [stats], run.schedule).strategies[strategy];
  };
  const [ofSimulated, ofMeasured] = [of(simulated), of(measured)];
  return ofSimulated === undefined || ofMeasured === undefined
    ? {}
    : { leastCost: { simulated: ofSimulated, measured: ofMeasured } };
}

/** Equivalent when every gating quantity is and none is different. */
export function outcomeOf(groups: readonly GroupValidation[]): Exclude<ValidationOutcome, "invalid"> {
  const all = groups.flatMap(({ quantities }) => quantities);
  if (all.some(({ outcome }) => outcome === "different")) return "different";
  return all.every(({ isGating, outcome }) => !isGating || outcome === "equivalent") ? "equivalent" : "undecided";
}

function classNames(plan: Plan): readonly string[] {
  return plan.classes.map(({ name }) => name);
}

function totalQuantities(plan: Plan, source: GroupSource, simulated: RunSample, measured: RunSample): Quantity[] {
  const ran = ({ region }: RunSample, r: number) => Float64Array.from(region, (each) => (each === r ? 1 : 0));
  const splits = plan.regionNames.flatMap((name, r) => {
    const ranHere = [ran(simulated, r), ran(measured, r)] as const;
    return ranHere.some((column) => column.includes(1)) ? [split(source, name, ranHere)] : [];
  });
  return [
    ...latencies(source),
    throttledShare(source),
    unavailableShare(source),
    retries(source),
    failedShare(source),
    ...splits,
    cost(source),
  ];
}

function classQuantities(source: GroupSource): Quantity[] {
  return [...latencies(source), throttledShare(source), failedShare(source), cost(source)];
}

function regionQuantities(source: GroupSource): Quantity[] {
  return [...latencies(source), throttledShare(source), unavailableShare(source)];
}

/** False for a region that neither side used. */
function isUsed({ quantities }: GroupValidation): boolean {
  return quantities.some(({ simulated, measured }) => simulated !== null || measured !== null);
}

interface GroupHow {
  readonly name: string;
  readonly requests: number;
  readonly isGating: boolean;
  readonly deciding: number;
  readonly resamples: number;
  readonly random: ReturnType<typeof purposeStream>;
}

function compareGroup(quantities: readonly Quantity[], how: GroupHow) {
  const { results, blockRequests } = pairedIntervals(quantities, how.requests, how);
  const group: GroupValidation = {
    name: how.name,
    blockRequests,
    quantities: quantities.map((quantity, i) => quantityResult(quantity, results[i]!, how)),
  };
  return { group, results };
}

function quantityResult(quantity: Quantity, result: PairedResult, { requests, isGating }: GroupHow): QuantityResult {
  const { id, name, unit, isRelative, margin, count, countMin } = quantity;
  const { difference } = result;
  const isEnough = count >= countMin;
  const outcome = isEnough ? judge(difference, margin) : "too few";
  const needed = isEnough
    ? requestsNeeded(difference, margin, requests)
    : count > 0
      ? Math.ceil((requests * countMin) / count)
      : null;
  return {
    id,
    name,
    unit,
    isRelative,
    simulated: orNull(result.simulated),
    measured: orNull(result.measured),
    difference: orNull(difference.value),
    low: isEnough ? orNull(difference.low) : null,
    high: isEnough ? orNull(difference.high) : null,
    margin,
    outcome,
    isGating,
    count,
    requestsNeeded: outcome === "undecided" || outcome === "too few" ? needed : null,
  };
}

/** Every whole percentile, for the charts. */
const CURVE_SHARES = Array.from({ length: 99 }, (_, i) => (i + 1) / 100);

function curveQuantities(judged: readonly Quantity[]): Quantity[] {
  const medians = judged.filter(({ id }) => id === "e2e.p50" || id === "ttft.p50");
  return medians.flatMap((quantity) =>
    CURVE_SHARES.map((share): Quantity => {
      const { simulated, measured } = quantity;
      if (simulated.kind !== "quantile" || measured.kind !== "quantile") return quantity;
      const id = `${quantity.id.split(".")[0]}.${share}`;
      return { ...quantity, id, simulated: { ...simulated, share }, measured: { ...measured, share } };
    }),
  );
}

function curvePoint(quantity: Quantity, { simulated, measured, difference }: PairedResult): CurvePoint {
  const share = quantity.simulated.kind === "quantile" ? quantity.simulated.share : Number.NaN;
  const { value, low, high } = difference;
  return { share, simulatedMs: simulated, measuredMs: measured, residual: value, low, high };
}

/** JSON has no NaN: incomplete points are left out. */
function isKnown(point: CurvePoint): boolean {
  return Object.values(point).every(Number.isFinite);
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
