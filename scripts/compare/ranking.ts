/**
 * The strategies of a run ranked by one metric, with an indifference zone: the best by name, no difference above delta,
 * or open. By intervals of all pairs together, and by KN, which may be asked again after each further replication.
 */
import { MeridianError } from "../../simulator/base/errors.ts";
import { suggest } from "../../simulator/base/near-names.ts";
import { parseCount, parseDurationMs, parseShare } from "../../simulator/base/quantities.ts";
import { meanNumber } from "../../simulator/base/statistics.ts";
import { isLatency, lessIsBetter } from "../../simulator/compare/result.ts";
import { type BestAnswer, bestOf, knSelect } from "../../simulator/compare/selection.ts";
import type { GroupSamples, RunResult, SampleMetric } from "../../simulator/experiment/result.ts";

export interface RankingQuestion {
  readonly metric: SampleMetric;
  /** Null: all requests. */
  readonly className: string | null;
  /** Differences up to this do not matter; in the metric's unit. */
  readonly delta: number;
}

/** Plain data, for people and for `--json`. */
export interface Ranking {
  readonly metric: SampleMetric;
  readonly class: string | null;
  readonly delta: number;
  readonly replications: number;
  readonly answer: BestAnswer["answer"];
  readonly best: string;
  readonly sentence: string;
  readonly behind: readonly {
    readonly strategy: string;
    readonly behind: number;
    readonly low: number | null;
    readonly high: number | null;
  }[];
  /** Strategies that are not ranked, each with the reason: those that survive are few, or how long the run was decides. */
  readonly leftOut: readonly { readonly strategy: string; readonly why: string }[];
  /** Strategies that KN has not put out; null without an indifference zone or with too few replications. */
  readonly knSurvivors: readonly string[] | null;
  /** Replications after which KN ends at the latest. */
  readonly knAtMost: number | null;
}

const USD = /\s*USD$/;
/** KN's first stage; runs of fewer replications have all of them in it. */
const FIRST_STAGE = 10;

/** @throws MeridianError usage, STATS_CLASS; data, STATS_NOTHING, where there is nothing to rank */
export function rankingOf(result: RunResult, { metric, className, delta }: RankingQuestion): Ranking {
  const { names, values, leftOut } = samplesOf(result, metric, className ?? undefined);
  if (names.length === 1) return onlyOne(names[0]!, values[0]!.length, leftOut, { metric, className, delta });
  const sign = lessIsBetter(metric) === false ? -1 : 1;
  const signed = values.map((each) => each.map((value) => sign * value));
  const { least, answer, behind } = bestOf(signed, delta);
  const replications = signed[0]!.length;
  const kn =
    delta > 0 && replications >= 3 ? knSelect(signed, { delta, n0: Math.min(FIRST_STAGE, replications) }) : undefined;
  const kept = kn?.best ?? null;
  const zone = amountText(delta, metric);
  const open =
    kept === null
      ? `Open: ${names[least]} leads, but that is not shown${kn === undefined ? "" : `; at most ${kn.atMost} replications decide it`}.`
      : `${names[kept]} is the best or within ${zone} of it: by KN, which put out the others.`;
  const sentence = {
    best: `${names[least]} is the best: shown against all others.`,
    equal: `No difference above ${zone}: ${names[least]} leads by chance or by less.`,
    open,
  }[answer];
  return {
    metric,
    class: className,
    delta,
    replications,
    leftOut,
    answer,
    best: names[answer === "open" && kept !== null ? kept : least]!,
    sentence,
    behind: behind.map(({ index, value, low, high }) => ({
      strategy: names[index]!,
      behind: value,
      low: finite(low),
      high: finite(high),
    })),
    knSurvivors: kn?.survivors.map((i) => names[i]!) ?? null,
    knAtMost: kn?.atMost ?? null,
  };
}

/** The answer where all strategies but one are left out. */
function onlyOne(
  best: string,
  replications: number,
  leftOut: Ranking["leftOut"],
  { metric, className, delta }: RankingQuestion,
): Ranking {
  const sentence = `${best} is the only one that can be ranked.`;
  const rest = { answer: "best", behind: [], knSurvivors: [best], knAtMost: replications } as const;
  return { metric, class: className, delta, replications, leftOut, best, sentence, ...rest };
}

/** Whether more replications would not change what can be said: KN, which holds however often it is asked, has ended. */
export function isDecided({ knSurvivors }: Ranking): boolean {
  return knSurvivors?.length === 1;
}

/** The sentence, what it rests on, and how far behind each other strategy is. */
export function rankingText(ranking: Ranking): string {
  const { sentence, replications, metric, class: name, behind, leftOut } = ranking;
  const of = name === null ? "" : ` of ${name}`;
  return [
    `${sentence} (${replications} paired replications, ${metric}${of}; intervals of all pairs together at 95 %)`,
    ...behind.map(({ strategy, behind: by, low, high }) => {
      const interval = low === null || high === null ? "no interval" : `${shown(low)} to ${shown(high)}`;
      return `  ${strategy}: behind by ${amountText(by, metric)} (${interval})`;
    }),
    ...leftOut.map(({ strategy, why }) => `  ${strategy}: left out, ${why}`),
  ].join("\n");
}

/**
 * What `--delta` of simulate asks: a time is of p95 of a class, an amount of money of USD per 1,000 served.
 *
 * @throws MeridianError usage, STATS_DELTA
 */
export function questionOf(text: string, className: string | null): RankingQuestion {
  const isTime = parseDurationMs(text) !== undefined;
  if (!isTime && parseCount(text.replace(USD, "")) === undefined) {
    const what = `"${text}" is neither a time nor an amount of money`;
    const fix = "write 200ms (of p95) or 0.05 (USD per 1,000 served)";
    throw new MeridianError("usage", { code: "STATS_DELTA", what, where: "--delta", fix });
  }
  const metric = isTime ? "e2eMsP95" : "usdPer1kServed";
  return { metric, className: isTime ? className : null, delta: deltaOf(text, metric) };
}

export function deltaOf(given: unknown, metric: SampleMetric): number {
  if (given === undefined) return 0;
  const text = String(given).replace(USD, "");
  const delta = isLatency(metric)
    ? parseDurationMs(text)
    : metric.endsWith("Share")
      ? parseShare(text)
      : parseCount(text);
  if (delta !== undefined && delta >= 0) return delta;
  throw new MeridianError("usage", {
    code: "STATS_DELTA",
    what: `"${String(given)}" is not a difference of ${metric}`,
    where: "--delta",
    fix: isLatency(metric) ? "write 200ms" : metric.endsWith("Share") ? "write 1%" : "write 0.05",
  });
}

function amountText(delta: number, metric: SampleMetric): string {
  if (isLatency(metric)) return `${shown(delta)} ms`;
  if (metric.endsWith("Share")) return `${shown(100 * delta)} %`;
  return metric.startsWith("usd") ? `USD ${shown(delta)}` : shown(delta);
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function shown(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** Values of each strategy, aligned; replications in which one has none are left out. */
function samplesOf(result: RunResult, metric: SampleMetric, className: string | undefined) {
  if (className !== undefined && !result.classes.some(({ name }) => name === className)) {
    const fix = suggest(
      className,
      result.classes.map(({ name }) => name),
    );
    throw new MeridianError("usage", {
      code: "STATS_CLASS",
      what: `the run has no class "${className}"`,
      where: "--class",
      fix,
    });
  }
  const isGroup = ({ scope, name }: GroupSamples) =>
    className === undefined ? scope === "total" : scope === "class" && name === className;
  const all = result.strategies.map((strategy) => {
    const values = strategy.samples?.find(isGroup)?.values;
    const failed = (values?.failedShare ?? []).filter((value): value is number => value !== null);
    return {
      name: strategy.name,
      values: values?.[metric] ?? [],
      failed: failed.length === 0 ? 0 : meanNumber(failed),
      isUnstable: strategy.status === "unstable",
    };
  });
  const [ranked, leftOut] = rankedOnes(all, metric);
  const length = Math.max(0, ...ranked.map(({ values }) => values.length));
  const rows = [...Array(length).keys()].filter((r) => ranked.every(({ values }) => typeof values[r] === "number"));
  if (all.length < 2 || rows.length === 0) {
    const what =
      all.length < 2
        ? "the run has one strategy"
        : "the run has no replication in which all strategies that serve have this metric";
    throw new MeridianError("data", {
      code: "STATS_NOTHING",
      what,
      fix: "simulate two strategies or more, with ten replications or more",
    });
  }
  const values = ranked.map((each) => rows.map((r) => each.values[r]!));
  return { names: ranked.map(({ name }) => name), values, leftOut };
}

interface Candidate {
  readonly name: string;
  readonly values: readonly (number | null)[];
  readonly failed: number;
  readonly isUnstable: boolean;
}

/** Failing more than the one that fails least, by more than this share, flatters what is left. */
const FAILED_SHARE_MARGIN = 0.01;

/**
 * Latency and cost are those of served requests, and of an unstable strategy say how long the run was: what fails more than
 * others, or is unstable, is not ranked by them unless all are so.
 */
function rankedOnes(
  all: readonly Candidate[],
  metric: SampleMetric,
): readonly [ranked: readonly Candidate[], leftOut: Ranking["leftOut"]] {
  const isOfServed = isLatency(metric) || metric.startsWith("usd") || metric === "billUsd";
  if (!isOfServed) return [all, []];
  const stable = all.some(({ isUnstable }) => !isUnstable) ? all.filter(({ isUnstable }) => !isUnstable) : all;
  const least = Math.min(...stable.map(({ failed }) => failed));
  const ranked = stable.filter(({ failed }) => failed <= least + FAILED_SHARE_MARGIN);
  const leftOut = all
    .filter((each) => !ranked.includes(each))
    .map(({ name, failed, isUnstable }) => ({
      strategy: name,
      why: isUnstable ? "since it is unstable" : `since it fails ${(100 * failed).toFixed(1)} % of the requests`,
    }));
  return [ranked, leftOut];
}
