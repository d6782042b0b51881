/** What every strategy must do, whatever its rule: checked on made-up requests, targets and outcomes. Pure. */
import { DAY_MS } from "../base/time.ts";
import { KeyedRandom, keyedUniform, purposeKey } from "../random/keyed-random.ts";
import { likelyOptions } from "./likely-options.ts";
import type { AttemptOutcome, OutcomeKind, RequestView, StrategyContext } from "./strategy.ts";
import { SHED, type Strategy, type StrategyDefinition } from "./strategy.ts";
import { TargetViewState } from "./target-view.ts";

/** One demand of the suite. */
export interface ConformanceCheck {
  readonly name: string;
  /** Null when it holds, else what was found: enough to see it again. */
  readonly problem: string | null;
}

/** Sizes of the worlds in which it is tried: one region, a few, many. */
const SIZES = [1, 2, 5, 64];
const STEPS = 400;
const CLASSES = ["chat", "digest"];
const KINDS: readonly OutcomeKind[] = ["ok", "ok", "ok", "throttled", "unavailable", "timeout", "error"];
/** A request put off may ask this often, and wait this long, before it is sent or shed. */
const ASKED_MAX = 20_000;
const WAIT_MS_MAX = 8 * DAY_MS;

/**
 * Runs the suite on a strategy.
 *
 * @param definition the strategy
 * @param given      its options, of targets `t0`, `t1`, ...; likely values of those that it needs unless given
 * @returns each requirement, in a fixed order, with what the strategy does against it
 * @throws MeridianError what `create` throws for these options
 */
export function checkConformance(
  definition: StrategyDefinition,
  given?: Readonly<Record<string, unknown>>,
): readonly ConformanceCheck[] {
  const worlds = SIZES.map((size) => {
    const context = contextOf(size);
    const options = given ?? likelyOptions(definition, context);
    return { context, create: () => definition.create(options, context) };
  });
  const demands: Readonly<Record<string, (world: World) => string | null>> = {
    "chooses eligible targets only": legal,
    "decides alike given the same calls": deterministic,
    "keeps its state in the instance": isolated,
    "takes the only eligible target, and keeps to it or sheds when it failed": onlyOne,
    "chooses when every target has failed": allFailed,
    "survives signals that are not known": unknownSignals,
    "sends or sheds what it puts off, in the end": sendsAtLast,
  };
  return Object.entries(demands).map(([name, demand]) => ({ name, problem: firstProblem(worlds, demand) }));
}

interface World {
  readonly context: StrategyContext;
  create(): Strategy;
}

function firstProblem(worlds: readonly World[], demand: (world: World) => string | null): string | null {
  for (const world of worlds) {
    const size = world.context.targetIds.length;
    try {
      const problem = demand(world);
      if (problem !== null) return `with ${size} targets: ${problem}`;
    } catch (error) {
      return `with ${size} targets it threw: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  return null;
}

function legal(world: World): string | null {
  for (let round = 0; round < 4; round++) {
    const problem = play(world, [world.create()], `legal${round}`).problem;
    if (problem !== null) return problem;
  }
  return null;
}

function deterministic(world: World): string | null {
  const [one, other] = [world.create(), world.create()].map((each) => play(world, [each], "same").choices);
  const at = one!.findIndex((choice, i) => !Object.is(choice, other![i]));
  return at < 0 ? null : `decision ${at}: ${one![at]} the first time, ${other![at]} the second`;
}

/** Two instances that take turns must decide as each does alone: nothing may be kept outside of them. */
function isolated(world: World): string | null {
  const alone = play(world, [world.create()], "alone").choices;
  const together = play(world, [world.create(), world.create()], "alone").choices;
  const at = alone.findIndex((choice, i) => !Object.is(choice, together[i]));
  return at < 0 ? null : `decision ${at}: ${alone[at]} alone, ${together[at]} beside another instance`;
}

function onlyOne(world: World): string | null {
  const strategy = world.create();
  const { context } = world;
  for (let target = 0; target < context.targetIds.length; target++) {
    const view = viewOf(context, [target]);
    const first = settle(strategy, requestOf({ requestId: target }), view, target * 1_000);
    if (first !== target) return `chose ${first} where only ${target} is eligible`;
    strategy.observe?.(outcomeOf(target, "throttled", target * 1_000 + 1, 1));
    const retry = requestOf({ requestId: target, attempt: 1, previousTarget: target });
    const second = settle(strategy, retry, view, target * 1_000 + 2);
    if (second !== target && second !== SHED) return `on a retry it chose ${second} where only ${target} is eligible`;
  }
  return null;
}

function allFailed(world: World): string | null {
  const strategy = world.create();
  const { context } = world;
  const view = viewOf(context);
  view.failureShare.fill(1);
  view.throttleShare.fill(1);
  view.quotaHeadroom.fill(0);
  for (let target = 0; target < context.targetIds.length; target++) {
    for (const kind of KINDS.slice(3)) strategy.observe?.(outcomeOf(target, kind, 10, 5));
  }
  const choice = settle(strategy, requestOf({ requestId: 1 }), view, 11);
  return choice === SHED || isIn(view, choice) ? null : `chose ${choice}`;
}

function unknownSignals(world: World): string | null {
  const view = viewOf(world.context);
  for (const column of [
    view.rttMs,
    view.priceInUsdPerMTok,
    view.priceOutUsdPerMTok,
    view.quotaHeadroom,
    view.e2eMsMean,
    view.ttftMsMean,
    view.e2eMsP95,
    view.throttleShare,
    view.failureShare,
    view.lastOutcomeMs,
  ]) {
    column.fill(Number.NaN);
  }
  const strategy = world.create();
  for (let i = 0; i < 8; i++) {
    const choice = settle(strategy, requestOf({ requestId: i }), view, i);
    if (choice !== SHED && !isIn(view, choice)) return `chose ${choice}`;
  }
  return null;
}

function sendsAtLast(world: World): string | null {
  const strategy = world.create();
  const view = viewOf(world.context);
  view.priceInUsdPerMTok.fill(3);
  view.priceOutUsdPerMTok.fill(15);
  for (let i = 0; i < 200; i++) {
    const choice = settle(strategy, requestOf({ requestId: i, classIndex: 1, deferrable: true }), view, 0);
    if (Number.isNaN(choice)) return `a request that it put off again and again was never sent`;
    if (choice !== SHED) strategy.observe?.(outcomeOf(choice, "ok", 500, 500));
  }
  return null;
}

/** Asks until the request is sent or shed; NaN when it never is. */
function settle(strategy: Strategy, request: RequestView, view: TargetViewState, fromMs: number): number {
  const random = new KeyedRandom(7, "conformance");
  let nowMs = fromMs;
  for (let asked = 0; asked < ASKED_MAX && nowMs - fromMs < WAIT_MS_MAX; asked++) {
    random.seek(request.requestId, request.attempt);
    const choice = strategy.choose({ ...request, arrivalMs: fromMs }, view, nowMs, random);
    if (choice >= 0 || choice === SHED || Number.isNaN(choice)) return choice;
    nowMs = Math.max(-1 - choice, nowMs + 1);
  }
  return Number.NaN;
}

interface Played {
  readonly choices: readonly number[];
  readonly problem: string | null;
}

/** Leads each strategy through the same events: requests, retries, outcomes in and out of order, changes of health. */
function play({ context }: World, strategies: readonly Strategy[], name: string): Played {
  const key = purposeKey(1, name);
  const views = strategies.map(() => viewOf(context));
  const random = new KeyedRandom(7, "conformance");
  const choices: number[] = [];
  let problem: string | null = null;
  let nowMs = 0;
  let previous = -1;
  for (let i = 0; i < STEPS; i++) {
    const draw = (n: number) => keyedUniform(key, i, n);
    nowMs += draw(0) < 0.9 ? draw(1) * 200 : draw(1) * 90_000;
    const isRetry = previous >= 0 && draw(2) < 0.15;
    const request = requestOf({
      requestId: isRetry ? i - 1 : i,
      attempt: isRetry ? 1 : 0,
      previousTarget: isRetry ? previous : -1,
      classIndex: draw(3) < 0.7 ? 0 : 1,
      deferrable: draw(3) >= 0.7,
      inputTokens: Math.floor(draw(4) * 4_000),
      prefixId: draw(5) < 0.5 ? Math.floor(draw(5) * 40) : -1,
      originIndex: Math.floor(draw(6) * 3),
      arrivalMs: nowMs,
    });
    views.forEach((view, s) => {
      if (i % 20 === 0) changeWorld(view, (n) => keyedUniform(key, i, 100 + n));
      random.seek(request.requestId, request.attempt);
      const choice = strategies[s]!.choose(request, view, nowMs, random);
      if (s === 0) {
        choices.push(choice);
        previous = choice >= 0 ? choice : -1;
        if (problem === null && !isLegal(view, choice, nowMs)) problem = `decision ${i}: ${nameOf(choice, view)}`;
      }
      if (!isIn(view, choice)) return;
      view.onSent(choice);
      const kind = KINDS[Math.floor(draw(7) * KINDS.length)]!;
      const outcome = outcomeOf(choice, kind, nowMs, draw(8) * 3_000, request);
      view.onOutcome(outcome);
      strategies[s]!.observe?.(outcome);
    });
  }
  return { choices, problem };
}

/** New health, prices and round trips. */
function changeWorld(view: TargetViewState, draw: (n: number) => number): void {
  const all = [...Array(view.count).keys()];
  const healthy = all.filter((target) => draw(target) < 0.7);
  setEligible(view, healthy.length > 0 ? healthy : all.slice(-1));
  for (const target of all) {
    const price = Math.floor(draw(1_000 + target) * 5);
    view.priceInUsdPerMTok[target] = price === 4 ? Number.NaN : price;
    view.priceOutUsdPerMTok[target] = price === 4 ? Number.NaN : 5 * price;
    view.rttMs[target] = draw(2_000 + target) * 300;
    view.quotaHeadroom[target] = draw(3_000 + target);
  }
}

function isLegal(view: TargetViewState, choice: number, nowMs: number): boolean {
  if (choice === SHED) return true;
  return choice >= 0 ? isIn(view, choice) : -1 - choice >= nowMs && choice > SHED;
}

function isIn({ eligible, eligibleCount }: TargetViewState, choice: number): boolean {
  return eligible.subarray(0, eligibleCount).includes(choice);
}

function nameOf(choice: number, { eligible, eligibleCount }: TargetViewState): string {
  return `it returned ${choice}; eligible were ${eligible.subarray(0, eligibleCount).join(", ")}`;
}

function contextOf(size: number): StrategyContext {
  const targetIds = Array.from({ length: size }, (_, i) => `t${i}`);
  return { targetIds, regionOfTarget: targetIds, classNames: CLASSES };
}

function viewOf(context: StrategyContext, eligible?: readonly number[]): TargetViewState {
  const view = new TargetViewState(context.targetIds, [
    "inFlight",
    "price",
    "rtt",
    "e2e",
    "ttft",
    "e2eP95",
    "throttleShare",
    "failureShare",
    "quotaHeadroom",
  ]);
  if (eligible !== undefined) setEligible(view, eligible);
  return view;
}

function setEligible(view: TargetViewState, eligible: readonly number[]): void {
  view.eligible.set(eligible);
  view.eligibleCount = eligible.length;
}

function requestOf(change: Partial<RequestView>): RequestView {
  return {
    requestId: 0,
    classIndex: 0,
    originIndex: 0,
    inputTokens: 1_000,
    maxTokens: 1_000,
    prefixTokens: 0,
    prefixId: -1,
    sessionId: -1,
    attempt: 0,
    previousTarget: -1,
    arrivalMs: 0,
    sloE2eMs: 5_000,
    deferrable: false,
    ...change,
  };
}

function outcomeOf(
  target: number,
  kind: OutcomeKind,
  nowMs: number,
  tookMs: number,
  { requestId, classIndex, inputTokens }: RequestView = requestOf({}),
): AttemptOutcome {
  const isOk = kind === "ok";
  return {
    requestId,
    classIndex,
    target,
    kind,
    sentMs: nowMs - tookMs,
    nowMs,
    ttftMs: isOk ? tookMs / 4 : Number.NaN,
    e2eMs: isOk ? tookMs : Number.NaN,
    inputTokens,
    outputTokens: isOk ? 100 : 0,
    rttMs: 0,
  };
}
