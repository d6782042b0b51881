/** Admission at a source region: quotas of each account, and reserved throughput. */
import type { SlotTable } from "../base/slot-table.ts";
import { ATTEMPT, ATTEMPT_FLOAT, ATTEMPT_FLOATS, ATTEMPT_INTS } from "./attempt-table.ts";
import type { FaultState } from "./fault-state.ts";
import { type QuotaUse, Reservation, TokenQuota } from "./quota/token-quota.ts";
import type { RoutePlan, ServicePlan } from "./service-plan.ts";

// A file's own constants are folded into its code; imported ones are looked up at each use (docs/model/performance.md).
const PLACE = ATTEMPT;
const FLOAT = ATTEMPT_FLOAT;
const INTS = ATTEMPT_INTS;
const FLOATS = ATTEMPT_FLOATS;

/**
 * All quotas and reservations of a run. An attempt reserves on arrival and settles at its end; its row says what it
 * holds.
 */
export class Admission {
  declare private readonly plan: ServicePlan;
  declare private readonly table: SlotTable;
  declare private readonly quotas: readonly TokenQuota[];
  declare private readonly reservations: readonly Reservation[];

  constructor(plan: ServicePlan, table: SlotTable) {
    this.plan = plan;
    this.table = table;
    this.quotas = plan.quotas.map((quota) => new TokenQuota(quota, plan.startMs));
    this.reservations = plan.reservations.map((reservation) => new Reservation(reservation, plan.startMs));
  }

  /** Grants or refuses; after a refusal the row says which limit refused. */
  admits(nowMs: number, attempt: number, route: RoutePlan): boolean {
    if (route.reservation >= 0 && !this.draw(nowMs, attempt, route.reservation)) return false;
    const classIndex = this.table.ints[attempt * INTS + PLACE.classIndex]!;
    const quota = route.quotas[this.plan.accountOfClass[classIndex]!]!;
    return quota < 0 || this.reserve(nowMs, attempt, quota);
  }

  /** A served attempt: its use replaces its reservation. */
  settleServed(nowMs: number, attempt: number): void {
    const { ints } = this.table;
    const at = attempt * INTS;
    const quota = ints[at + PLACE.quota]!;
    if (quota < 0) return;
    const input = ints[at + PLACE.inputTokens]!;
    const cacheRead = ints[at + PLACE.cacheReadTokens]!;
    this.settle(nowMs, attempt, this.quotas[quota]!.settlement(input, cacheRead, ints[at + PLACE.outputTokens]!));
  }

  /** An attempt that was not served gives back its whole reservation. */
  giveBack(nowMs: number, attempt: number): void {
    if (this.table.ints[attempt * INTS + PLACE.quota]! >= 0) this.settle(nowMs, attempt, 0);
  }

  /** Share of the limit left for a class on a route, in [0, 1]; 1 where no limit applies. */
  headroom(nowMs: number, route: RoutePlan | null | undefined, classIndex: number): number {
    const reservation = route?.reservation ?? -1;
    if (reservation >= 0) return this.reservations[reservation]!.headroom(nowMs);
    const quota = route?.quotas[this.plan.accountOfClass[classIndex]!] ?? -1;
    return quota < 0 ? 1 : this.quotas[quota]!.headroom(nowMs);
  }

  /** The wait in the answer of the quota that throttled an attempt, ms; NaN = none. */
  retryAfterMs(attempt: number): number {
    const quota = this.table.ints[attempt * INTS + PLACE.refusal]! >> 2;
    return this.plan.quotas[quota]?.retryAfterMs ?? Number.NaN;
  }

  /** Use of every quota and reservation so far. */
  use(): readonly QuotaUse[] {
    return [...this.quotas, ...this.reservations].map((limit) => limit.use());
  }

  /** Quota cuts begin or end. */
  rescale(nowMs: number, faults: FaultState): void {
    for (const [q, quota] of this.quotas.entries()) quota.setLimitFactor(nowMs, faults.quotaFactor(q));
  }

  private draw(nowMs: number, attempt: number, reservation: number): boolean {
    const { ints } = this.table;
    const at = attempt * INTS;
    const input = ints[at + PLACE.inputTokens]! - ints[at + PLACE.cacheReadTokens]!;
    return this.reservations[reservation]!.take(nowMs, input, ints[at + PLACE.outputTokens]!);
  }

  private reserve(nowMs: number, attempt: number, quotaIndex: number): boolean {
    const { floats, ints } = this.table;
    const at = attempt * INTS;
    const from = attempt * FLOATS;
    const quota = this.quotas[quotaIndex]!;
    const tokens = quota.reservation(
      ints[at + PLACE.inputTokens]!,
      ints[at + PLACE.cacheReadTokens]!,
      ints[at + PLACE.maxTokens]!,
    );
    if (!quota.reserve(nowMs, tokens)) {
      ints[at + PLACE.refusal] = (quotaIndex << 2) | quota.refusedBy;
      return false;
    }
    ints[at + PLACE.quota] = quotaIndex;
    floats[from + FLOAT.reservedTokens] = tokens;
    floats[from + FLOAT.reservedAtMs] = nowMs;
    return true;
  }

  /** @param used tokens as quotas count them */
  private settle(nowMs: number, attempt: number, used: number): void {
    const { floats, ints } = this.table;
    const from = attempt * FLOATS;
    const quota = this.quotas[ints[attempt * INTS + PLACE.quota]!]!;
    const reservedAtMs = floats[from + FLOAT.reservedAtMs]!;
    quota.settle(nowMs, reservedAtMs, floats[from + FLOAT.reservedTokens]!, used);
  }
}
