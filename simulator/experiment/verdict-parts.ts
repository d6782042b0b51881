/**
 * Clauses of a verdict: how well objectives are kept, p95 against the baseline, who is faster for more money, and which
 * strategies are left out and why.
 */
import type { Estimate } from "../base/statistics.ts";
import { type ClassMetric, classComparison, p95Values, relativeDifference } from "./class-comparison.ts";
import { listText, objectiveText, percentText, secondsText } from "./phrases.ts";
import type { Comparison, RunResult, Standing, StrategyResult } from "./result.ts";
import { extremeShares, shareRangeText, shareText, targetText } from "./shares.ts";
import {
  costValues,
  hasQuantile,
  headlineClasses,
  largestClass,
  leastOf,
  OBJECTIVE_SHARE,
  pairedDifference,
  shortfallValues,
  standingOf,
  targetShareOf,
} from "./standing.ts";

type Classes = RunResult["classes"];
type ResultClass = Classes[number];

/** Of more classes three are told and the others counted. */
export const CLASSES_MAX = 3;

/**
 * `97.1 % of chat within 6 s and 96 % of code within 8 s`: the named classes, of several strategies the range; of many
 * classes those that are kept least. Then the share that is asked for, of each class where they differ.
 *
 * @param silent a share that needs no words
 */
export function objectivesText(
  classes: Classes,
  strategies: readonly StrategyResult[],
  names: readonly string[],
  silent: number | null = OBJECTIVE_SHARE,
): string {
  const each = classes
    .filter(({ name }) => names.includes(name))
    .map((one) => {
      const shares = strategies.map(({ byClass }) => byClass.find(({ name }) => name === one.name)?.goodputShare);
      const [low, high] = extremeShares(shares);
      return { one, low, high };
    })
    .toSorted((a, b) => (classes.length > CLASSES_MAX ? (a.low.value ?? 0) - (b.low.value ?? 0) : 0));
  const shown = each.slice(0, CLASSES_MAX);
  const asked = [...new Set(each.map(({ one }) => targetShareOf(one)))];
  const objectiveOf = (one: ResultClass) => {
    const says = asked.length > 1 && targetShareOf(one) !== silent;
    return `${objectiveText(one)}${says ? ` where ${targetText(targetShareOf(one))} is asked for` : ""}`;
  };
  const clauses = [...new Set(shown.map(({ one }) => objectiveOf(one)))].map((objective) => {
    const shares = shown
      .filter(({ one }) => objectiveOf(one) === objective)
      .map(({ one, low, high }) => `${shareRangeText(low, high, targetShareOf(one))} of ${one.name}`);
    return `${listText(shares)} ${objective}`;
  });
  const further = each.length - CLASSES_MAX;
  const more = further > 0 ? `, ${moreClasses(further)} better` : "";
  const ofAll = asked.length === 1 && asked[0] !== silent ? `, where ${targetText(asked[0]!)} is asked for` : "";
  return `${listText(clauses)}${more}${ofAll}`;
}

/** What a clause about speed needs of a run. */
export interface SpeedInput {
  readonly strategies: readonly StrategyResult[];
  readonly classes: Classes;
  readonly billing: RunResult["billing"];
}

/** `; p95 of chat 5.5 s, 8.0 % (2.0–12 %) lower than with base`: p95 of some classes, paired with the baseline's. */
export function p95Text(input: SpeedInput, chosen: StrategyResult, names: readonly string[]): string {
  const baseline = input.strategies[0]!;
  const isSent = (name: string) => (chosen.byClass.find((each) => each.name === name)?.counts.sent ?? 0) > 0;
  const classes = input.classes.filter(({ name }) => names.includes(name) && isSent(name));
  const figures = classes.slice(0, CLASSES_MAX).map((each) => {
    const p95 = p95Of(chosen, each);
    if (p95 === null) return { value: `of ${each.name}: ${whyNoP95(chosen, each)}`, change: null };
    const value = `of ${each.name} ${isFirstToken(each) ? "to the first token " : ""}${secondsText(p95)}`;
    return { value, change: chosen === baseline ? null : changeText(input, chosen, each) };
  });
  if (figures.length === 0) return "";
  const further = classes.length - CLASSES_MAX;
  const more = further > 0 ? `; of ${moreClasses(further)} in the report` : "";
  const [first] = figures;
  if (figures.every(({ change }) => change === first!.change)) {
    const change = first!.change === null ? "" : `, ${first!.change} ${baseline.name}`;
    return `; p95 ${listText(figures.map(({ value }) => value))}${change}${more}`;
  }
  const each = figures.map(({ value, change }) => (change === null ? value : `${value}, ${change} ${baseline.name}`));
  return `; p95 ${each.join("; ")}${more}`;
}

/** @example moreClasses(1) // => "1 more class" */
export function moreClasses(count: number): string {
  return `${count} more ${count === 1 ? "class" : "classes"}`;
}

/** An objective for the first token alone makes the first token what counts. */
function isFirstToken({ sloE2eMs, sloTtftMs }: ResultClass): boolean {
  return sloE2eMs === null && sloTtftMs !== null;
}

function p95Of(strategy: StrategyResult, each: ResultClass): number | null {
  const group = strategy.byClass.find(({ name }) => name === each.name);
  if (group === undefined || !hasQuantile(group, 0.95)) return null;
  return (isFirstToken(each) ? group.ttftMs : group.e2eMs).p95.value;
}

function whyNoP95({ byClass }: StrategyResult, { name }: ResultClass): string {
  const group = byClass.find((each) => each.name === name);
  return group === undefined || hasQuantile(group, 0.95) ? "none, of too few requests" : "none, since too many fail";
}

function changeText(input: SpeedInput, chosen: StrategyResult, each: ResultClass): string | null {
  const baseline = input.strategies[0]!;
  const { verdict, relative } = comparedP95(input, [chosen, baseline], each);
  const group = baseline.byClass.find(({ name }) => name === each.name);
  if (verdict === "not comparable" || relative.low === null) return null;
  if (group !== undefined && !hasQuantile(group, 0.95)) return null;
  if (verdict === "not shown") return "not shown to differ from that of";
  return `${percentText(relative, verdict === "better" ? "lower" : "higher")} than with`;
}

function comparedP95(
  { strategies }: SpeedInput,
  pair: readonly [StrategyResult, StrategyResult],
  each: ResultClass,
): Comparison {
  return classComparison(pair, each.name, metricOf(each), strategies.length);
}

function metricOf(each: ResultClass): ClassMetric {
  return isFirstToken(each) ? "ttftMsP95" : "e2eMsP95";
}

/** What the one costs more than the other, of all strategies that might have been named. */
function costDifference(input: SpeedInput, one: StrategyResult, other: StrategyResult): Estimate {
  const values = costValues(input);
  return relativeDifference(values(one), values(other), input.strategies.length - 1);
}

/** A p95 that differs by less than this share is not worth a sentence. */
const FASTER_MARGIN = 0.02;

/**
 * `Faster, for 3.1 % (…) more: x (p95 of chat 4.2 s).`: a sound strategy whose p95 of a class is shown to be lower than
 * that of the one preferred, and of no class higher: who gains what another loses is not faster.
 */
export function fasterText(
  input: SpeedInput,
  reference: StrategyResult,
  sound: readonly StrategyResult[],
): { readonly text: string; readonly name: string | null; readonly figure: string } {
  const nothing = { text: "", name: null, figure: "" };
  const classes = headlineClasses(input.classes);
  const changeOf = (strategy: StrategyResult, each: ResultClass) => comparedP95(input, [strategy, reference], each);
  const faster = sound.filter((one) => !classes.some((each) => isHigher(changeOf(one, each))));
  const lower = (one: StrategyResult, each: ResultClass) => isLower(changeOf(one, each));
  const about = largestClass(
    input,
    classes.filter((each) => faster.some((one) => lower(one, each))),
  );
  if (about === undefined) return nothing;
  const pool = faster.filter((one) => lower(one, about));
  const { least, tied } = leastOf(
    pool,
    (one) => p95Values(one, about.name, metricOf(about)),
    (value) => FASTER_MARGIN * value,
  );
  const p95 = least === undefined ? null : p95Of(least, about);
  if (least === undefined || p95 === null) return nothing;
  const cost = costDifference(input, least, reference);
  const more = tied.length - 1;
  const others = more === 0 ? "" : `; ${more} more ${more === 1 ? "is" : "are"} not shown to differ from it`;
  const figure = `p95 ${isFirstToken(about) ? "to the first token " : ""}of ${about.name} ${secondsText(p95)}`;
  const text = `Faster${priceText(cost)}: ${least.name} (${figure}${others}).`;
  return { text, name: least.name, figure };
}

/** Nearer to the objectives by less than this share is not worth a sentence. */
const NEARER_MARGIN = 0.01;

/**
 * `Nearer to it, for 17 % more money: x (88 % of chat within 6 s).`: a strategy that is shown to come nearer to
 * objectives which none keeps than the one that is named for its cost.
 */
export function nearerText(
  input: SpeedInput,
  chosen: StrategyResult,
  { promised, pool }: { readonly promised: Classes; readonly pool: readonly StrategyResult[] },
): { readonly text: string; readonly name: string | null } {
  const shortfall = shortfallValues(promised);
  const { least } = leastOf(pool, shortfall, () => 0);
  if (least === undefined || least === chosen) return { text: "", name: null };
  const { value, high } = pairedDifference(shortfall(least), shortfall(chosen), pool.length - 1);
  if (value === null || high === null || high >= 0 || value > -NEARER_MARGIN) return { text: "", name: null };
  const cost = costDifference(input, least, chosen);
  const standing = standingOf(least, promised);
  const missing = standing.classes.filter(({ isKept }) => isKept === false).map(({ name }) => name);
  const figures = objectivesText(promised, [least], missing, targetShareOf(promised[0]!));
  return { text: `Nearer${priceText(cost)}: ${least.name} (${figures}).`, name: least.name };
}

function isHigher({ verdict, relative }: Comparison): boolean {
  return verdict === "worse" && (relative.value ?? 0) >= FASTER_MARGIN;
}

function isLower({ verdict, relative }: Comparison): boolean {
  return verdict === "better" && (relative.value ?? 0) <= -FASTER_MARGIN;
}

function priceText(cost: Estimate): string {
  if (cost.low === null || cost.high === null) return "";
  if (cost.low > 0) return `, for ${percentText(cost, "more money")}`;
  return cost.high < 0 ? `, for ${percentText(cost, "less money")}` : ", at a cost not shown to differ";
}

/**
 * One sentence for each reason for which strategies are left out.
 *
 * @param pool  those that stand best
 * @param sound those of them that do not fail more
 */
export function leftOutTexts(
  classes: RunResult["classes"],
  standings: readonly Standing[],
  {
    strategies,
    pool,
    sound,
  }: {
    readonly strategies: readonly StrategyResult[];
    readonly pool: readonly StrategyResult[];
    readonly sound: readonly StrategyResult[];
  },
): readonly string[] {
  return [missersText(classes, standings, strategies), failersText(standings), failMoreText(pool, sound)];
}

/** Those that do not serve. */
export function failersText(standings: readonly Standing[]): string {
  const failers = standings.filter(({ level }) => level === "fails requests" || level === "unstable");
  const each = failers.map(({ strategy, reason }) => `${strategy} (${reason})`);
  return leftOut(failers.length === 1 ? "it does not serve" : "they do not serve", each);
}

function missersText(
  classes: RunResult["classes"],
  standings: readonly Standing[],
  strategies: readonly StrategyResult[],
): string {
  const missers = standings.filter(({ level }) => level === "misses objectives");
  const missingOf = (standing: Standing) => standing.classes.filter(({ isKept }) => isKept === false);
  const targets = new Set(missers.flatMap(missingOf).map(({ targetShare }) => targetShare));
  const common = targets.size === 1 ? [...targets][0]! : null;
  const each = missers.map((standing) => {
    const missing = missingOf(standing).map(({ name }) => name);
    const mine = strategies.filter(({ name }) => name === standing.strategy);
    return `${standing.strategy} (${objectivesText(classes, mine, missing, common)})`;
  });
  const what = common === null ? "an objective" : targetText(common);
  return leftOut(`${missers.length === 1 ? "it misses" : "they miss"} ${what}`, each);
}

function failMoreText(pool: readonly StrategyResult[], sound: readonly StrategyResult[]): string {
  const more = pool.filter((each) => !sound.includes(each));
  const each = more.map(({ name, total }) => `${name} (${shareText(total.failedShare)} of the requests)`);
  return leftOut(more.length === 1 ? "it fails more" : "they fail more", each);
}

const NAMED_MAX = 3;

function leftOut(why: string, each: readonly string[]): string {
  if (each.length === 0) return "";
  const more = each.length > NAMED_MAX ? ` and ${each.length - NAMED_MAX} more` : "";
  return `Left out because ${why}: ${each.slice(0, NAMED_MAX).join("; ")}${more}.`;
}
