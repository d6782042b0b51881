/** Tables that reconcile the bill: tokens by kind times price, fee and reserved capacity; and other prices beside it. */
import type { Estimate, RunResult, StrategyResult } from "../../simulator/experiment/result.ts";
import { formatCount, formatNumber, formatShare, PERCENT, plural } from "../base/text.ts";
import { type Cell, estimateCell, leftColumn, type Row, rightColumn, type Table, textCell } from "./table.ts";

/** Whether the run recorded its tokens by kind. */
export function hasTokens(result: RunResult): boolean {
  return result.strategies.some(({ tokens }) => tokens !== undefined && tokens.length > 0);
}

/** One row per strategy and kind of token, then fee and reserved capacity, then their sum: the bill. */
export function tokenTable(result: RunResult): Table {
  return {
    id: "tokens",
    caption: `What the bill is made of, billing rule ${result.billing}, sums over ${plural(result.replications.done, "replication", "replications")}: tokens times price, fee and reserved capacity`,
    columns: [
      leftColumn("Strategy", "strategy"),
      leftColumn("What", "what"),
      rightColumn("Tokens", "tokens"),
      rightColumn("Mean price (USD per million)", "usd_per_million"),
      rightColumn("USD", "usd"),
    ],
    rows: result.strategies.flatMap((strategy, strategyIndex) =>
      linesOf(result, strategy).map((cells): Row => ({ strategyIndex, cells: [textCell(strategy.name), ...cells] })),
    ),
  };
}

function linesOf(result: RunResult, strategy: StrategyResult): Cell[][] {
  const { tokens = [], total, replications } = strategy;
  const { billing } = result;
  const n = result.replications.done;
  const sumOf = (estimate: Estimate | undefined) => (estimate?.value ?? 0) * n;
  const cost = total.cost[billing];
  const lines = tokens.map((line) => {
    const usd = Number(line.usd[billing]);
    return [textCell(line.kind), count(line.tokens), dollars((usd / line.tokens) * 1e6, 4), dollars(usd, 2)];
  });
  const extra = (name: string, usd: number) => (usd === 0 ? [] : [[textCell(name), none(), none(), dollars(usd, 2)]]);
  const bill = replications.reduce((sum, { billUsd }) => sum + Number(billUsd[billing]), 0);
  return [
    ...lines,
    ...extra("routing fee", sumOf(cost.routingFeeUsd)),
    ...extra("reserved capacity", sumOf(cost.reservedUsd)),
    ...wasteLines(strategy),
    [textCell("the bill"), none(), none(), dollars(bill, 2)],
  ];
}

/** Which of the tokens above served no request; what they cost is part of the regret. */
function wasteLines({ wastedTokens = { prompt: 0, output: 0 } }: StrategyResult): Cell[][] {
  const line = (what: string, tokens: number) =>
    tokens === 0 ? [] : [[textCell(`of these, ${what} that served no request`), count(tokens), none(), none()]];
  return [...line("prompts", wastedTokens.prompt), ...line("answers", wastedTokens.output)];
}

function count(value: number): Cell {
  return { text: formatCount(value), value };
}

function dollars(value: number, decimals: number): Cell {
  return { text: formatNumber(value, decimals), value };
}

function none(): Cell {
  return { text: "", value: null };
}

/** How many billed tokens served no request, for the strategy that wastes most: a sentence. */
export function wasteText(result: RunResult): string {
  const wasted = result.strategies.flatMap(({ name, tokens, wastedTokens }) => {
    const all = (tokens ?? []).reduce((sum, line) => sum + line.tokens, 0);
    if (wastedTokens === undefined || all === 0) return [];
    return [{ name, ...wastedTokens, share: (wastedTokens.prompt + wastedTokens.output) / all }];
  });
  const [most] = wasted.toSorted((a, b) => b.share - a.share);
  if (most === undefined) return "";
  if (most.share === 0) return "Every billed token served a request.";
  return `Most tokens that served no request (attempts given up, hedges that lost, answers too late) were billed under ${most.name}: ${formatShare(most.share)}, ${formatCount(most.prompt)} of prompts and ${formatCount(most.output)} of answers.`;
}

/** Savings at other prices, one row per strategy and reading; the requests are routed as they were. */
export function readingTable(result: RunResult): Table {
  const readings = result.priceReadings ?? [];
  const rules = ["source", "destination", "lowest-cost"] as const;
  return {
    id: "price-readings",
    caption: `Saving per served request against ${result.baseline} at other prices, the requests routed as here: what routes by price would route otherwise`,
    columns: [
      leftColumn("Strategy", "strategy"),
      leftColumn("Prices", "prices"),
      ...rules.map((rule) => rightColumn(`Saving (%), ${rule}`, `saving_share_${rule.replaceAll("-", "_")}`)),
      rightColumn("Ceiling, closed form (%)", "ceiling_share"),
      rightColumn("Ceiling in hindsight (%)", "hindsight_share"),
    ],
    rows: result.strategies.flatMap((strategy, strategyIndex) =>
      readings.flatMap((reading): Row[] => {
        const saving = reading.savings.find((each) => each.strategy === strategy.name)?.savingShare;
        if (saving === undefined) return [];
        const ceiling = { value: reading.ceilingShare, low: null, high: null, n: 0 };
        return [
          {
            strategyIndex,
            cells: [
              textCell(strategy.name),
              textCell(reading.name),
              ...rules.map((rule) => estimateCell(saving[rule], PERCENT)),
              estimateCell(ceiling, PERCENT),
              estimateCell(reading.hindsightShare, PERCENT),
            ],
          },
        ];
      }),
    ),
  };
}
