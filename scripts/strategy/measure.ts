/** What a decision of a strategy costs: time, and memory that it keeps. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { AttemptOutcome, RequestView, StrategyDefinition } from "../../simulator/client/strategy.ts";
import { signalsOf } from "../../simulator/client/strategy.ts";
import { TargetViewState } from "../../simulator/client/target-view.ts";
import { KeyedRandom } from "../../simulator/random/keyed-random.ts";

/** Cost of a decision with its outcome. */
export interface DecisionCost {
  readonly targets: number;
  readonly decisions: number;
  /**
   * Processor time, least of the rounds: choose, the signals that it asks for, and observe. Time on the clock would count
   * what else the machine does, and of processor time the least is what neighbours on the core disturbed least.
   */
  readonly nsPerDecision: number;
  /** Memory that a decision leaves behind, bytes: 0 but for noise where state is bounded. */
  readonly bytesKeptPerDecision: number;
}

const ROUNDS = 9;
/** Decisions of the first, short round; and the longest processor time that one of the others takes. */
const PROBE = 500;
const ROUND_NS = 1e9;
/** What a heap moves by itself. */
const HEAP_NOISE_BYTES = 65_536;

/** A strategy's cost over targets that are all eligible and answer in turn. Options as plain values. */
export function measureDecisions(
  definition: StrategyDefinition,
  options: Readonly<Record<string, unknown>>,
  { targets, decisions }: { readonly targets: number; readonly decisions: number },
): DecisionCost {
  const targetIds = Array.from({ length: targets }, (_, i) => `t${i}`);
  const strategy = definition.create(options, { targetIds, regionOfTarget: targetIds, classNames: ["chat", "digest"] });
  const view = new TargetViewState(targetIds, signalsOf(definition, options));
  for (let t = 0; t < targets; t++) {
    view.priceInUsdPerMTok[t] = 3 + (t % 3);
    view.priceOutUsdPerMTok[t] = 15 + (t % 3);
    view.rttMs[t] = 10 * t;
  }
  const random = new KeyedRandom(1, "routing");
  const request = newRequest();
  const outcome = newOutcome();
  let id = 0;

  function round(decisions: number): number {
    const begun = process.cpuUsage();
    for (let i = 0; i < decisions; i++, id++) {
      const nowMs = id * 2;
      request.requestId = id;
      request.arrivalMs = nowMs;
      request.prefixId = id & 1023;
      random.seek(id, 0);
      const choice = strategy.choose(request, view, nowMs, random);
      if (!(choice >= 0)) continue;
      view.onSent(choice);
      outcome.requestId = id;
      outcome.target = choice;
      outcome.kind = id % 50 === 0 ? "throttled" : "ok";
      outcome.sentMs = nowMs;
      outcome.nowMs = nowMs + 1;
      outcome.e2eMs = outcome.kind === "ok" ? 400 + (id & 255) : Number.NaN;
      outcome.ttftMs = outcome.e2eMs / 4;
      view.onOutcome(outcome);
      strategy.observe?.(outcome);
    }
    const { user, system } = process.cpuUsage(begun);
    return ((user + system) * 1e3) / decisions;
  }

  // A slow strategy is measured by fewer decisions.
  const probeNs = Math.max(1, round(PROBE));
  const each = Math.max(PROBE, Math.min(decisions, Math.floor(ROUND_NS / probeNs)));
  round(each);
  const heap = heapInUse();
  const times = Array.from({ length: ROUNDS }, () => round(each));
  const grown = heapInUse() - heap - HEAP_NOISE_BYTES;
  const kept = Math.max(0, grown) / (ROUNDS * each);
  return { targets, decisions: ROUNDS * each, nsPerDecision: Math.min(...times), bytesKeptPerDecision: kept };
}

/** Bytes in use after a full collection. */
function heapInUse(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

function newRequest(): Mutable<RequestView> {
  return {
    requestId: 0,
    classIndex: 0,
    originIndex: 0,
    inputTokens: 1_000,
    maxTokens: 500,
    prefixTokens: 0,
    prefixId: -1,
    sessionId: -1,
    attempt: 0,
    previousTarget: -1,
    arrivalMs: 0.5,
    sloE2eMs: 5_000,
    deferrable: false,
  };
}

function newOutcome(): Mutable<AttemptOutcome> {
  return {
    requestId: 0,
    classIndex: 0,
    target: 0,
    kind: "ok",
    sentMs: 0.5,
    nowMs: 0.5,
    ttftMs: 0.5,
    e2eMs: 0.5,
    inputTokens: 1_000,
    outputTokens: 100,
    rttMs: 10,
  };
}
