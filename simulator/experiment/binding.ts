/** What keeps a class from its objective: a quota, the capacity, the distance, a time limit, or the work itself. */

import type { Estimate } from "../base/statistics.ts";
import { listText, secondsText } from "./phrases.ts";
import type { NamedGroup, QuotaSummary, RunResult, StrategyResult } from "./result.ts";
import { plainShare, shareText } from "./shares.ts";
import { meanOf } from "./standing.ts";

export type Binding = "quota" | "capacity" | "distance" | "work" | "limit" | "outage" | "residency";

export interface Bound {
  readonly binding: Binding;
  /** A sentence with the numbers that say so. */
  readonly text: string;
}

/** Of the limit: what a cause must take of it before it is called what binds. */
const LARGE_PART = 0.25;

/**
 * What binds a class that misses its objective under a strategy.
 *
 * @param isMeasured of a measured run: what waits is the client between attempts, for no client sees a service's queue
 */
export function whatBinds(
  strategy: StrategyResult,
  each: RunResult["classes"][number],
  isMeasured: boolean = false,
): Bound {
  const group = strategy.byClass.find(({ name }) => name === each.name)!;
  const outside = 1 - (group.goodputShare.value ?? 1);
  const failed = group.failedShare.value ?? 0;
  if (failed >= outside / 2 && failed > 0) return whatFails(strategy, group);
  const limitMs = tighterLimitMs(group, each);
  const waitMs = group.queueWaitMs.p95.value ?? 0;
  const tripMs = each.roundTripMs ?? 0;
  const causes: Cause[] = [];
  if (tripMs >= LARGE_PART * limitMs) {
    const how = `a round trip of ${each.name} to the nearest region it may use takes ${secondsText(tripMs)}`;
    causes.push({ binding: "distance", how });
  }
  if (waitMs - tripMs / 2 >= LARGE_PART * limitMs) {
    causes.push(isMeasured ? whatDelays(group, secondsText(waitMs)) : whatWaits(group, secondsText(waitMs)));
  }
  if (causes.length === 0) return { binding: "work", text: workText(group, each) };
  const texts = causes.map(({ binding, how }) => `${nameOf(binding)}: ${how}`);
  return { binding: causes[0]!.binding, text: `What binds is ${texts.join("; and ")}.` };
}

interface Cause {
  readonly binding: Binding;
  readonly how: string;
}

/** From this share of the attempts on, they are what makes requests wait. */
const ATTEMPTS_MIN = 0.01;

/** What a wait is for: tokens of a quota, or room. */
function whatWaits(group: NamedGroup, wait: string): Cause {
  const waiting = `the p95 of the wait before ${group.name} is worked on is ${wait}`;
  if ((group.throttledAttemptShare.value ?? 0) < ATTEMPTS_MIN) return { binding: "capacity", how: waiting };
  const throttled = `${shareText(group.throttledAttemptShare)} of the attempts of ${group.name} are throttled`;
  return { binding: "quota", how: `${throttled}, and ${waiting}` };
}

/** What a client loses time by before the attempt that serves: attempts that are throttled, given up, or refused. */
function whatDelays(group: NamedGroup, wait: string): Cause {
  const waiting = `the p95 of the time until the attempt that serves ${group.name} is sent is ${wait}`;
  const causes: readonly (readonly [Binding, Estimate, string])[] = [
    ["quota", group.throttledAttemptShare, "are throttled"],
    ["limit", group.timedOutAttemptShare, "run into it"],
    ["capacity", group.unavailableAttemptShare, "find none"],
  ];
  const most = causes.toSorted((a, b) => (b[1].value ?? 0) - (a[1].value ?? 0))[0]!;
  if ((most[1].value ?? 0) < ATTEMPTS_MIN) return { binding: "outage", how: waiting };
  return { binding: most[0], how: `${shareText(most[1])} of the attempts of ${group.name} ${most[2]}, and ${waiting}` };
}

/** Of the two limits the one that its p95 comes nearer to, or exceeds by more. */
function tighterLimitMs(group: NamedGroup, { sloE2eMs, sloTtftMs }: RunResult["classes"][number]): number {
  const wholeMs = sloE2eMs ?? Number.POSITIVE_INFINITY;
  const firstMs = sloTtftMs ?? Number.POSITIVE_INFINITY;
  const whole = (group.e2eMs.p95.value ?? 0) / wholeMs;
  return (group.ttftMs.p95.value ?? 0) / firstMs > whole ? firstMs : wholeMs;
}

function workText(group: NamedGroup, each: RunResult["classes"][number]): string {
  if (each.sloTtftMs !== null && tighterLimitMs(group, each) === each.sloTtftMs) {
    const first = group.ttftMs.mean.value ?? 0;
    const waitMs = Math.min(first, group.queueWaitMs.mean.value ?? 0);
    return `What binds is the work itself: the first token of ${each.name} takes ${secondsText(first)} on average, of which it waits ${secondsText(waitMs)}; the rest is the model reading the prompt, which routing changes little unless a cache holds it. Shorter prompts, a faster model or tier, or a wider limit would.`;
  }
  const e2e = group.e2eMs.mean.value ?? 0;
  const wait = Math.min(e2e, group.queueWaitMs.mean.value ?? 0);
  return `What binds is the work itself: ${each.name} takes ${secondsText(e2e)} on average, of which it waits ${secondsText(wait)}; the rest is the model reading and writing, which routing changes little. Shorter answers, a faster model or tier, or a wider limit would.`;
}

/** The interval of all that fails says how many digits its parts have; the name of a class is what the shares are of. */
type FailedGroup = Pick<NamedGroup, "counts"> & Partial<Pick<NamedGroup, "failedShare" | "name">>;

/**
 * What most failed requests ended by, and what nearly as many did.
 *
 * @param group of a class, or without a name of all requests
 */
export function whatFails(
  strategy: StrategyResult,
  { counts, failedShare, name = "the requests" }: FailedGroup,
): Bound {
  const causes: readonly (readonly [Binding, number, string])[] = [
    ["quota", counts.throttled, "are throttled by token quotas until they give up"],
    ["capacity", counts.refused, "find no capacity"],
    ["capacity", counts.abandoned, "leave the queue, which is too long"],
    [
      "limit",
      counts.timedOut - (counts.idle ?? 0),
      "run into it, since they wait or since their answers take longer (`timeout` is for a whole call; the read timeout of most SDKs is between bytes: `limits: { idle: ... }`)",
    ],
    ["limit", counts.idle ?? 0, "get no byte for as long as the client waits for one"],
    ["outage", counts.failed - (counts.broken ?? 0) - (counts.empty ?? 0), "end in errors"],
    ["outage", counts.broken ?? 0, "get an answer that breaks off after it began, which no SDK tries again"],
    ["outage", counts.empty ?? 0, "get an answer without content"],
    ["residency", counts.residencyRefused, "have no target that their residency rule allows"],
    ["capacity", counts.inFlight, "had not ended when the run was cut off"],
  ];
  const [first, ...others] = causes.toSorted((a, b) => b[1] - a[1]);
  const textOf = ([binding, count, how]: (typeof causes)[number]) => {
    const share = counts.sent === 0 ? 0 : count / counts.sent;
    return `${shareText(plainShare(share, failedShare))} of ${name} ${how}${binding === "quota" ? quotasText(strategy.quotas) : ""}`;
  };
  const [binding, most] = first!;
  const [second, ...further] = others.filter(([, count]) => count >= BESIDE * most && count > 0);
  const beside = second === undefined ? "" : `; ${textOf(second)}`;
  const more =
    further.length === 0
      ? ""
      : `; ${further.length} more cause${further.length === 1 ? " fails" : "s fail"} about as many`;
  return {
    binding,
    text: `What binds is ${nameOf(binding)}: under ${strategy.name} ${textOf(first!)}${beside}${more}.`,
  };
}

/** A second cause is named, too, and further ones are counted, if it fails at least so much of what the first does. */
const BESIDE = 0.5;

function nameOf(binding: Binding): string {
  if (binding === "outage") return "the endpoints";
  if (binding === "limit") return "the client's time limit";
  return binding === "residency" ? "the residency rule" : `the ${binding}`;
}

/** The quotas that refused most, two by name. */
function quotasText(quotas: readonly QuotaSummary[]): string {
  const refused = (quota: QuotaSummary) =>
    quota.refusedTokensPerMinute + quota.refusedTokensPerDay + quota.refusedRequests;
  const most = quotas
    .filter((quota) => refused(quota) > 0)
    .toSorted((a, b) => refused(b) - refused(a))
    .map(({ id }) => id);
  const more = most.length - QUOTAS_MAX;
  const named = [...most.slice(0, QUOTAS_MAX), ...(more > 0 ? [`${more} more`] : [])];
  return most.length === 0 ? "" : ` (${listText(named)})`;
}

const QUOTAS_MAX = 2;

/** Of these as many are told one by one. */
const CLASSES_MAX = 3;

/** Of those that fail about as much in all the one that fails least of its classes. */
export function leastByClass(tied: readonly StrategyResult[]): StrategyResult | undefined {
  const meanFailed = (each: StrategyResult) => meanOf(sentClasses(each).map(({ failedShare }) => failedShare.value));
  return tied.reduce<StrategyResult | undefined>(
    (best, each) => (best === undefined || meanFailed(each) < meanFailed(best) ? each : best),
    undefined,
  );
}

function sentClasses({ byClass }: StrategyResult): StrategyResult["byClass"] {
  return byClass.filter(({ counts }) => counts.sent > 0);
}

/** `61 % of the requests (all of chat and 3.1 % of code)`. */
export function failsText(strategy: StrategyResult): string {
  const share = (failed: Estimate) => (failed.value === 1 ? "all" : shareText(failed));
  const all = `${share(strategy.total.failedShare)} of the requests`;
  const classes = sentClasses(strategy).toSorted((a, b) => (b.failedShare.value ?? 0) - (a.failedShare.value ?? 0));
  const each = classes.map(({ name, failedShare }) => `${share(failedShare)} of ${name}`);
  const more = each.length - CLASSES_MAX;
  if (each.length < 2) return all;
  return `${all} (${listText([...each.slice(0, CLASSES_MAX), ...(more > 0 ? [`less of ${more} more`] : [])])})`;
}
