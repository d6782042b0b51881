import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { EXIT_CODES, MeridianError } from "../../simulator/errors.ts";
import { runChild } from "../io/k6/child.ts";
import type { Override } from "../io/overrides.ts";
import { CALIBRATION } from "./conditions.ts";

/** Name of a world's fitted world file in its folder. */
const FITTED = "fitted.world.yaml";
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MERIDIAN = join(ROOT, "scripts/meridian.mjs");
const LIMIT_MS = 10 * 60_000;

/** What puts the fitted capacities and quotas into a world's scenario. */
export function fittedWorld(folder: string, world: string): readonly Override[] {
  return [{ path: ["world", "include"], value: resolve(folder, world, FITTED), origin: "the fitted world" }];
}

/**
 * Calibrates on a world's calibration run, and on nothing else, with `meridian calibrate`.
 *
 * @returns the world file that was written
 * @throws MeridianError environment VALIDATION_FIT_FAILED
 */
export async function fitWorld(folder: string, world: string, signal: AbortSignal): Promise<string> {
  // Relative, for the file says where its numbers are from.
  const from = relative(ROOT, resolve(folder, world, CALIBRATION.name));
  const out = relative(ROOT, resolve(folder, world, FITTED));
  const args = [MERIDIAN, "calibrate", "--from", from, "--out", out];
  const end = await runChild(process.execPath, args, { cwd: ROOT, env: process.env, limitMs: LIMIT_MS, signal });
  if (end.code === EXIT_CODES.ok) return out;
  throw new MeridianError("environment", {
    code: "VALIDATION_FIT_FAILED",
    what: `meridian calibrate failed: ${end.tail.join(" ").slice(-500)}`,
    where: from,
    fix: "measure the calibration run anew, then run npm run validation -- --fit",
  });
}
