/** Permission to spend money on a probe: the three locks of a bench, unless all endpoints are on this machine. */
import { MeridianError, type Problem } from "../../simulator/base/errors.ts";
import { openLocks, type Purchase, type SpendLocks } from "../bench/bedrock/locks.ts";
import { type Terminal, terminalAsk } from "../io/terminal.ts";
import type { PreparedProbe } from "./prepare.ts";

/** Shortest interval between calls of other machines, ms: probes must not load the service. */
const INTERVAL_MS_MIN = 500;

/** Puts a question to a person. */
export type Ask = (question: string) => Promise<string>;

export interface MoneyOptions extends ProbePace {
  readonly locks: SpendLocks;
  /** Undefined without a terminal. */
  readonly ask: Ask | undefined;
  readonly note: (text: string) => void;
  /** Uses a token up; for tests. */
  readonly useToken?: (token: string) => Promise<boolean>;
}

/** How many calls there are of each target, how often and how large. */
export interface ProbePace {
  readonly count: number;
  readonly intervalMs: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

type Called = Pick<PreparedProbe, "targets" | "priceSources" | "placeOf">;

/**
 * Says what the calls may cost at most, and opens the locks before anything is spent: the flag, a budget, and the amount
 * typed on a terminal or the token that `--dry-run` shows. Endpoints on this machine cost nothing.
 *
 * @returns the budget, USD; Infinity where all calls are free
 * @throws MeridianError usage: SPEND_*, PROBE_COSTS_MONEY for a budget below one call, PROBE_TOO_FAST
 */
export async function allowSpending(called: Called, options: MoneyOptions): Promise<number> {
  const { intervalMs, locks, ask, note } = options;
  const purchase = probePurchase(called, options, locks.budgetUsd);
  if (purchase === undefined) return Number.POSITIVE_INFINITY;
  if (intervalMs < INTERVAL_MS_MIN) throw new MeridianError("usage", TOO_FAST);
  note(worstText(called, options));
  const oneUsd = Math.max(...paidTargets(called).map(({ worstUsd }) => worstUsd));
  const { budgetUsd } = locks;
  if (budgetUsd !== undefined && budgetUsd < oneUsd) {
    const what = `one call may cost ${usd(oneUsd)}`;
    const fix = "raise the budget, or ask for fewer tokens";
    throw new MeridianError("usage", { code: "PROBE_COSTS_MONEY", what, where: "--budget-usd", fix });
  }
  await openLocks(locks, purchase, ask, options.useToken);
  return budgetUsd!;
}

/** What a probe would buy; undefined where all calls are free. */
export function probePurchase(called: Called, pace: ProbePace, budgetUsd: number | undefined): Purchase | undefined {
  const paid = paidTargets(called);
  if (paid.length === 0) return undefined;
  const { count, intervalMs, inputTokens, outputTokens } = pace;
  const worstUsd = paid.reduce((sum, target) => sum + target.worstUsd * count, 0);
  const targets = paid.map(({ region, calledAs }) => `${called.placeOf.get(region)!.url} ${calledAs}`);
  return {
    place: "other machines",
    option: "--model",
    facts: { probe: targets, count, intervalMs, inputTokens, outputTokens, worstUsd, budgetUsd: budgetUsd ?? null },
    requests: paid.length * count,
    expectedUsd: worstUsd,
    mostUsd: Math.min(worstUsd, budgetUsd ?? Number.POSITIVE_INFINITY),
  };
}

/** The worst case in a sentence, with where its prices are from. */
export function worstText(called: Called, pace: ProbePace): string {
  const paid = paidTargets(called);
  const worstUsd = paid.reduce((sum, target) => sum + target.worstUsd * pace.count, 0);
  const sources = called.priceSources.join("; ");
  return `${paid.length * pace.count} calls of other machines cost at most ${usd(worstUsd)} (prices: ${sources})`;
}

function paidTargets({ targets, placeOf }: Called): Called["targets"] {
  return targets.filter(({ region }) => placeOf.get(region)?.isLoopback === false);
}

/** Asks on the terminal; undefined where there is none. Ctrl-C is a no. */
export function askToSpend(
  terminal: Pick<Terminal, "live">,
  signal: AbortSignal,
  streams?: Parameters<typeof terminalAsk>[1],
): Ask | undefined {
  const ask = terminal.live ? terminalAsk(signal, streams) : undefined;
  if (ask === undefined) return undefined;
  return (question) =>
    ask(question).catch((error: unknown) => {
      if (error instanceof MeridianError && error.kind === "interrupted") return "";
      throw error;
    });
}

const TOO_FAST: Problem = {
  code: "PROBE_TOO_FAST",
  what: "a probe calls other machines twice a second at most",
  where: "--interval",
  fix: "use --interval 500ms or more; meridian bench makes load",
};

function usd(amount: number): string {
  return `${amount.toFixed(amount < 0.1 ? 4 : 2)} USD`;
}
