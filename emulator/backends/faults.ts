/**
 * Fault injection for tests of retry and failover code: which calls a fault strikes, and a call that one strikes while it runs,
 * whose tokens stop, drip or end in a failure. Wraps any backend.
 */
import { KeyedRandom } from "../../simulator/random/keyed-random.ts";
import type { ServiceFault } from "../http/errors.ts";
import type {
  Admission,
  InferenceBackend,
  InferenceCall,
  InferenceHandle,
  InferenceObserver,
} from "../model/backend.ts";
import type { Deadline, EmulatorClock } from "../model/clock.ts";

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

/** A call that a fault strikes. */
export interface StruckCall {
  readonly backend: InferenceBackend;
  readonly clock: EmulatorClock;
  readonly call: InferenceCall;
  readonly nowMs: number;
  readonly observer: InferenceObserver;
}

/**
 * Begins a call on its backend and lets the fault strike it.
 *
 * @param rule   the fault; a call whose answer has no more than `afterTokens` tokens is left alone
 * @param struck the call
 */
export function beginStruck(rule: FaultRule, struck: StruckCall): Admission {
  const run = new StruckRun(rule, struck);
  const { effect, afterTokens = 0 } = rule;
  const isCut = typeof effect !== "string" || effect === "reset" || effect === "empty";
  const call = isCut ? { ...struck.call, breaksAtTokens: afterTokens } : struck.call;
  const admission = struck.backend.begin(call, struck.nowMs, run);
  if (admission.kind !== "accepted") return admission;
  run.accept(admission.handle, struck.nowMs);
  return { kind: "accepted", handle: run };
}

/** Delay before asking again when a token estimate proved early, ms. */
const RETRY_MS = 1;

/** Stands between a backend and the wire: handle of the one, observer of the other. */
class StruckRun implements InferenceHandle, InferenceObserver {
  private readonly rule: FaultRule;
  private readonly observer: InferenceObserver;
  private readonly clock: EmulatorClock;
  private inner!: InferenceHandle;
  private timer: Deadline | undefined;
  private isOver = false;
  /** Instant at which the fault struck, ms; undefined until then. */
  private struckMs: number | undefined;
  /** Tokens that exist from each instant on, since the fault struck: what comes late after a silence. */
  private readonly tape: { readonly atMs: number; readonly tokens: number }[] = [];
  /** Entries of the tape that have come out. */
  private played = 0;

  constructor(rule: FaultRule, { observer, clock }: StruckCall) {
    this.rule = rule;
    this.observer = observer;
    this.clock = clock;
  }

  accept(inner: InferenceHandle, nowMs: number): void {
    this.inner = inner;
    if (this.rule.effect === "silence" && this.firstTokens === 0) this.struckMs = nowMs;
  }

  /** Tokens that come before the fault. */
  private get firstTokens(): number {
    return Math.max(this.rule.afterTokens ?? 0, this.rule.effect === "drip" ? 1 : 0);
  }

  get destinationRegion(): string {
    return this.inner.destinationRegion;
  }
  get outputTokens(): number {
    return this.rule.effect === "empty" ? 0 : this.inner.outputTokens;
  }
  get cacheReadTokens(): number {
    return this.inner.cacheReadTokens;
  }
  get cacheWriteTokens(): number {
    return this.inner.cacheWriteTokens;
  }

  tokensWritten(nowMs: number): number {
    const { firstTokens, struckMs, rule } = this;
    if (rule.effect === "empty") return 0;
    if (!this.willStrike()) return this.inner.tokensWritten(nowMs);
    if (struckMs === undefined) return Math.min(this.inner.tokensWritten(nowMs), firstTokens);
    if (rule.effect === "drip") {
      const dripped = firstTokens + Math.floor((nowMs - struckMs) / this.gapMs + 1e-6);
      return Math.min(this.inner.tokensWritten(nowMs), dripped);
    }
    return Math.max(firstTokens, this.playedTokens(nowMs));
  }

  nextTokenMs(nowMs: number): number {
    const { struckMs, firstTokens, rule } = this;
    if (!this.willStrike() || struckMs === undefined) return this.inner.nextTokenMs(nowMs);
    if (rule.effect === "drip") {
      const next = this.tokensWritten(nowMs) + 1 - firstTokens;
      return Math.max(struckMs + next * this.gapMs, this.inner.nextTokenMs(nowMs));
    }
    this.playedTokens(nowMs);
    return (this.tape[this.played]?.atMs ?? this.inner.nextTokenMs(nowMs)) + this.silenceMs;
  }

  /** Tokens on the tape that come out by now, after the silence. */
  private playedTokens(nowMs: number): number {
    while ((this.tape[this.played]?.atMs ?? Number.POSITIVE_INFINITY) + this.silenceMs <= nowMs) this.played++;
    return this.tape[this.played - 1]?.tokens ?? 0;
  }

  cancel(nowMs: number): void {
    this.isOver = true;
    this.timer?.cancel();
    this.inner.cancel(nowMs);
  }

  onFirstToken(nowMs: number): void {
    if (this.isOver) return;
    if (this.rule.effect === "empty") {
      this.end(() => this.observer.onEnd(nowMs));
      this.inner.cancel(nowMs);
      return;
    }
    this.later(nowMs, (atMs) => this.observer.onFirstToken(atMs));
    if (this.willStrike()) this.watch(nowMs);
  }

  onEnd(nowMs: number): void {
    if (this.isOver) return;
    if (this.rule.effect === "empty" || !this.willStrike()) {
      this.end(() => this.observer.onEnd(nowMs));
      return;
    }
    if (this.struckMs === undefined) this.strike(nowMs);
    if (this.isOver) return;
    this.record(nowMs, this.inner.outputTokens);
    if (this.rule.effect === "drip") {
      const lastMs = this.struckMs! + (this.outputTokens - this.firstTokens) * this.gapMs;
      this.timer = this.at(Math.max(nowMs, lastMs), (atMs) => this.end(() => this.observer.onEnd(atMs)));
    } else this.later(nowMs, (atMs) => this.end(() => this.observer.onEnd(atMs)));
  }

  onFailure(nowMs: number, fault: ServiceFault): void {
    this.later(nowMs, (atMs) => this.end(() => this.observer.onFailure(atMs, fault)));
  }

  onBreak(nowMs: number): void {
    this.later(nowMs, (atMs) => this.end(() => this.observer.onBreak(atMs)));
  }

  private willStrike(): boolean {
    return this.inner.outputTokens > this.firstTokens;
  }

  private get silenceMs(): number {
    return this.rule.lastsMs ?? Number.POSITIVE_INFINITY;
  }

  private get gapMs(): number {
    return this.rule.gapMs ?? 1000;
  }

  /** Follows the tokens until the fault strikes and, after a silence, until the last. */
  private watch(nowMs: number): void {
    const { inner, firstTokens } = this;
    if (this.isOver) return;
    const tokens = inner.tokensWritten(nowMs);
    if (this.struckMs === undefined && tokens >= firstTokens) this.strike(nowMs);
    if (this.isOver || (this.struckMs !== undefined && !Number.isFinite(this.silenceMs))) return;
    this.record(nowMs, tokens);
    const nextMs = inner.nextTokenMs(nowMs);
    if (tokens >= inner.outputTokens || !Number.isFinite(nextMs)) return;
    this.timer = this.at(Math.max(nextMs, nowMs + RETRY_MS), (atMs) => this.watch(atMs));
  }

  private record(atMs: number, tokens: number): void {
    if (this.struckMs !== undefined && this.rule.effect === "silence") this.tape.push({ atMs, tokens });
  }

  private strike(nowMs: number): void {
    const { effect } = this.rule;
    this.struckMs = nowMs;
    if (effect === "silence" || effect === "drip") return;
    this.end(() => {
      if (typeof effect === "string") this.observer.onBreak(nowMs);
      else this.observer.onFailure(nowMs, this.firstTokens > 0 ? { ...effect, isInStream: true } : effect);
    });
    this.inner.cancel(nowMs);
  }

  /** After the silence, if the fault has struck; at once otherwise, and never when the silence does not end. */
  private later(nowMs: number, action: (atMs: number) => void): void {
    if (this.isOver) return;
    const isSilent = this.rule.effect === "silence" && this.struckMs !== undefined;
    if (!isSilent) action(nowMs);
    else if (Number.isFinite(this.silenceMs)) this.at(nowMs + this.silenceMs, action);
  }

  private end(report: () => void): void {
    if (this.isOver) return;
    // The report may ask for the tokens written until now.
    report();
    this.isOver = true;
    this.timer?.cancel();
  }

  private at(ms: number, action: (atMs: number) => void): Deadline {
    return this.clock.schedule(ms, () => {
      if (!this.isOver) action(ms);
    });
  }
}
