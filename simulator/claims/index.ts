/** All claims, in the order in which they are shown. Adding one = its object and its line here. */
import type { Claim, ClaimCase, ClaimInputs } from "./claim.ts";
import { batch, caching, doubledQuota, euOnly, farLatency, routingFee } from "./other-levers.ts";
import { effectivePrice, hourlySwing, savedByRouting, sixFigures, weightedProfiles } from "./price-routing.ts";

export const CLAIMS: readonly Claim[] = [
  savedByRouting,
  hourlySwing,
  effectivePrice,
  routingFee,
  weightedProfiles,
  batch,
  doubledQuota,
  sixFigures,
  euOnly,
  farLatency,
  caching,
];

/** A claim with its verdicts. */
export interface JudgedClaim {
  readonly id: string;
  readonly says: string;
  readonly cases: readonly ClaimCase[];
}

/** @throws MeridianError usage, when the assumed model has no price in one of the assumed regions */
export function judgeClaims(inputs: ClaimInputs, claims: readonly Claim[] = CLAIMS): readonly JudgedClaim[] {
  return claims.map(({ id, says, judge }) => ({ id, says, cases: judge(inputs) }));
}
