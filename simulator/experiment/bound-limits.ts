/** Rows of the bound's programme: what quotas, reservations and capacity let through in each epoch. */
import type { LinearRow } from "../base/linear-programme.ts";
import { DAY_MS } from "../base/time.ts";
import type { Plan } from "../scenario/plan.ts";
import { CACHE_READ, INPUT, OUTPUT } from "../service/pricing/prices.ts";
import type { RoutePlan } from "../service/service-plan.ts";
import { callSizes } from "../traffic/token-bounds.ts";
import { type CapacityLimits, capacityRows, runsWithin } from "./bound-capacity.ts";

/** What is bought as far as limits go; a column of the programme, in millions of tokens. */
export interface Purchase {
  readonly classIndex: number;
  /** Position in `TOKEN_KINDS`. */
  readonly kind: number;
  readonly epoch: number;
  readonly offer: PurchaseOffer;
}

export interface PurchaseOffer {
  readonly route: RoutePlan;
  readonly quota: number;
  readonly reservation: number;
}

export interface Limit {
  readonly row: LinearRow;
  /** Index of the quota; -1 for another limit. */
  readonly quota: number;
  /** How much the limit grows with one more token a minute. */
  readonly minutes: number;
  /** Whose capacity it is; empty for another limit. */
  readonly endpoints: readonly number[];
}

const M = 1e6;

/**
 * What limits let through in each epoch, and in a day.
 *
 * @param capacity null: no limit
 * @param spare    share of each limit that is used
 */
export function limitRows(
  plan: Plan,
  columns: readonly Purchase[],
  capacity: CapacityLimits | null,
  spare = 1,
): readonly Limit[] {
  const counted = columns.flatMap((column, i) => (column.kind === CACHE_READ ? [] : [{ column, i }]));
  const limits = [
    ...quotaLimits(plan, counted),
    ...reservationLimits(plan, counted),
    ...(capacity === null ? [] : capacityLimitRows(plan, counted, capacity)),
  ];
  return limits.map(({ row, ...limit }) => ({ ...limit, row: { ...row, limit: row.limit * spare } }));
}

interface Counted {
  readonly column: Purchase;
  /** Its position among all columns. */
  readonly i: number;
}

function quotaLimits(plan: Plan, counted: readonly Counted[]): readonly Limit[] {
  const { quotas, epochStartMs, durationMs } = plan.world;
  return quotas.flatMap(({ tokensPerMinute, tokensPerDay }, quota) => {
    const own = counted.filter(({ column }) => column.offer.quota === quota);
    if (own.length === 0) return [];
    const limits: Limit[] = [];
    if (tokensPerMinute !== null) {
      const { limit, windowMs, burst } = tokensPerMinute;
      for (const [epoch, members] of byEpoch(own)) {
        const minutes = windowsOf(plan, epoch, windowMs);
        const most = limit * minutes + Math.max(0, burst - limit);
        limits.push({ row: sumRow(members, most), quota, minutes, endpoints: [] });
      }
    }
    if (tokensPerDay !== null) {
      const days = Math.ceil((Number.isFinite(durationMs) ? durationMs : epochStartMs.at(-1)!) / DAY_MS) + 1;
      limits.push({ row: sumRow(own, tokensPerDay.limit * days), quota: -1, minutes: 0, endpoints: [] });
    }
    return limits;
  });
}

function reservationLimits(plan: Plan, counted: readonly Counted[]): readonly Limit[] {
  return plan.world.reservations.flatMap(({ inputTokensPerMinute, outputTokensPerMinute }, reservation) =>
    [
      { kind: INPUT, limit: inputTokensPerMinute },
      { kind: OUTPUT, limit: outputTokensPerMinute },
    ].flatMap(({ kind, limit }) => {
      const own = counted.filter(({ column }) => column.offer.reservation === reservation && column.kind === kind);
      return [...byEpoch(own)].map(
        ([epoch, members]): Limit => ({
          row: sumRow(members, limit * windowsOf(plan, epoch, 60_000)),
          quota: -1,
          minutes: 0,
          endpoints: [],
        }),
      );
    }),
  );
}

function capacityLimitRows(plan: Plan, counted: readonly Counted[], capacity: CapacityLimits): readonly Limit[] {
  const rows = capacityRows(plan);
  return rows.flatMap((each, r) => {
    const own = counted.filter(({ column }) => runsWithin(column.offer.route, each));
    return [...byEpoch(own)].flatMap(([epoch, members]): readonly Limit[] => {
      const limit = capacity(epoch, r);
      if (!Number.isFinite(limit)) return [];
      const coefficients = members.map(({ column: { kind, classIndex } }) =>
        kind === INPUT ? each.perInputToken[classIndex]! : each.perOutputToken[classIndex]!,
      );
      const columns = members.map(({ i }) => i);
      const row: LinearRow = { columns, coefficients, relation: "<=", limit: limit / M };
      return [{ row, quota: -1, minutes: 0, endpoints: each.endpoints }];
    });
  });
}

/** With more output for each token of input than this, calls are so different that the row would never bind. */
const RATIO_MAX = 100;

/**
 * Input and output are bought apart, and no call has more output for its input than the class's largest output has for
 * its smallest input: of what is bought together (the same class, epochs and target) neither has more. For calls of one
 * size this makes them whole.
 *
 * @param groups positions of columns that are bought together
 */
export function ratioRows(
  plan: Plan,
  columns: readonly Purchase[],
  groups: readonly (readonly number[])[],
): readonly LinearRow[] {
  const ratios = plan.traffic.map((traffic) => {
    const { inputMin, outputMax } = callSizes(traffic);
    return outputMax / inputMin;
  });
  return groups.flatMap((members): readonly LinearRow[] => {
    const ratio = ratios[columns[members[0]!]!.classIndex]!;
    const outputs = members.filter((i) => columns[i]!.kind === OUTPUT).length;
    if (!(ratio <= RATIO_MAX) || outputs === 0 || outputs === members.length) return [];
    const coefficients = members.map((i) => (columns[i]!.kind === OUTPUT ? 1 : -ratio));
    return [{ columns: members, coefficients, relation: "<=", limit: 0 }];
  });
}

/** Windows that an epoch can see, one more than fit into it: it may begin in the middle of one. */
function windowsOf({ world: { epochStartMs } }: Plan, epoch: number, windowMs: number): number {
  return ((epochStartMs[epoch + 1] ?? epochStartMs[epoch]! + DAY_MS) - epochStartMs[epoch]!) / windowMs + 1;
}

function sumRow(members: readonly Counted[], limit: number): LinearRow {
  return { columns: members.map(({ i }) => i), coefficients: members.map(() => 1), relation: "<=", limit: limit / M };
}

function byEpoch(members: readonly Counted[]): ReadonlyMap<number, readonly Counted[]> {
  const epochs = new Map<number, Counted[]>();
  for (const each of members) {
    const group = epochs.get(each.column.epoch);
    if (group === undefined) epochs.set(each.column.epoch, [each]);
    else group.push(each);
  }
  return epochs;
}
