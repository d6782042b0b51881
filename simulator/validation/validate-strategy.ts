import { purposeStream } from "../random/streams.ts";
import type { MeasuredRun } from "../replay/measured-output.ts";
import type { Plan } from "../scenario/plan.ts";
import { judge, requestsNeeded } from "./equivalence.ts";
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
import type { CurvePoint, GroupValidation, QuantityResult, StrategyValidation, ValidationOutcome } from "./result.ts";
import { type RunSample, runSample } from "./run-sample.ts";

export interface StrategyRuns {
  /** Index into the plan's strategies. */
  readonly strategy: number;
  readonly simulated: MeasuredRun;
  readonly measured: MeasuredRun;
  readonly resamples: number;
}

/**
 * Compares a strategy's simulated and measured run, request by request: in total, by class and by region that ran it
 * (attempts: that was called).
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
  };
}

/** All that must be equivalent is; nothing is different anywhere. */
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

/** A region that neither side called nor ran anything in says nothing. */
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

/** Every whole percentile, for the pictures. */
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

/** JSON has no NaN: points that are not to be had are left out. */
function isKnown(point: CurvePoint): boolean {
  return Object.values(point).every(Number.isFinite);
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
