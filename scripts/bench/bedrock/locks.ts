/** The three locks before real money is spent: a flag, a budget and a confirmation. */
import { createHash } from "node:crypto";
import { MeridianError, type Problem } from "../../../simulator/base/errors.ts";
import { stableJson } from "../../io/text-files.ts";

/** The three locks as the command line sets them. */
export interface SpendLocks {
  /** `--spend-real-money`. */
  readonly flag: boolean;
  /** `--budget-usd`. */
  readonly budgetUsd: number | undefined;
  /** `--confirm`, or `MERIDIAN_CONFIRM`. */
  readonly token: string | undefined;
}

/** What is about to be bought. */
export interface Purchase {
  /** The token that confirms it. */
  readonly token: string;
  readonly requests: number;
  readonly expectedUsd: number;
  /** The most that it can cost: the worst case or the budget, whichever is less. */
  readonly mostUsd: number;
}

/** Asks a person and waits for a line; undefined where there is no terminal. */
export type Ask = ((question: string) => Promise<string>) | undefined;

/** All that decides what a run may cost: a token for one run opens no other. */
export function confirmToken(facts: Readonly<Record<string, unknown>>): string {
  return createHash("sha256").update(stableJson(facts)).digest("hex").slice(0, 12);
}

/**
 * Opens the three locks, or says of each that is shut what opens it. A person at a terminal confirms by typing the
 * most that the run can cost; a script gives the token that `--dry-run` shows.
 *
 * @throws MeridianError usage SPEND_FLAG_MISSING, SPEND_BUDGET_MISSING, SPEND_CONFIRM_MISSING, SPEND_CONFIRM_WRONG
 */
export async function openLocks(locks: SpendLocks, purchase: Purchase, ask: Ask): Promise<void> {
  const shut = shutLocks(locks, purchase, ask !== undefined);
  if (shut.length > 0) throw new MeridianError("usage", shut);
  if (locks.token !== undefined || ask === undefined) return;
  const amount = usdText(purchase.mostUsd);
  const answer = await ask(
    `${purchase.requests} requests go to Amazon Bedrock: expected ${usdText(purchase.expectedUsd)} USD, at most ${amount} USD.\n` +
      `Type ${amount} to go on: `,
  );
  if (answer.trim() !== amount) {
    throw new MeridianError("usage", {
      code: "SPEND_CONFIRM_WRONG",
      what: `the answer was not ${amount}: nothing was sent`,
      fix: "run it again, and type the amount as it is shown",
    });
  }
}

/** What each lock that is shut needs. */
export function shutLocks(locks: SpendLocks, purchase: Purchase, canAsk: boolean): readonly Problem[] {
  const problems: Problem[] = [];
  if (!locks.flag) {
    problems.push({
      code: "SPEND_FLAG_MISSING",
      what: "real Amazon Bedrock costs real money",
      where: "--target bedrock",
      fix: "add --spend-real-money",
    });
  }
  if (locks.budgetUsd === undefined) {
    problems.push({
      code: "SPEND_BUDGET_MISSING",
      what: "there is no budget that the run stops at",
      where: "--target bedrock",
      fix: "add --budget-usd with the most that it may cost, for example --budget-usd 5",
    });
  }
  if (locks.token === undefined && !canAsk) {
    problems.push({
      code: "SPEND_CONFIRM_MISSING",
      what: "there is no terminal to confirm the cost at",
      where: "--target bedrock",
      fix: "run it once with --dry-run, look at what it shows, and add the --confirm token from there",
    });
  }
  if (locks.token !== undefined && locks.token !== purchase.token) {
    problems.push({
      code: "SPEND_CONFIRM_WRONG",
      what: "this token confirms another run: scenario, traffic, endpoints, budget or limits have changed",
      where: "--confirm",
      fix: "run it again with --dry-run, look at what it shows, and take the token from there",
    });
  }
  return problems;
}

/**
 * An amount to the cent, rounded up.
 *
 * @example usdText(0.001) // => "0.01"
 */
export function usdText(usd: number): string {
  if (!Number.isFinite(usd)) return "unlimited";
  return (Math.ceil(usd * 100 - 1e-9) / 100).toFixed(2);
}
