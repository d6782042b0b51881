/** What limited the requests: quotas and residency rules, as tables and as sentences. */
import { DAY_MS } from "../../simulator/base/time.ts";
import type { Counts, QuotaSummary, RunResult, StrategyResult } from "../../simulator/experiment/result.ts";
import { formatCount, formatList, formatShare, PERCENT, plural } from "../base/text.ts";
import { type Cell, leftColumn, type Row, rightColumn, type Table, textCell } from "./table.ts";

/** One row per strategy and quota that it used: refusals by limit, their first and last instants, highest use. */
export function quotaTable(result: RunResult): Table {
  return {
    id: "quotas",
    caption: `Quotas by strategy, sums over ${plural(result.replications.done, "replication", "replications")}; in use: highest share of the tightest limit; overshoot: tokens settled above their reservation`,
    columns: [
      leftColumn("Strategy", "strategy"),
      leftColumn("Quota", "quota"),
      rightColumn("Granted", "granted"),
      rightColumn("Refused", "refused"),
      rightColumn("Refused (%)", "refused_share"),
      rightColumn("by tokens per minute", "refused_tokens_per_minute"),
      rightColumn("by tokens per day", "refused_tokens_per_day"),
      rightColumn("by requests", "refused_requests"),
      rightColumn("In use at most (%)", "utilisation_max"),
      rightColumn("Overshoot (tokens)", "overshoot_tokens"),
      leftColumn("First refusal (UTC)", "first_refusal"),
      leftColumn("Last refusal (UTC)", "last_refusal"),
    ],
    rows: result.strategies.flatMap((strategy, strategyIndex) =>
      strategy.quotas
        .filter((quota) => quota.granted + refusedOf(quota) > 0)
        .map((quota): Row => ({ strategyIndex, cells: quotaCells(result, strategy, quota) })),
    ),
  };
}

/** Whether any strategy of the run used a quota. */
export function hasQuotas(result: RunResult): boolean {
  return quotaTable(result).rows.length > 0;
}

/** Which strategy came closest to a quota, which was refused most, which never: in sentences with numbers. */
export function quotaText(result: RunResult): string {
  const uses = result.strategies.flatMap((strategy) =>
    strategy.quotas
      .filter((quota) => quota.granted + refusedOf(quota) > 0)
      .map((quota) => ({ strategy, quota, refused: refusedOf(quota), busiest: busiestMinute(strategy, quota) })),
  );
  const near = ({ quota, busiest }: (typeof uses)[number]) => Math.max(quota.utilisationMax, busiest?.share ?? 0);
  const [closest] = uses.toSorted((a, b) => near(b) - near(a) || b.refused - a.refused);
  if (closest === undefined) return "No quota was in force.";
  const share = `${formatShare(closest.quota.utilisationMax)} of ${closest.quota.id}`;
  const sentences = [
    `${closest.strategy.name} came closest to a limit: it had ${share} in use${closest.refused === 0 ? ` and was never refused${otherLawText(closest)}` : ""}.`,
  ];
  const [most] = uses.toSorted((a, b) => refusedShare(b.quota) - refusedShare(a.quota));
  if (most !== undefined && most.refused > 0) {
    const asked = most.refused + most.quota.granted;
    sentences.push(
      `Refused most: ${most.strategy.name}, ${formatCount(most.refused)} of ${formatCount(asked)} calls (${formatShare(most.refused / asked)}) by ${most.quota.id}, first at ${instant(result, most.quota.firstRefusalMs)}, last at ${instant(result, most.quota.lastRefusalMs)}.`,
    );
    const never = result.strategies.filter((one) => one.quotas.every((quota) => refusedOf(quota) === 0));
    if (never.length > 0) sentences.push(`Never refused: ${never.map((one) => one.name).join(", ")}.`);
  }
  return sentences.join(" ");
}

interface BusiestMinute {
  readonly law: string;
  readonly tokens: number;
  readonly limit: number;
  readonly share: number;
}

/** The most that a minute takes of a quota's tokens by a window law other than the run's: AWS does not say which it uses. */
function busiestMinute({ quotaNeeds = [] }: StrategyResult, { id }: QuotaSummary): BusiestMinute | undefined {
  const need = quotaNeeds.find((each) => each.id === id);
  const limit = need?.limitTokensPerMinute ?? null;
  if (need === undefined || limit === null) return undefined;
  const windows = need.laws.filter(({ law }) => law !== need.law && law.endsWith("window"));
  const minutes = windows.map(({ law, busiestReserved, busiestSettled }): BusiestMinute => {
    const tokens = Math.round(Math.max(busiestReserved, busiestSettled));
    return { law: law.replace("-", " "), tokens, limit, share: tokens / limit };
  });
  return minutes.toSorted((a, b) => b.share - a.share)[0];
}

/** What a quota that was hardly used under the run's law would be under another; empty where it is no more. */
function otherLawText({ quota, busiest }: { quota: QuotaSummary; busiest: BusiestMinute | undefined }): string {
  if (busiest === undefined || busiest.share <= quota.utilisationMax) return "";
  const { law, tokens, limit, share } = busiest;
  return ` under the run's window law; by a ${law} its busiest minute takes ${formatShare(share)} (${formatCount(tokens)} of ${formatCount(limit)} tokens)`;
}

function refusedOf(quota: QuotaSummary): number {
  return quota.refusedTokensPerMinute + quota.refusedTokensPerDay + quota.refusedRequests;
}

function refusedShare(quota: QuotaSummary): number {
  const refused = refusedOf(quota);
  return refused === 0 ? 0 : refused / (refused + quota.granted);
}

function quotaCells(result: RunResult, strategy: StrategyResult, quota: QuotaSummary): Cell[] {
  const count = (value: number): Cell => ({ text: formatCount(value), value });
  const share = (value: number): Cell => ({ text: formatShare(value).replace(` ${PERCENT.symbol}`, ""), value });
  return [
    textCell(strategy.name),
    textCell(quota.id),
    count(quota.granted),
    count(refusedOf(quota)),
    share(refusedShare(quota)),
    count(quota.refusedTokensPerMinute),
    count(quota.refusedTokensPerDay),
    count(quota.refusedRequests),
    share(quota.utilisationMax),
    count(quota.overshootTokens),
    instantCell(result, quota.firstRefusalMs),
    instantCell(result, quota.lastRefusalMs),
  ];
}

function instantCell(result: RunResult, ms: number | null): Cell {
  return { text: instant(result, ms), value: ms === null ? null : new Date(epochMs(result, ms)).toISOString() };
}

/** `13:04:05`, with the day when the run is longer than one; `never`. */
function instant(result: RunResult, ms: number | null): string {
  if (ms === null) return "never";
  const iso = new Date(epochMs(result, ms)).toISOString();
  const isLong = (result.durationMs ?? Number.POSITIVE_INFINITY) > DAY_MS;
  return isLong ? `${iso.slice(0, 10)} ${iso.slice(11, 19)}` : iso.slice(11, 19);
}

function epochMs(result: RunResult, ms: number): number {
  return Date.parse(result.startsAt) + ms;
}

type ResultClass = RunResult["classes"][number];

/** Classes with a residency rule. */
export function boundClasses(result: RunResult): readonly ResultClass[] {
  return result.classes.filter((one) => one.residency !== null);
}

/** Compliance with the residency rules in a sentence, counted from the regions in which requests ran. */
export function residencyText(result: RunResult): string {
  const bound = boundClasses(result);
  if (bound.length === 0) return "No class has a residency rule.";
  const rows = countRows(result);
  const sum = (field: keyof Counts) => rows.reduce((total, { counts }) => total + (counts[field] ?? 0), 0);
  const violations = sum("residencyViolations");
  const verdict =
    violations === 0
      ? `None of the ${formatCount(sum("served"))} served requests`
      : `${formatCount(violations)} of the ${formatCount(sum("served"))} served requests`;
  return `${verdict} of ${formatList(bound.map((one) => `${one.name} (${one.residency})`))} ran outside ${bound.length === 1 ? "its rule" : "their rules"}, counted from the region each ran in, over all strategies and replications; ${plural(sum("residencyRefused"), "request was", "requests were")} refused because no target was legal.`;
}

/** One row per class with a rule: the regions and targets it allows, and why the other targets are not legal. */
export function residencyRuleTable(result: RunResult): Table {
  return {
    id: "residency-rules",
    caption:
      "Residency rules: a target is legal only if its source region and every region that it may use are allowed",
    columns: [
      leftColumn("Class", "class"),
      leftColumn("Rule", "rule"),
      leftColumn("Regions allowed", "regions"),
      leftColumn("Legal targets", "legal_targets"),
      leftColumn("Not legal, and why", "illegal_targets"),
    ],
    rows: boundClasses(result).map((one): Row => {
      const rule = one.residencyRule;
      const legal = rule?.targets.filter((each) => each.legal) ?? [];
      const illegal = rule?.targets.filter((each) => !each.legal) ?? [];
      const list = (names: readonly string[], separator: string) =>
        textCell(rule === undefined ? "not recorded" : names.length === 0 ? "none" : names.join(separator));
      return {
        cells: [
          textCell(one.name),
          textCell(one.residency ?? ""),
          list(rule?.regions ?? [], ", "),
          list(
            legal.map((each) => each.target),
            ", ",
          ),
          list(
            illegal.map((each) => `${each.target} (${each.reason ?? "not allowed"})`),
            "; ",
          ),
        ],
      };
    }),
  };
}

/** One row per strategy and class with a rule: requests served inside the rule, outside it, refused. */
export function residencyCountTable(result: RunResult): Table {
  return {
    id: "residency",
    caption: `Residency by strategy and class, sums over ${plural(result.replications.done, "replication", "replications")}`,
    columns: [
      leftColumn("Strategy", "strategy"),
      leftColumn("Class", "class"),
      leftColumn("Rule", "rule"),
      rightColumn("Requests", "sent"),
      rightColumn("Served inside", "served_inside"),
      rightColumn("Violations", "violations"),
      rightColumn("Refused: no legal target", "residency_refused"),
    ],
    rows: countRows(result).map(({ strategyIndex, strategy, bound, counts }): Row => {
      const { residencyViolations: violations } = counts;
      return {
        strategyIndex,
        cells: [
          textCell(strategy),
          textCell(bound.name),
          textCell(bound.residency ?? ""),
          countCell(counts.sent),
          countCell(counts.served - violations),
          violations === 0
            ? countCell(0)
            : { ...countCell(violations), change: { text: "rule broken", tone: "worse" as const } },
          countCell(counts.residencyRefused),
        ],
      };
    }),
  };
}

function countRows(result: RunResult) {
  return result.strategies.flatMap((strategy, strategyIndex) =>
    boundClasses(result).flatMap((bound) => {
      const group = strategy.byClass.find((one) => one.name === bound.name);
      return group === undefined ? [] : [{ strategyIndex, strategy: strategy.name, bound, counts: group.counts }];
    }),
  );
}

function countCell(value: number): Cell {
  return { text: formatCount(value), value };
}
