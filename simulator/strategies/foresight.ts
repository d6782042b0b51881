/**
 * The strategy behind `simulate --foresight`: follows a plan that was made knowing the traffic. It is no strategy that a
 * scenario can name, since no router knows what comes.
 */
import { isEligible } from "../client/pick.ts";
import { deferUntil, type RequestView, type StrategyDefinition, type TargetView } from "../client/strategy.ts";

/** Where and when the requests of a class and a price epoch are sent; shares add up to 1. */
export interface ForesightCell {
  readonly target: number;
  /** Of sending; that of the arrival or a later one. */
  readonly epoch: number;
  readonly share: number;
}

export interface ForesightPlan {
  readonly epochStartMs: readonly number[];
  /** Indexed `epoch * classes + class`; empty where the plan has nothing to say. */
  readonly cells: readonly (readonly ForesightCell[])[];
}

/** Part of the time to its deadline within which a request that waits is sent. */
const SENT_WITHIN = 0.9;

/**
 * The first attempt of a request goes where and when the plan's shares say, by one draw; one that waits is sent within
 * its epoch by a second, and before its deadline. Whatever follows a failure, and what the plan does not know, goes to the
 * cheapest target that is left, those with quota first.
 */
export const foresight: StrategyDefinition = {
  name: "foresight",
  summary: "Follows a plan that was made knowing the traffic.",
  options: {},
  signals: ["price", "quotaHeadroom"],
  create(given, context) {
    const { epochStartMs, cells } = given.plan as ForesightPlan;
    const classes = context.classNames.length;
    return {
      choose(request, targets, nowMs, random) {
        if (request.attempt > 0) return cheapestLeft(request, targets);
        const arrival = epochAt(epochStartMs, request.arrivalMs);
        const cell = drawCell(cells[arrival * classes + request.classIndex] ?? [], random.next());
        const part = random.next();
        if (cell === undefined) return cheapestLeft(request, targets);
        if (request.deferrable && cell.epoch > arrival) {
          const sendMs = instantOf(epochStartMs, cell.epoch, part, request);
          if (sendMs > nowMs) return deferUntil(sendMs);
        }
        return isEligible(targets, cell.target) ? cell.target : cheapestLeft(request, targets);
      },
    };
  },
};

function instantOf(
  epochStartMs: readonly number[],
  epoch: number,
  part: number,
  { arrivalMs, sloE2eMs }: RequestView,
): number {
  const fromMs = epochStartMs[epoch]!;
  const toMs = epochStartMs[epoch + 1] ?? fromMs;
  return Math.min(fromMs + part * (toMs - fromMs), arrivalMs + SENT_WITHIN * sloE2eMs);
}

/** The last epoch that has begun. */
function epochAt(epochStartMs: readonly number[], ms: number): number {
  let low = 0;
  let high = epochStartMs.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (epochStartMs[middle]! <= ms) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** By one draw in [0, 1); undefined where there is nothing to draw among. */
function drawCell(cell: readonly ForesightCell[], uniform: number): ForesightCell | undefined {
  let left = uniform;
  for (const each of cell) {
    if (left < each.share) return each;
    left -= each.share;
  }
  return cell.at(-1);
}

/** With quota before without, then the cheaper one; the target that just failed last. */
function cheapestLeft({ previousTarget, inputTokens, maxTokens }: RequestView, targets: TargetView): number {
  const { eligible, eligibleCount, priceInUsdPerMTok, priceOutUsdPerMTok, quotaHeadroom } = targets;
  let best = eligible[0]!;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < eligibleCount; i++) {
    const target = eligible[i]!;
    if (target === previousTarget) continue;
    const price = inputTokens * priceInUsdPerMTok[target]! + maxTokens * priceOutUsdPerMTok[target]!;
    const rank = quotaHeadroom[target]! > 0 ? price : price + FULL;
    if (!(rank < least)) continue;
    least = rank;
    best = target;
  }
  return best;
}

/** Dearer than any request. */
const FULL = 1e15;
