/** An endpoint with continuous batching in whole steps, as inference engines such as vLLM have. */
import type { Draws, EndpointCall, EndpointServer, Slowness } from "./server.ts";

/** Parameters of the batcher; durations are ms without slowdown. */
export interface StepBatcherOptions {
  /** A step takes base + the sums below over its contents. */
  readonly stepMs: number;
  readonly perDecodeMs: number;
  readonly perPrefillTokenMs: number;
  /** Attention: for each token in the key-value cache of a running sequence. */
  readonly perContextTokenMs: number;
  /** Coefficient of variation of a step's time. */
  readonly noiseCv: number;
  /** Most tokens in a step: one per decoding sequence, the rest for prefill, in chunks. */
  readonly tokenBudget: number;
  readonly sequencesMax: number;
  /** Capacity of the key-value cache, tokens; when it is full the youngest sequence is evicted and recomputed. */
  readonly kvTokens: number;
  /** Draft tokens a step and the probability that the next one is accepted; none unless given. */
  readonly speculation?: { readonly drafts: number; readonly acceptance: number };
  /** Recurring pauses of the process. */
  readonly pauses?: { readonly everyMs: number; readonly lengthMs: number };
  readonly slowness?: Slowness;
  /** From the call's arrival to the queue: parsing, tokenising. */
  readonly intakeMs: number;
  readonly draws: Draws;
}

interface Sequence {
  readonly call: EndpointCall;
  /** Tokens of the key-value cache that it fills. */
  context: number;
  /** Tokens still to be computed before it decodes. */
  prefillLeft: number;
}

interface Batch {
  /** Sequences that decode in the step. */
  readonly decodes: readonly Sequence[];
  readonly prefills: readonly { readonly sequence: Sequence; readonly tokens: number }[];
}

interface Step extends Batch {
  readonly endMs: number;
}

/**
 * Continuous batching in integer steps: decodes go first, prefill takes the rest of the token budget in chunks, and
 * calls that do not fit wait first come, first served. Tokens appear at the end of a step, for all of its sequences at
 * once.
 * Source of the rules: Agrawal et al. 2024, "Taming Throughput-Latency Tradeoff in LLM Inference with Sarathi-Serve";
 * Kwon et al. 2023, "PagedAttention" (recomputation on a full cache).
 */
export function createStepBatcher(options: StepBatcherOptions): EndpointServer {
  const { draws, intakeMs, speculation } = options;
  const intake: { readonly call: EndpointCall; readonly readyMs: number }[] = [];
  let waiting: Sequence[] = [];
  let running: Sequence[] = [];
  let current: Step | undefined;
  const durationMs = createStepTimes(options);

  function compose(nowMs: number): Step | undefined {
    makeRoom(running, waiting, options.kvTokens);
    const batch = fillBatch(running, waiting, options);
    if (batch.decodes.length + batch.prefills.length === 0) return undefined;
    return { ...batch, endMs: nowMs + durationMs(batch, nowMs) };
  }

  function finish({ endMs, decodes, prefills }: Step): void {
    for (const sequence of decodes) write(sequence, tokensOfStep(), endMs);
    for (const { sequence, tokens } of prefills) {
      sequence.context += tokens;
      sequence.prefillLeft -= tokens;
      if (sequence.prefillLeft === 0) write(sequence, 1, endMs);
    }
    running = running.filter(({ call }) => call.written < call.outputTokens);
  }

  function tokensOfStep(): number {
    let tokens = 1;
    if (speculation === undefined) return tokens;
    while (tokens <= speculation.drafts && draws.uniform() < speculation.acceptance) tokens++;
    return tokens;
  }

  return {
    nextMs: () => Math.min(current?.endMs ?? Number.POSITIVE_INFINITY, intake[0]?.readyMs ?? Number.POSITIVE_INFINITY),
    step() {
      const readyMs = intake[0]?.readyMs ?? Number.POSITIVE_INFINITY;
      if (current !== undefined && current.endMs <= readyMs) {
        const { endMs } = current;
        finish(current);
        current = compose(endMs);
        return;
      }
      const { call } = intake.shift()!;
      waiting.push({ call, context: 0, prefillLeft: call.inputTokens });
      current ??= compose(readyMs);
    },
    admit(call, nowMs) {
      intake.push({ call, readyMs: nowMs + intakeMs });
      return undefined;
    },
    cancel(call) {
      const others = (each: { readonly call: EndpointCall }): boolean => each.call !== call;
      const left = intake.filter(others);
      intake.splice(0, intake.length, ...left);
      waiting = waiting.filter(others);
      running = running.filter(others);
    },
  };
}

/**
 * Before a step that would overfill the cache, returns the youngest sequences to the head of the queue. Changes both
 * lists.
 */
function makeRoom(running: Sequence[], waiting: Sequence[], kvTokens: number): void {
  let held = running.reduce((sum, each) => sum + each.context + each.prefillLeft + 1, 0);
  while (held > kvTokens && running.length > 1) {
    const youngest = running.pop()!;
    held -= youngest.context + youngest.prefillLeft + 1;
    youngest.prefillLeft += youngest.context;
    youngest.context = 0;
    waiting.unshift(youngest);
  }
}

/** The contents of the next step. Sequences that are admitted move from one list to the other. */
function fillBatch(running: Sequence[], waiting: Sequence[], options: StepBatcherOptions): Batch {
  const decodes = running.filter((each) => each.prefillLeft === 0);
  let budget = options.tokenBudget - decodes.length;
  const prefills: { sequence: Sequence; tokens: number }[] = [];
  const take = (sequence: Sequence): void => {
    const tokens = Math.min(budget, sequence.prefillLeft);
    budget -= tokens;
    prefills.push({ sequence, tokens });
  };
  for (const sequence of running) if (sequence.prefillLeft > 0 && budget > 0) take(sequence);
  let held = running.reduce((sum, each) => sum + each.context + each.prefillLeft, 0);
  while (waiting.length > 0 && budget > 0 && running.length < options.sequencesMax) {
    const next = waiting[0]!;
    held += next.prefillLeft;
    if (held > options.kvTokens && running.length > 0) break;
    running.push(waiting.shift()!);
    take(next);
  }
  return { decodes, prefills };
}

/** Durations of steps, ms: work, noise, slowdown, and the pauses due when a step begins. */
function createStepTimes(options: StepBatcherOptions): (batch: Batch, nowMs: number) => number {
  const { draws, pauses } = options;
  let pauseMs = pauses === undefined ? Number.POSITIVE_INFINITY : pauses.everyMs * draws.uniform();

  function pauseDue(nowMs: number): number {
    if (pauses === undefined || nowMs < pauseMs) return 0;
    pauseMs = nowMs + pauses.everyMs * (0.5 + draws.uniform());
    return pauses.lengthMs * draws.around1(0.3);
  }

  return ({ decodes, prefills }, nowMs) => {
    const prefillTokens = prefills.reduce((sum, { tokens }) => sum + tokens, 0);
    const context = decodes.reduce((sum, each) => sum + each.context, 0);
    const workMs =
      options.stepMs +
      options.perDecodeMs * decodes.length +
      options.perPrefillTokenMs * prefillTokens +
      options.perContextTokenMs * context;
    return workMs * draws.around1(options.noiseCv) * (options.slowness?.(nowMs) ?? 1) + pauseDue(nowMs);
  };
}

/** Tokens of a call that is cancelled within a step are lost. */
function write(sequence: Sequence, tokens: number, atMs: number): void {
  const { call } = sequence;
  const count = Math.min(tokens, call.outputTokens - call.written);
  sequence.context += count;
  if (count > 0) call.write(count, atMs);
}
