/** The cases of one claim with the bundled data and changed assumptions. */
import assert from "node:assert/strict";
import { loadReference } from "../../../scripts/io/reference.ts";
import { assumptionsFrom, type Claim, type ClaimCase } from "../../../simulator/claims/claim.ts";

const reference = await loadReference();

export function casesOf(claim: Claim, ...changes: string[]): readonly ClaimCase[] {
  return claim.judge({ assumptions: assumptionsFrom(changes), ...reference });
}

/** The first case whose billing rule and reading begin so. */
export function caseOf(cases: readonly ClaimCase[], billing: string, reading: string): ClaimCase {
  const found = cases.find((one) => one.billing.startsWith(billing) && one.reading.startsWith(reading));
  assert.ok(found, `${billing}, ${reading}`);
  return found;
}
