/** Admission at a source region: quotas of each account, and reserved throughput. */
import type { SlotTable } from "../base/slot-table.ts";
import { ATTEMPT, ATTEMPT_FLOAT, ATTEMPT_FLOATS, ATTEMPT_INTS } from "./attempt-table.ts";
import type { FaultState } from "./fault-state.ts";
import { type QuotaUse, Reservation, TokenQuota } from "./quota/token-quota.ts";
import type { RoutePlan, ServicePlan } from "./service-plan.ts";

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
    const classIndex = this.table.ints[attempt * ATTEMPT_INTS + ATTEMPT.classIndex]!;
    const quota = route.quotas[this.plan.accountOfClass[classIndex]!]!;
    return quota < 0 || this.reserve(nowMs, attempt, quota);
  }

  /** A served attempt: its use replaces its reservation. */
  settleServed(nowMs: number, attempt: number): void {
    const { ints } = this.table;
    const at = attempt * ATTEMPT_INTS;
    const quota = ints[at + ATTEMPT.quota]!;
    if (quota < 0) return;
    const input = ints[at + ATTEMPT.inputTokens]!;
    const cacheRead = ints[at + ATTEMPT.cacheReadTokens]!;
    this.settle(nowMs, attempt, this.quotas[quota]!.settlement(input, cacheRead, ints[at + ATTEMPT.outputTokens]!));
  }

  /** An attempt that was not served gives back its whole reservation. */
  giveBack(nowMs: number, attempt: number): void {
    if (this.table.ints[attempt * ATTEMPT_INTS + ATTEMPT.quota]! >= 0) this.settle(nowMs, attempt, 0);
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
    const quota = this.table.ints[attempt * ATTEMPT_INTS + ATTEMPT.refusal]! >> 2;
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
    const at = attempt * ATTEMPT_INTS;
    const input = ints[at + ATTEMPT.inputTokens]! - ints[at + ATTEMPT.cacheReadTokens]!;
    return this.reservations[reservation]!.take(nowMs, input, ints[at + ATTEMPT.outputTokens]!);
  }

  private reserve(nowMs: number, attempt: number, quotaIndex: number): boolean {
    const { floats, ints } = this.table;
    const at = attempt * ATTEMPT_INTS;
    const from = attempt * ATTEMPT_FLOATS;
    const quota = this.quotas[quotaIndex]!;
    const tokens = quota.reservation(
      ints[at + ATTEMPT.inputTokens]!,
      ints[at + ATTEMPT.cacheReadTokens]!,
      ints[at + ATTEMPT.maxTokens]!,
    );
    if (!quota.reserve(nowMs, tokens)) {
      ints[at + ATTEMPT.refusal] = (quotaIndex << 2) | quota.refusedBy;
      return false;
    }
    ints[at + ATTEMPT.quota] = quotaIndex;
    floats[from + ATTEMPT_FLOAT.reservedTokens] = tokens;
    floats[from + ATTEMPT_FLOAT.reservedAtMs] = nowMs;
    return true;
  }

  /** @param used tokens as quotas count them */
  private settle(nowMs: number, attempt: number, used: number): void {
    const { floats, ints } = this.table;
    const from = attempt * ATTEMPT_FLOATS;
    const quota = this.quotas[ints[attempt * ATTEMPT_INTS + ATTEMPT.quota]!]!;
    const reservedAtMs = floats[from + ATTEMPT_FLOAT.reservedAtMs]!;
    quota.settle(nowMs, reservedAtMs, floats[from + ATTEMPT_FLOAT.reservedTokens]!, used);
  }
}
