/**
 * JSON with keys in a stable order (as built, which the result's types fix) and one rule more than JSON.stringify:
 * a number that is not finite is our bug, never a silent null.
 * @throws MeridianError (internal) with the path of the bad number
 */
import { MeridianError } from "../../simulator/errors.ts";

export function stableJson(value: unknown): string {
  return `${JSON.stringify(value, refuseBadNumbers, 2)}\n`;
}

function refuseBadNumbers(this: unknown, key: string, value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new MeridianError("internal", {
      code: "RESULT_NOT_FINITE",
      what: `the result holds ${value} under "${key}"`,
      fix: "please report this with the scenario",
    });
  }
  return value;
}
