import { HOUR_MS } from "../base/time.ts";
import { END } from "../client/request-rules.ts";
import { FIELD, HOURS_MAX } from "../engine/recorder.ts";
import { invariant } from "../errors.ts";
import type { Plan } from "../scenario/plan.ts";
import type { Ledger } from "../world/pricing/ledger.ts";
import { BILLING_RULES } from "../world/pricing/prices.ts";
import type { GroupStats } from "./group-stats.ts";

interface Checked {
  readonly plan: Plan;
  readonly total: GroupStats;
  readonly byClass: readonly GroupStats[];
  readonly byRegion: readonly GroupStats[];
  readonly byHour: readonly GroupStats[];
  readonly ledger: Ledger;
  /** Counted arrivals by class. */
  readonly arrived: Float64Array;
}

/**
 * What must hold in every run, also in production. docs/model.md lists them by number.
 *
 * @throws MeridianError internal, naming the invariant
 */
export function checkInvariants({ plan, total, byClass, byRegion, byHour, ledger, arrived }: Checked): void {
  for (const group of [total, ...byClass, ...byRegion]) checkConservation(group);
  byClass.forEach(({ fields }, c) => {
    invariant(fields[FIELD.sent] === arrived[c], "I9 every request that arrived has ended once");
  });
  checkParts("classes", total, byClass);
  checkParts("regions", total, byRegion);
  const hours = plan.durationMs / HOUR_MS;
  if (hours <= HOURS_MAX) checkParts("hours", total, byHour, false);
  for (const group of [total, ...byClass]) {
    invariant(!(group.wait.mean < -1e-9), "I4 no request starts service before it arrives");
    invariant(!(group.ttft.mean > group.e2e.mean + 1e-6), "I5 no last byte before the first token");
  }
  for (let i = 0; i < ledger.tokens.length; i++) {
    invariant(
      ledger.tokens[i]! >= 0 && Number.isInteger(ledger.tokens[i]),
      "I6 billed tokens are whole and not negative",
    );
  }
}

function checkConservation({ fields, e2e }: GroupStats): void {
  let ended = 0;
  for (let end = 0; end <= END.inFlight; end++) ended += fields[end]!;
  invariant(ended === fields[FIELD.sent], "I1 sent = served + refused + timed out + abandoned + failed + in flight");
  invariant(e2e.count === fields[END.served], "I2 every served request has one latency");
  invariant(fields[FIELD.attemptsThrottled]! <= fields[FIELD.attempts]!, "I3 no more throttled attempts than attempts");
}

function checkParts(what: string, total: GroupStats, parts: readonly GroupStats[], withCost = true): void {
  for (let f = 0; f < total.fields.length; f++) {
    let sum = 0;
    for (const part of parts) sum += part.fields[f]!;
    invariant(sum === total.fields[f], `I7 the sum over ${what} is the total`);
  }
  if (!withCost) return;
  for (const rule of BILLING_RULES) {
    let sum = 0n;
    for (const part of parts) sum += part.cost[rule].totalFUsd;
    invariant(sum === total.cost[rule].totalFUsd, `I8 the bill over ${what} is the bill`);
  }
}
