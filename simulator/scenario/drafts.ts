/** Targets and routes of a scenario while it is resolved: before quotas, endpoints and prices are settled. */
import type { RouteFamily } from "../service/pricing/prices.ts";
import type { RoutePlan } from "../service/service-plan.ts";
import type { QuotaSource, TargetTier } from "./tiers.ts";

/** A target as written, its route still a name. */
export interface TargetDraft {
  readonly id: string;
  readonly region: number;
  /** `regional`, `provisioned`, `batch`, or a profile. */
  readonly route: string;
  readonly tier: TargetTier;
  /** Config path, for problems. */
  readonly where: string;
}

/** A route without its quotas, which follow from the accounts. */
export type RouteDraft = Omit<RoutePlan, "quotas" | "overflow"> & {
  readonly family: RouteFamily;
  readonly quotaSource: QuotaSource;
  /** The id that a caller names: of the model or of the profile. */
  readonly calledId: string;
  /** Every region that the route and its overflow may use, inside the world or not: residency is judged on these. */
  readonly reaches: readonly string[];
  readonly overflow: RouteDraft | null;
};
