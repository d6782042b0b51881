/** What each routing of a replayed bill would save, by team and in all, with intervals. */
import { type Estimate, meanNumber, tInterval } from "../base/statistics.ts";
import { type Decimal, sumOf, toNumber } from "../bill/usd.ts";
import type { RunResult, StrategyResult } from "../experiment/result.ts";

/** One team, or all of them. */
export interface TeamSaving {
  /** Undefined: all teams. */
  readonly team: string | undefined;
  /** As billed, exact, of the days of the bill; what could be replayed. */
  readonly billedUsd: Decimal;
  /** What the replay costs under the routing of the bill, over what was billed: 1 where it is reproduced. */
  readonly reproduction: number;
  readonly savings: readonly {
    readonly strategy: string;
    /** 1 - cost / cost as billed, paired by replication. */
    readonly share: Estimate;
    /** The same share of what was billed, USD for 30.4 days. */
    readonly usdPerMonth: Estimate;
  }[];
}

export interface TeamSavingsInput {
  /** A run of the fitted scenario; its baseline is the routing of the bill. */
  readonly result: RunResult;
  /** What a replication's cost is multiplied by to be the bill's. */
  readonly costFactor: number;
  readonly days: number;
  /** Exact sums of the lines that were fitted, by team. */
  readonly billedUsd: ReadonlyMap<string, Decimal>;
}

const DAYS_PER_MONTH = 730 / 24;

/**
 * Rolls the classes of a replay up to their teams: sums of each replication's bills, then a t interval of the paired
 * saving over replications. The largest team comes first, the total last.
 */
export function teamSavings(input: TeamSavingsInput): readonly TeamSaving[] {
  const { billedUsd } = input;
  const teams = [...billedUsd].sort(([, a], [, b]) => (a < b ? 1 : a > b ? -1 : 0));
  return [
    ...teams.map(([team, usd]) => savingOf(input, team, usd)),
    savingOf(input, undefined, sumOf(billedUsd.values())),
  ];
}

function savingOf(
  { result, costFactor, days }: TeamSavingsInput,
  team: string | undefined,
  billed: Decimal,
): TeamSaving {
  const classes = result.classes.filter(({ tags }) => team === undefined || tags.team === team).map(({ name }) => name);
  const [baseline, ...others] = result.strategies;
  const costs = (strategy: StrategyResult) => costsOf(strategy, classes);
  const before = costs(baseline!);
  const perMonth = (toNumber(billed) / days) * DAYS_PER_MONTH;
  return {
    team,
    billedUsd: billed,
    reproduction: billed === 0n ? 1 : (meanNumber(before) * costFactor) / toNumber(billed),
    savings: others.map((strategy) => {
      const after = costs(strategy);
      const share = tInterval(before.map((usd, r) => (usd === 0 ? 0 : 1 - after[r]! / usd)));
      return { strategy: strategy.name, share, usdPerMonth: scaled(share, perMonth) };
    }),
  };
}

/** USD of some classes in each replication. */
function costsOf({ samples = [] }: StrategyResult, classes: readonly string[]): readonly number[] {
  const own = samples.filter(({ scope, name }) => scope === "class" && classes.includes(name));
  const replications = Math.max(0, ...own.map(({ values }) => values.billUsd.length));
  return Array.from({ length: replications }, (_, r) =>
    own.reduce((sum, { values }) => sum + (values.billUsd[r] ?? 0), 0),
  );
}

function scaled({ value, low, high, n }: Estimate, factor: number): Estimate {
  const times = (each: number | null) => (each === null ? null : each * factor);
  return { value: times(value), low: times(low), high: times(high), n };
}
