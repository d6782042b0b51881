/** Permission to spend money on a probe: a budget and a confirmation, unless all endpoints are on this machine. */
import { MeridianError, type Problem } from "../../simulator/base/errors.ts";
import { type Terminal, terminalAsk } from "../io/terminal.ts";
import type { PreparedProbe } from "./prepare.ts";

/** Shortest interval between calls of other machines, ms: probes must not load the service. */
const INTERVAL_MS_MIN = 500;

/** Puts a question to a person. */
export type Ask = (question: string) => Promise<string>;

export interface MoneyOptions {
  /** Calls of each target. */
  readonly count: number;
  readonly intervalMs: number;
  readonly budgetUsd: number | undefined;
  /** `--yes`. */
  readonly agreed: boolean;
  /** Undefined without a terminal. */
  readonly ask: Ask | undefined;
  readonly note: (text: string) => void;
}

/**
 * Says what the calls may cost at most, and requires a budget and a confirmation before anything is spent: `--yes` on
 * the command line or a typed yes on a terminal. Endpoints on this machine cost nothing.
 *
 * @returns the budget, USD; Infinity where all calls are free
 * @throws MeridianError usage, PROBE_COSTS_MONEY with all that is missing, PROBE_TOO_FAST; interrupted, PROBE_DECLINED
 */
export async function allowSpending(
  { targets, priceSources, placeOf }: Pick<PreparedProbe, "targets" | "priceSources" | "placeOf">,
  options: MoneyOptions,
): Promise<number> {
  const { count, intervalMs, budgetUsd, agreed, ask, note } = options;
  const remote = targets.filter(({ region }) => placeOf.get(region)?.isLoopback === false);
  if (remote.length === 0) return Number.POSITIVE_INFINITY;
  if (intervalMs < INTERVAL_MS_MIN) throw new MeridianError("usage", TOO_FAST);
  const oneUsd = Math.max(...remote.map(({ worstUsd }) => worstUsd));
  const worstUsd = remote.reduce((sum, target) => sum + target.worstUsd * count, 0);
  const worst = `${remote.length * count} calls of other machines cost at most ${usd(worstUsd)}`;
  note(`${worst} (prices: ${priceSources.join("; ")})`);
  const problems: Problem[] = [];
  if (budgetUsd === undefined)
    problems.push(costsMoney(worst, `add --budget-usd ${ceilCents(worstUsd)}`, "--budget-usd"));
  else if (budgetUsd < oneUsd) {
    problems.push(
      costsMoney(`one call may cost ${usd(oneUsd)}`, "raise the budget, or ask for fewer tokens", "--budget-usd"),
    );
  }
  if (!agreed && ask === undefined) {
    problems.push(costsMoney(worst, "add --yes, or run it on a terminal and answer there", "--yes"));
  }
  if (problems.length > 0) throw new MeridianError("usage", problems);
  if (!agreed && !isYes(await ask!(`Spend up to ${usd(Math.min(worstUsd, budgetUsd!))}? Type yes: `))) {
    throw new MeridianError("interrupted", { code: "PROBE_DECLINED", what: "nothing was called, nothing was spent" });
  }
  return budgetUsd!;
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

function isYes(answer: string): boolean {
  return answer.trim().toLowerCase() === "yes";
}

function costsMoney(what: string, fix: string, where: string): Problem {
  return { code: "PROBE_COSTS_MONEY", what, where, fix };
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

function ceilCents(amount: number): string {
  return (Math.ceil(amount * 100) / 100).toFixed(2);
}
