/**
 * The three locks before real money is spent: a flag, a budget and a confirmation; without a terminal a token of exactly one
 * run, which expires and counts once.
 */
import { createHash, randomBytes } from "node:crypto";
import { open, readdir, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { MeridianError, type Problem } from "../../../simulator/base/errors.ts";
import { DAY_MS, MINUTE_MS } from "../../../simulator/base/time.ts";
import { encodeSchedule, type ScheduleRow } from "../../../simulator/bench/rows.ts";
import type { CommonOptions } from "../../commands/command.ts";
import type { PreparedExperiment } from "../../io/experiment.ts";
import { makeFolder, stableJson } from "../../io/text-files.ts";
import { benchLimits } from "../limits.ts";

/** The three locks as the command line sets them. */
export interface SpendLocks {
  /** `--spend-real-money`. */
  readonly flag: boolean;
  /** `--budget-usd`. */
  readonly budgetUsd: number | undefined;
  /** `--confirm`, or `MERIDIAN_CONFIRM`. */
  readonly token: string | undefined;
}

/** The locks as options and environment set them. */
export function locksOf(options: CommonOptions): SpendLocks {
  return {
    flag: options.spendRealMoney === true,
    budgetUsd: options.budgetUsd as number | undefined,
    token: (options.confirm as string | undefined) ?? (process.env.MERIDIAN_CONFIRM || undefined),
  };
}

/** What is about to be bought. */
export interface Purchase {
  /** Where the requests go, for people. */
  readonly place: string;
  /** The option that says so; `--target` unless given. */
  readonly option?: string;
  /** What a token confirms. */
  readonly facts: RunFacts;
  readonly requests: number;
  readonly expectedUsd: number;
  /** The most that it can cost: the worst case or the budget, whichever is less. */
  readonly mostUsd: number;
}

/** Asks a person and waits for a line; undefined where there is no terminal. */
export type Ask = ((question: string) => Promise<string>) | undefined;

/**
 * Opens the three locks, or says of each that is shut what opens it. A person at a terminal confirms by typing the
 * most that the run can cost; a script gives the token that `--dry-run` shows, which counts once.
 *
 * @param use uses a token up; false if it has been used before
 * @throws MeridianError usage SPEND_FLAG_MISSING, SPEND_BUDGET_MISSING, SPEND_CONFIRM_MISSING, SPEND_CONFIRM_WRONG,
 *   SPEND_CONFIRM_EXPIRED, SPEND_CONFIRM_USED
 */
export async function openLocks(
  locks: SpendLocks,
  purchase: Purchase,
  ask: Ask,
  use: (token: string) => Promise<boolean> = useToken,
): Promise<void> {
  const shut = shutLocks(locks, purchase, ask !== undefined);
  if (shut.length > 0) throw new MeridianError("usage", shut);
  if (locks.token !== undefined && !(await use(locks.token))) {
    const what = "this token has been used: each confirms one run";
    throw new MeridianError("usage", { code: "SPEND_CONFIRM_USED", what, where: "--confirm", fix: AGAIN });
  }
  if (locks.token !== undefined || ask === undefined) return;
  const amount = usdText(purchase.mostUsd);
  const answer = await ask(
    `${purchase.requests} requests go to ${purchase.place}: expected ${usdText(purchase.expectedUsd)} USD, at most ${amount} USD.\n` +
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

const AGAIN = "run it again with --dry-run, look at what it shows, and take the token from there";

/** What each lock that is shut needs. @param nowMs ms since 1970 */
export function shutLocks(
  locks: SpendLocks,
  purchase: Purchase,
  canAsk: boolean,
  nowMs = Date.now(),
): readonly Problem[] {
  const problems: Problem[] = [];
  const where = purchase.option ?? "--target";
  if (!locks.flag) {
    problems.push({
      code: "SPEND_FLAG_MISSING",
      what: `calls of ${purchase.place} may cost real money`,
      where,
      fix: "add --spend-real-money",
    });
  }
  if (locks.budgetUsd === undefined) {
    problems.push({
      code: "SPEND_BUDGET_MISSING",
      what: "there is no budget that the run stops at",
      where,
      fix: "add --budget-usd with the most that it may cost, for example --budget-usd 5",
    });
  }
  if (locks.token === undefined && !canAsk) {
    problems.push({
      code: "SPEND_CONFIRM_MISSING",
      what: "there is no terminal to confirm the cost at",
      where,
      fix: "run it once with --dry-run, look at what it shows, and add the --confirm token from there",
    });
  }
  const fault = locks.token === undefined ? undefined : tokenFault(locks.token, purchase.facts, nowMs);
  if (fault === "wrong") {
    const what = "this token confirms another run: scenario, traffic, endpoints, budget or limits have changed";
    problems.push({ code: "SPEND_CONFIRM_WRONG", what, where: "--confirm", fix: AGAIN });
  }
  if (fault === "expired") {
    const what = "this token is more than an hour old: prices, credentials and quotas may have changed";
    problems.push({ code: "SPEND_CONFIRM_EXPIRED", what, where: "--confirm", fix: AGAIN });
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

/** All that decides what a run may cost. */
export type RunFacts = Readonly<Record<string, unknown>>;

/** All that decides what a run may cost: a token for one run opens no other. */
export function factsOf(
  experiment: Pick<PreparedExperiment, "yaml">,
  schedule: readonly ScheduleRow[],
  endpoints: readonly { readonly region: string; readonly url: string }[],
  options: CommonOptions,
): RunFacts {
  return {
    scenario: experiment.yaml,
    schedule: createHash("sha256").update(encodeSchedule(schedule)).digest("hex"),
    endpoints: endpoints.map(({ region, url }) => `${region} ${url}`),
    operation: options.api,
    drainMs: options.drain,
    budgetUsd: options.budgetUsd ?? null,
    limits: { ...benchLimits(options, true) },
  };
}

/** How long a token may be used, minutes. */
const LIFE_MIN = 60;

/**
 * The token that confirms a run: when it was made, and a hash of that and of all that the run may cost.
 *
 * @param atMs ms since 1970
 * @param nonce makes it another one than any before, since each counts once
 */
export function confirmToken(facts: RunFacts, atMs: number, nonce = randomBytes(3).toString("hex")): string {
  const minute = Math.floor(atMs / MINUTE_MS);
  const hash = createHash("sha256").update(stableJson({ facts, minute, nonce })).digest("hex").slice(0, 12);
  return `${hash}-${minute.toString(36)}-${nonce}`;
}

/** What is wrong with a token; undefined if it confirms the run. */
export function tokenFault(token: string, facts: RunFacts, nowMs: number): "wrong" | "expired" | undefined {
  const [, made = "", nonce = ""] = token.split("-");
  const minute = Number.parseInt(made, 36);
  const ageMin = Math.floor(nowMs / MINUTE_MS) - minute;
  if (!(ageMin >= 0) || token !== confirmToken(facts, minute * MINUTE_MS, nonce)) return "wrong";
  return ageMin > LIFE_MIN ? "expired" : undefined;
}

/**
 * Uses a token up.
 *
 * @param folder where used tokens are kept for as long as they could be used again
 * @returns false if it has been used before
 */
export async function useToken(token: string, folder = usedTokens(process.env)): Promise<boolean> {
  await makeFolder(folder);
  for (const name of await readdir(folder)) {
    const { mtimeMs } = await stat(join(folder, name)).catch(() => ({ mtimeMs: Number.NaN }));
    if (Date.now() - mtimeMs > DAY_MS) await rm(join(folder, name), { force: true });
  }
  const handle = await open(join(folder, token), "wx").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "EEXIST") return undefined;
    throw error;
  });
  await handle?.close();
  return handle !== undefined;
}

function usedTokens(env: Readonly<Record<string, string | undefined>>): string {
  return join(env.XDG_STATE_HOME || join(env.HOME || homedir(), ".local", "state"), "meridian", "used-tokens");
}
