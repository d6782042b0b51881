import { createInterface } from "node:readline/promises";
import { MeridianError, type Problem } from "../../simulator/errors.ts";
import type { PreparedProbe } from "../io/probe/prepare.ts";
import type { Terminal } from "../io/terminal.ts";
import type { CommonOptions } from "./command.ts";

/** Calls of other machines keep this distance at least: a probe is no load. */
const INTERVAL_MS_MIN = 500;

/**
 * Prints what the calls may cost at most and lets nobody spend it by accident: a budget and a yes are needed, on the
 * command line or, on a terminal, typed. Endpoints on this machine cost nothing.
 *
 * @returns the budget, USD; Infinity where nobody is paid
 * @throws MeridianError usage, PROBE_COSTS_MONEY with all that is missing
 */
export async function allowSpending(
  { targets, priceSources, placeOf }: Pick<PreparedProbe, "targets" | "priceSources" | "placeOf">,
  count: number,
  options: CommonOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const remote = targets.filter(({ region }) => placeOf.get(region)?.isLoopback === false);
  if (remote.length === 0) return Number.POSITIVE_INFINITY;
  const interval = options.interval as number | undefined;
  if (interval !== undefined && interval < INTERVAL_MS_MIN) throw new MeridianError("usage", TOO_FAST);
  const oneUsd = Math.max(...remote.map(({ worstUsd }) => worstUsd));
  const worstUsd = remote.reduce((sum, target) => sum + target.worstUsd * count, 0);
  const worst = `${remote.length * count} calls of other machines cost at most ${usd(worstUsd)}`;
  terminal.note(`${worst} (prices: ${priceSources.join("; ")})`);
  const budgetUsd = options.budgetUsd as number | undefined;
  const problems: Problem[] = [];
  if (budgetUsd === undefined)
    problems.push(costsMoney(worst, `add --budget-usd ${ceilCents(worstUsd)}`, "--budget-usd"));
  else if (budgetUsd < oneUsd) {
    problems.push(
      costsMoney(`one call may cost ${usd(oneUsd)}`, "raise the budget, or ask for fewer tokens", "--budget-usd"),
    );
  }
  const canAsk = process.stdin.isTTY === true && terminal.live;
  if (options.yes !== true && !canAsk) {
    problems.push(costsMoney(worst, "add --yes, or run it on a terminal and answer there", "--yes"));
  }
  if (problems.length > 0) throw new MeridianError("usage", problems);
  if (options.yes !== true) await ask(Math.min(worstUsd, budgetUsd!), signal);
  return budgetUsd!;
}

async function ask(usdMax: number, signal: AbortSignal): Promise<void> {
  const asker = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await asker.question(`Spend up to ${usd(usdMax)}? Type yes: `, { signal });
    if (answer.trim().toLowerCase() === "yes") return;
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    asker.close();
  }
  throw new MeridianError("interrupted", { code: "PROBE_DECLINED", what: "nothing was called, nothing was spent" });
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
