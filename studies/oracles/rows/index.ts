/** The registry of all rows. */
import type { Oracle } from "../oracle.ts";
import { referenceOracles } from "../reference.ts";
import { FEATURES } from "./features.ts";
import { ROUTED } from "./networks.ts";
import { QUEUES } from "./queues.ts";
import { LIMITS, MONEY } from "./quotas-and-money.ts";

/** All rows: those of the reference file, then the further ones. */
export function allOracles(): readonly Oracle[] {
  return [...referenceOracles(), ...FURTHER_ORACLES];
}

/** Further rows, of the reference file's families and of what Meridian adds to them, with values from `formulas.ts`. */
export const FURTHER_ORACLES: readonly Oracle[] = [...QUEUES, ...ROUTED, ...LIMITS, ...MONEY, ...FEATURES];
