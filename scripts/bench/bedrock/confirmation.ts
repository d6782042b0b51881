/** Confirmations without a terminal: tokens of exactly one run, which expire and count once. */
import { createHash, randomBytes } from "node:crypto";
import { open, readdir, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { DAY_MS, MINUTE_MS } from "../../../simulator/base/time.ts";
import { encodeSchedule, type ScheduleRow } from "../../../simulator/bench/rows.ts";
import type { CommonOptions } from "../../commands/command.ts";
import type { PreparedExperiment } from "../../io/experiment.ts";
import { makeFolder, stableJson } from "../../io/text-files.ts";
import { benchLimits } from "../limits.ts";

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
