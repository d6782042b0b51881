/** The verdict of a run: does it serve, does it keep its objectives, what does it cost, how fast is it. */
import { assumptionSentence } from "./assumptions.ts";
import { failsText, leastByClass, whatBinds, whatFails } from "./binding.ts";
import { namesText, percentText, thousands, usdText } from "./phrases.ts";
import type { ComparedMetric, Comparison, RunResult, Standing, StrategyResult } from "./result.ts";
import { shareText } from "./shares.ts";
import {
  costValues,
  FAILED_SHARE_MARGIN,
  FAILS_SHARE_MAX,
  failsMore,
  headlineClasses,
  LEVELS,
  leastOf,
  meanOf,
  shortfallValues,
  speedValues,
  standingOf,
  type ValuesOf,
} from "./standing.ts";
import { onceText, openText, othersText, troubleText } from "./verdict-cautions.ts";
import { failersText, fasterText, leftOutTexts, nearerText, objectivesText, p95Text } from "./verdict-parts.ts";

export interface VerdictInput {
  /** Baseline first. */
  readonly strategies: readonly StrategyResult[];
  readonly classes: RunResult["classes"];
  readonly comparisons: readonly Comparison[];
  readonly billing: RunResult["billing"];
  readonly requestsPerReplication: number;
  readonly replications: number;
  /** A measured run is one replication, and no more can be asked for. */
  readonly isMeasured?: boolean;
  /** Names of classes of which no request counts. */
  readonly classesWithoutArrivals: readonly string[];
  /** Requests of the warm-up do not count. */
  readonly hasWarmup: boolean;
  /** Phrases, see `assumptionsOf`. */
  readonly assumptions: readonly string[];
}

export interface Answer {
  /** The headline first, the assumptions last. */
  readonly sentences: readonly string[];
  /** Null where nothing shows that one strategy is to be preferred. */
  readonly recommended: string | null;
  /** Strategies that the verdict speaks of, the one that it is about first; at most five. */
  readonly named: readonly string[];
  readonly standings: readonly Standing[];
}

/** A difference in cost smaller than this share is not worth a choice. */
const COST_MARGIN = 0.005;
/** The same of a p95. */
const SPEED_MARGIN = 0.01;
const NAMED_MAX = 5;

/**
 * The answer in a few sentences. In this order: does it serve, does it keep each class's objectives, what does it cost,
 * how fast is it. No strategy is preferred that misses an objective which another keeps, fails more, or is unstable; none is
 * ranked above another where no difference is shown. When none keeps the objectives, that is the headline, with the
 * least bad and what binds. What was not sent at all comes first; what the answer assumes comes last.
 */
export function answerOf(input: VerdictInput): Answer {
  const standings = input.strategies.map((strategy) => standingOf(strategy, input.classes));
  const after = input.hasWarmup ? " after the warm-up" : "";
  if (input.requestsPerReplication === 0) {
    const nothing = `Nothing was sent${after}: no request arrived within the run, so there is nothing to compare.`;
    return { sentences: [nothing], recommended: null, named: [], standings };
  }
  const finding = findingOf(input, standings);
  const sentences = [
    silentText(input.classesWithoutArrivals, after),
    ...finding.sentences,
    onceText(input),
    conditionText(input),
    assumptionSentence(input.assumptions),
  ];
  return {
    sentences: sentences.filter((sentence) => sentence !== ""),
    recommended: finding.recommended,
    named: [...new Set(finding.named)].slice(0, NAMED_MAX),
    standings,
  };
}

interface Finding {
  readonly sentences: readonly string[];
  readonly recommended: string | null;
  readonly named: readonly string[];
}

function silentText(silent: readonly string[], after: string): string {
  if (silent.length === 0) return "";
  const shown = silent.slice(0, 5).join(", ") + (silent.length > 5 ? ` and ${silent.length - 5} more` : "");
  return `Nothing was sent${after} of ${silent.length === 1 ? "class" : "the classes"} ${shown}.`;
}

function conditionText({ strategies, replications, requestsPerReplication }: VerdictInput): string {
  const paired = strategies.length > 1 ? "paired " : "";
  return `(${replications} ${paired}replication${replications === 1 ? "" : "s"} of ${thousands(requestsPerReplication)} request${Math.round(requestsPerReplication) === 1 ? "" : "s"}.)`;
}

function findingOf(input: VerdictInput, standings: readonly Standing[]): Finding {
  const rank = (one: Standing) => LEVELS.indexOf(one.level);
  const best = Math.min(...standings.map(rank));
  const pool = input.strategies.filter((_, i) => rank(standings[i]!) === best);
  if (best >= 2) return overload(input, standings);
  if (best === 1) return missed(input, standings, pool);
  return kept(input, standings, pool);
}

/** No strategy serves: failures first, and neither latency nor cost of the few that got through. */
function overload(input: VerdictInput, standings: readonly Standing[]): Finding {
  const { tied } = leastOf(
    input.strategies,
    ({ replications }) => replications.map(({ failedShare }) => failedShare),
    () => FAILED_SHARE_MARGIN,
  );
  const least = leastByClass(tied);
  if (least === undefined) return { sentences: ["No strategy serves this traffic."], recommended: null, named: [] };
  const failed = failsText(least);
  const one = input.strategies.length === 1;
  const many = othersText(input, tied.length - 1, "not shown to differ");
  const sentences = [
    one
      ? `${least.name} does not serve this traffic: it fails ${failed}.`
      : `No strategy serves this traffic. The least bad is ${least.name}${many}: it fails ${failed}.`,
    least.status === "unstable" && (least.total.failedShare.value ?? 0) <= FAILS_SHARE_MAX
      ? `What binds is the capacity: ${least.statusReason ?? "the backlog grew without bound"}.`
      : whatFails(least, least.total).text,
    "Latency and cost are those of the requests that got through, and are not compared.",
  ];
  const unstable = standings.filter(({ level }) => level === "unstable").length;
  if (unstable > 0 && !one)
    sentences.push(`${unstable === standings.length ? "All are" : `${unstable} of ${standings.length} are`} unstable.`);
  return { sentences, recommended: null, named: [least.name] };
}

/** Every strategy that serves misses an objective: the least bad, by how much, and what binds. */
function missed(input: VerdictInput, standings: readonly Standing[], pool: readonly StrategyResult[]): Finding {
  const promised = input.classes.filter((each) => each.sloE2eMs !== null || each.sloTtftMs !== null);
  const close = closest(pool, shortfallValues(promised));
  const sound = soundOf(input, close);
  const chosen = leastOf(sound, costValues(input), (usd) => COST_MARGIN * usd).least ?? sound[0]!;
  const missing = standings
    .find(({ strategy }) => strategy === chosen.name)!
    .classes.filter(({ isKept }) => isKept === false)
    .toSorted((a, b) => (a.withinShare ?? 0) - (b.withinShare ?? 0));
  const names = missing.map(({ name }) => name);
  const figures = objectivesText(input.classes, [chosen], names, null);
  const speed = p95Text(input, chosen, names);
  const near = nearerText(input, chosen, { promised, pool: sound });
  const alone = input.strategies.length === 1;
  const many = othersText(input, close.length - 1, "about as near");
  const binds = whatBinds(chosen, input.classes.find(({ name }) => name === names[0])!, input.isMeasured);
  return {
    sentences: [
      alone
        ? `${chosen.name} misses its objective${missing.length === 1 ? "" : "s"}: ${figures}${speed}.`
        : `No strategy keeps ${promised.length === 1 ? "the objective" : "every objective"}. The least bad is ${chosen.name}${many}: ${figures}${speed}.`,
      openText(
        promised.filter(({ name }) => names.includes(name)),
        chosen,
      ),
      binds.text,
      ["work", "capacity", "distance"].includes(binds.binding) ? troubleText(input.classes, [chosen]) : "",
      `${chosen.name} costs ${moneyText(input, chosen)}${alone ? "" : againstBaseline(input, chosen)}.`,
      near.text,
      failersText(standings),
    ],
    recommended: null,
    named: [chosen.name, ...(near.name === null ? [] : [near.name])],
  };
}

/** Two points of requests more or less within an objective that is missed anyway are no reason to pay more. */
const SHORTFALL_MARGIN = 0.02;

/** Those that come about as near to the objectives as the nearest, and whatever comes nearer than one of these. */
function closest(pool: readonly StrategyResult[], valuesOf: ValuesOf): readonly StrategyResult[] {
  const { tied } = leastOf(pool, valuesOf, () => SHORTFALL_MARGIN);
  const farthest = Math.max(...tied.map((each) => meanOf(valuesOf(each))));
  return tied.length === 0 ? pool : pool.filter((each) => meanOf(valuesOf(each)) <= farthest);
}

/** Some strategies keep every objective (or there is none): the cheapest of them, or those not shown to differ. */
function kept(input: VerdictInput, standings: readonly Standing[], pool: readonly StrategyResult[]): Finding {
  const baseline = input.strategies[0]!;
  const sound = soundOf(input, pool);
  const cheapest = leastOf(sound, costValues(input), (usd) => COST_MARGIN * usd);
  const fastest = leastOf(cheapest.tied, speedValues(input), (value) => SPEED_MARGIN * value);
  const leaders = fastest.tied.length > 0 ? fastest.tied : cheapest.tied;
  const rest = leftOutTexts(input.classes, standings, { strategies: input.strategies, pool, sound });
  if (input.strategies.length === 1) {
    return {
      sentences: [
        `${baseline.name} alone ${servesText(input, standings, [baseline])}; it costs ${moneyText(input, baseline)}${speedText(input, baseline)}; name a second strategy to compare.`,
        openText(input.classes, baseline),
        troubleText(input.classes, [baseline]),
      ],
      recommended: null,
      named: [],
    };
  }
  if (leaders.includes(baseline)) {
    const others = leaders.filter((each) => each !== baseline);
    if (input.replications === 1 && others.length > 0) {
      return preferred(input, standings, [baseline, ...others], { sound, rest });
    }
    return leaders.length === 1 && pool.length < input.strategies.length
      ? preferred(input, standings, leaders, { sound, rest })
      : noWinner(input, standings, { pool, leaders: others, rest });
  }
  return preferred(input, standings, leaders, { sound, rest });
}

/** One strategy that is cheapest, or several of which none is shown to be cheaper or faster than the others. */
function preferred(
  input: VerdictInput,
  standings: readonly Standing[],
  leaders: readonly StrategyResult[],
  { sound, rest }: { readonly sound: readonly StrategyResult[]; readonly rest: readonly string[] },
): Finding {
  const first = leaders[0]!;
  const names = leaders.map(({ name }) => name);
  const faster = fasterText(input, first, sound);
  const figures = `${moneyText(input, first)}${againstBaseline(input, first)}${speedText(input, first)}`;
  const serves = servesText(input, standings, leaders);
  // What leaders are compared by may not differ where another p95 does.
  const quicker = leaders.length > 1 && faster.name !== null && names.includes(faster.name) ? faster.name : null;
  const isLimited = input.classes.some(({ sloE2eMs, sloTtftMs }) => sloE2eMs !== null || sloTtftMs !== null);
  const compared = isLimited ? "in the p95 nearest to its limit" : "in the p95 of the largest class";
  const alike = quicker === null ? "" : ` in cost or ${compared}`;
  const differ =
    input.replications === 1 ? "one replication cannot tell them apart" : `are not shown to differ${alike}`;
  return {
    sentences: [
      names.length === 1
        ? `${first.name} ${serves} and costs ${figures}.`
        : `${namesText(names)} ${serves} and ${differ}: ${figures}.`,
      openText(input.classes, first),
      troubleText(input.classes, leaders),
      quicker === null ? faster.text : `Of them ${quicker} is faster (${faster.figure}).`,
      ...rest,
    ],
    recommended: names.length === 1 ? first.name : null,
    named: [...names, ...(faster.name === null ? [] : [faster.name])],
  };
}

function noWinner(
  input: VerdictInput,
  standings: readonly Standing[],
  {
    pool,
    leaders,
    rest,
  }: {
    readonly pool: readonly StrategyResult[];
    readonly leaders: readonly StrategyResult[];
    readonly rest: readonly string[];
  },
): Finding {
  const baseline = input.strategies[0]!;
  const faster = fasterText(input, baseline, soundOf(input, pool));
  const others =
    leaders.length === 0
      ? ""
      : ` ${namesText(leaders.map(({ name }) => name))} ${leaders.length === 1 ? "is" : "are"} not shown to differ from it by as much.`;
  return {
    sentences: [
      `No strategy is shown to cost less than ${baseline.name} by ${100 * COST_MARGIN} % or more without failing more: it ${servesText(input, standings, [baseline])} and costs ${moneyText(input, baseline)}${speedText(input, baseline)}.${others}`,
      openText(input.classes, baseline),
      troubleText(input.classes, [baseline]),
      faster.text,
      ...rest,
    ],
    recommended: null,
    named: [baseline.name, ...leaders.map(({ name }) => name), ...(faster.name === null ? [] : [faster.name])],
  };
}

/** Those that do not fail more than the best of them, nor are shown to fail more than a baseline that is one of them. */
function soundOf(input: VerdictInput, pool: readonly StrategyResult[]): readonly StrategyResult[] {
  const baseline = input.strategies[0]!;
  const failed = (each: StrategyResult) => each.total.failedShare.value ?? 0;
  const least = Math.min(...pool.map(failed));
  return pool.filter(
    (each) =>
      failed(each) <= least + FAILED_SHARE_MARGIN &&
      (!pool.includes(baseline) || !failsMore(input.comparisons, each.name)),
  );
}

/** `keeps every objective (98 % of chat within 6 s)`, or how much it serves where nothing was promised. */
function servesText(input: VerdictInput, standings: readonly Standing[], chosen: readonly StrategyResult[]): string {
  const mine = standings.find(({ strategy }) => chosen.some(({ name }) => name === strategy))!;
  const names = mine.classes.filter(({ isKept }) => isKept !== null).map(({ name }) => name);
  const plural = chosen.length > 1 ? "" : "s";
  if (names.length > 0) {
    return `keep${plural} ${names.length === 1 ? "the objective" : "every objective"} (${objectivesText(input.classes, chosen, names)})`;
  }
  const most = chosen
    .map(({ total }) => total.failedShare)
    .reduce((worst, each) => ((each.value ?? 0) > (worst.value ?? 0) ? each : worst));
  return `serve${plural} ${(most.value ?? 0) === 0 ? "every request" : `all but ${shareText(most)} of the requests`}`;
}

function moneyText({ billing }: VerdictInput, { total }: StrategyResult): string {
  const { usdPerMonth, usdPer1kServed } = total.cost[billing];
  const per1k = usdPer1kServed.value === null ? "nothing served" : `${usdText(usdPer1kServed.value)} per 1,000 served`;
  const month = usdPerMonth?.value ?? null;
  return month === null ? per1k : `${usdText(month)} a month of such traffic (${per1k})`;
}

function againstBaseline(input: VerdictInput, chosen: StrategyResult): string {
  const baseline = input.strategies[0]!;
  if (chosen === baseline || !serves(standingOf(baseline, input.classes))) return "";
  const cost = comparisonOf(input, chosen.name, "usdPer1kServed");
  if (cost === undefined || cost.verdict === "not comparable") return "";
  // One replication can show none.
  if (cost.verdict === "not shown")
    return input.replications === 1 ? "" : `, no difference from ${baseline.name} shown`;
  return `, ${percentText(cost.relative, cost.verdict === "better" ? "less" : "more")} than ${baseline.name}`;
}

/** What the few that got through cost or took is not compared. */
function serves({ level }: Standing): boolean {
  return level === "keeps objectives" || level === "misses objectives";
}

function speedText(input: VerdictInput, chosen: StrategyResult): string {
  const names = headlineClasses(input.classes).map(({ name }) => name);
  return p95Text(input, chosen, names);
}

function comparisonOf({ comparisons }: VerdictInput, strategy: string, metric: ComparedMetric): Comparison | undefined {
  return comparisons.find((each) => each.strategy === strategy && each.metric === metric);
}
