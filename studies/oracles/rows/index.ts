/** The list of all rows. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Oracle } from "../oracle.ts";
import { type OracleFile, oracleOf } from "../reference.ts";
import { FEATURES } from "./features.ts";
import { ROUTED } from "./networks.ts";
import { QUEUES } from "./queues.ts";
import { LIMITS, MONEY } from "./quotas-and-money.ts";

const REFERENCE_FILE = join(import.meta.dirname, "..", "reference.json");

/** All rows: the reference file's, then ours. */
export function allOracles(): readonly Oracle[] {
  return [...referenceOracles(), ...FURTHER_ORACLES];
}

/** Rows of the reference file. */
export function referenceOracles(): readonly Oracle[] {
  const file = JSON.parse(readFileSync(REFERENCE_FILE, "utf8")) as OracleFile;
  return file.engine_rows.map(oracleOf);
}

/** Further rows, of the reference file's families and of what Meridian adds to them, with values from `formulas.ts`. */
export const FURTHER_ORACLES: readonly Oracle[] = [...QUEUES, ...ROUTED, ...LIMITS, ...MONEY, ...FEATURES];
