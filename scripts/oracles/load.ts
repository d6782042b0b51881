import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PACKAGE_ROOT } from "../io/package-info.ts";
import { FURTHER_ORACLES } from "./further/index.ts";
import { type OracleFile, oracleOf } from "./neutral.ts";
import type { Oracle } from "./oracle.ts";

const REFERENCE_FILE = join(PACKAGE_ROOT, "test", "oracle", "oracles.json");

/** Rows of the reference file. */
export function referenceOracles(): readonly Oracle[] {
  const file = JSON.parse(readFileSync(REFERENCE_FILE, "utf8")) as OracleFile;
  return file.engine_rows.map(oracleOf);
}

/** All rows: the reference file's, then ours. */
export function allOracles(): readonly Oracle[] {
  return [...referenceOracles(), ...FURTHER_ORACLES];
}
