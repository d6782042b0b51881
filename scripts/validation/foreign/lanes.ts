import type { Luck } from "./luck.ts";
import type { ForeignCall, ForeignServer } from "./server.ts";

export interface LanesOptions {
  /** Prompts are read by workers, one prompt each, for (base + perToken x input) x noise, ms. */
  readonly readers: number;
  readonly readBaseMs: number;
  readonly readPerTokenMs: number;
  readonly readNoiseCv: number;
  /** Answers are written on another machine in steps of base + perCall x calls, ms; at most so many calls. */
  readonly stepMs: number;
  readonly stepPerCallMs: number;
  readonly stepNoiseCv: number;
  readonly writersMax: number;
  /** The cache of a prompt travels from one to the other, ms for each token. */
  readonly handOverPerTokenMs: number;
  readonly luck: Luck;
}

interface Timed {
  readonly call: ForeignCall;
  readonly atMs: number;
}

/**
 * Prompts and answers on machines of their own, as disaggregated serving has it: each has its own line, the first token
 * comes when the prompt is read, and then the answer may wait again.
 * Source: Zhong et al. 2024, "DistServe: Disaggregating Prefill and Decoding".
 */
export function createLanes(options: LanesOptions): ForeignServer {
  const { luck } = options;
  let unread: ForeignCall[] = [];
  let reading: Timed[] = [];
  let travelling: Timed[] = [];
  let waiting: ForeignCall[] = [];
  let writing: ForeignCall[] = [];
  let stepEndMs = Number.POSITIVE_INFINITY;

  function read(call: ForeignCall, nowMs: number): void {
    const workMs = options.readBaseMs + options.readPerTokenMs * call.inputTokens;
    reading.push({ call, atMs: nowMs + workMs * luck.around1(options.readNoiseCv) });
  }

  function beginStep(nowMs: number): void {
    while (waiting.length > 0 && writing.length < options.writersMax) writing.push(waiting.shift()!);
    const workMs = options.stepMs + options.stepPerCallMs * writing.length;
    stepEndMs = writing.length === 0 ? Number.POSITIVE_INFINITY : nowMs + workMs * luck.around1(options.stepNoiseCv);
  }

  function endReading({ call, atMs }: Timed): void {
    reading = reading.filter((each) => each.call !== call);
    const next = unread.shift();
    if (next !== undefined) read(next, atMs);
    call.write(1, atMs);
    if (call.written >= call.outputTokens) return;
    travelling.push({ call, atMs: atMs + options.handOverPerTokenMs * call.inputTokens });
  }

  function endTravel({ call, atMs }: Timed): void {
    travelling = travelling.filter((each) => each.call !== call);
    waiting.push(call);
    if (stepEndMs === Number.POSITIVE_INFINITY) beginStep(atMs);
  }

  function endStep(): void {
    const nowMs = stepEndMs;
    for (const call of writing) call.write(1, nowMs);
    writing = writing.filter((call) => call.written < call.outputTokens);
    beginStep(nowMs);
  }

  return {
    nextMs: () =>
      Math.min(
        stepEndMs,
        soonest(reading)?.atMs ?? Number.POSITIVE_INFINITY,
        soonest(travelling)?.atMs ?? Number.POSITIVE_INFINITY,
      ),
    step() {
      const [read, travelled] = [soonest(reading), soonest(travelling)];
      const nextMs = Math.min(
        stepEndMs,
        read?.atMs ?? Number.POSITIVE_INFINITY,
        travelled?.atMs ?? Number.POSITIVE_INFINITY,
      );
      if (stepEndMs === nextMs) endStep();
      else if (read?.atMs === nextMs) endReading(read);
      else endTravel(travelled!);
    },
    admit(call, nowMs) {
      if (reading.length < options.readers) read(call, nowMs);
      else unread.push(call);
      return undefined;
    },
    /** A prompt that is being read is read to its end. */
    cancel(call) {
      const others = (each: ForeignCall): boolean => each !== call;
      unread = unread.filter(others);
      travelling = travelling.filter((each) => each.call !== call);
      waiting = waiting.filter(others);
      writing = writing.filter(others);
    },
  };
}

function soonest(list: readonly Timed[]): Timed | undefined {
  let best = list[0];
  for (const each of list) if (each.atMs < best!.atMs) best = each;
  return best;
}
