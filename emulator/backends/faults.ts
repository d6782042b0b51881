/** Fault injection for tests of retry and failover code: which calls a fault strikes; wraps any backend. */
import { KeyedRandom } from "../../simulator/random/keyed-random.ts";
import type { ServiceFault } from "../http/errors.ts";
import type { Admission, InferenceBackend, InferenceCall, InferenceObserver } from "../model/backend.ts";
import type { EmulatorClock } from "../model/clock.ts";
import { beginStruck } from "./struck-call.ts";

/** A fault to inject. Matching fields that are left out match every call. */
export interface FaultRule {
  readonly region?: string;
  /** Model or profile id. */
  readonly modelId?: string;
  /** `requestMetadata.class` of the call. */
  readonly class?: string;
  /** How many matching calls it strikes; unlimited by default. */
  readonly times?: number;
  /** Share of the matching calls that it strikes, above 0, at most 1, the default; drawn by call, the same in each run. */
  readonly share?: number;
  /** When it begins, after it was added, emulator ms; at once by default. */
  readonly atMs?: number;
  /** How long it then lasts, emulator ms; for good by default. */
  readonly forMs?: number;
  readonly effect: FaultEffect;
  /**
   * Tokens that come first, so that a stream fails midway; an answer that is not longer is whole. Without it nothing
   * comes first: an error is the answer, a reset comes before it, silence precedes the first byte.
   */
  readonly afterTokens?: number;
  /** For silence: how long nothing comes, emulator ms; the rest follows at its pace. For good by default. */
  readonly lastsMs?: number;
  /** For a drip: time from one token to the next, emulator ms; more if the model is slower. */
  readonly gapMs?: number;
}

/**
 * An error of the service, as the answer or inside the stream; a connection that is reset; no more bytes; an answer of 200
 * without content; tokens that come slowly.
 */
export type FaultEffect = ServiceFault | "reset" | "silence" | "empty" | "drip";

/** Effects besides errors of the service. */
export const FAULT_EFFECTS: readonly string[] = ["reset", "silence", "empty", "drip"];

/** A backend with faults that can be added while it runs. */
export interface FaultInjector extends InferenceBackend {
  add(rule: FaultRule): void;
  clear(): void;
  rules(): readonly FaultRule[];
}

interface ArmedRule {
  readonly rule: FaultRule;
  readonly addedMs: number;
  readonly random: KeyedRandom;
  left: number;
  matched: number;
}

/** Wraps a backend; the first rule that strikes a call decides it. */
export function withFaults(backend: InferenceBackend, clock: EmulatorClock): FaultInjector {
  let armed: ArmedRule[] = [];
  let added = 0;

  return {
    add(rule) {
      const random = new KeyedRandom(added++, "emulator/faults");
      const left = rule.times ?? Number.POSITIVE_INFINITY;
      armed.push({ rule, addedMs: clock.nowMs(), random, left, matched: 0 });
    },
    clear() {
      armed = [];
    },
    rules: () => armed.map(({ rule, left }) => ({ ...rule, times: left })),
    begin(call, nowMs, observer): Admission {
      armed = armed.filter(({ rule, addedMs }) => nowMs < addedMs + (rule.atMs ?? 0) + (rule.forMs ?? Infinity));
      const hit = armed.find((candidate) => strikes(candidate, call, nowMs));
      if (hit === undefined) return backend.begin(call, nowMs, observer);
      hit.left--;
      if (hit.left <= 0) armed = armed.filter((other) => other !== hit);
      return apply(hit.rule, { backend, clock, call, nowMs, observer });
    },
  };
}

function strikes(armed: ArmedRule, call: InferenceCall, nowMs: number): boolean {
  const { rule, addedMs, random } = armed;
  const matches =
    nowMs >= addedMs + (rule.atMs ?? 0) &&
    (rule.region === undefined || rule.region === call.region) &&
    (rule.modelId === undefined || rule.modelId === call.modelId || rule.modelId === call.profileId) &&
    (rule.class === undefined || rule.class === call.requestMetadata.class);
  if (!matches) return false;
  random.seek(armed.matched++, 0);
  return random.next() < (rule.share ?? 1);
}

/** A call that a fault strikes. */
export interface StruckCall {
  readonly backend: InferenceBackend;
  readonly clock: EmulatorClock;
  readonly call: InferenceCall;
  readonly nowMs: number;
  readonly observer: InferenceObserver;
}

function apply(rule: FaultRule, struck: StruckCall): Admission {
  const { effect, afterTokens = 0, lastsMs } = rule;
  if (afterTokens === 0 && typeof effect !== "string") return { kind: "refused", fault: effect };
  if (afterTokens === 0 && effect === "reset") return { kind: "dropped", how: effect };
  if (afterTokens === 0 && effect === "silence" && lastsMs === undefined) return { kind: "dropped", how: effect };
  return beginStruck(rule, struck);
}
