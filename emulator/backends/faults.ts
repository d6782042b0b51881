/** Fault injection for tests of retry and failover code: which calls a fault strikes; wraps any backend. */
import { KeyedRandom } from "../../simulator/random/keyed-random.ts";
import type { Admission, InferenceBackend, InferenceCall } from "../model/backend.ts";
import type { EmulatorClock } from "../model/clock.ts";
import { beginStruck, type FaultRule, type StruckCall } from "./struck-call.ts";

export type { FaultEffect, FaultRule } from "./struck-call.ts";

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
      return applyFault(hit.rule, { backend, clock, call, nowMs, observer });
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

/** Lets a fault strike a call that begins. */
export function applyFault(rule: Omit<FaultRule, "region">, struck: StruckCall): Admission {
  const { effect, afterTokens = 0, lastsMs } = rule;
  if (afterTokens === 0 && typeof effect !== "string") return { kind: "refused", fault: effect };
  if (afterTokens === 0 && effect === "reset") return { kind: "dropped", how: effect };
  if (afterTokens === 0 && effect === "silence" && lastsMs === undefined) return { kind: "dropped", how: effect };
  return beginStruck(rule, struck);
}
