/**
 * Queueing endpoints: one queue before c servers, processor sharing with a cap, and separate stages for prompts and
 * answers.
 */
import type { Draws, EndpointCall, EndpointServer } from "./server.ts";

export interface FifoServersOptions {
  readonly servers: number;
  /** Service = (base + perInput x input + perOutput x output) x noise, ms. */
  readonly baseMs: number;
  readonly perInputTokenMs: number;
  readonly perOutputTokenMs: number;
  /** This share of the calls takes `slowFactor` times as long as the others; noise comes on top. */
  readonly slowShare: number;
  readonly slowFactor: number;
  readonly noiseCv: number;
  readonly draws: Draws;
}

interface Job {
  readonly call: EndpointCall;
  readonly gapMs: number;
  nextTokenMs: number;
}

/** c servers with one queue, first come, first served. A server works on one call at a time, to its end. */
export function createFifoServers(options: FifoServersOptions): EndpointServer {
  const { servers, draws } = options;
  let waiting: EndpointCall[] = [];
  let jobs: Job[] = [];

  function start(call: EndpointCall, nowMs: number): void {
    const isSlow = draws.uniform() < options.slowShare;
    const noise = (isSlow ? options.slowFactor : 1) * draws.around1(options.noiseCv);
    const firstMs = (options.baseMs + options.perInputTokenMs * call.inputTokens) * noise;
    const gapMs = options.perOutputTokenMs * noise;
    jobs.push({ call, gapMs, nextTokenMs: nowMs + firstMs + gapMs });
  }

  function soonest(): Job | undefined {
    let best = jobs[0];
    for (const job of jobs) if (job.nextTokenMs < best!.nextTokenMs) best = job;
    return best;
  }

  return {
    nextMs: () => soonest()?.nextTokenMs ?? Number.POSITIVE_INFINITY,
    step() {
      const job = soonest()!;
      const nowMs = job.nextTokenMs;
      job.nextTokenMs += job.gapMs;
      const isLast = job.call.written + 1 >= job.call.outputTokens;
      if (isLast) jobs = jobs.filter((each) => each !== job);
      job.call.write(1, nowMs);
      const next = isLast ? waiting.shift() : undefined;
      if (next !== undefined) start(next, nowMs);
    },
    admit(call, nowMs) {
      if (jobs.length < servers) start(call, nowMs);
      else waiting.push(call);
      return undefined;
    },
    /** A call in service keeps its server to the end. */
    cancel(call) {
      waiting = waiting.filter((each) => each !== call);
    },
  };
}

export interface SharedRateOptions {
  /** Most work per ms of one call, and of all together. An output token is one unit of work. */
  readonly perCallRate: number;
  readonly totalRate: number;
  /** Work of an input token. */
  readonly inputWork: number;
  /** Between arrival and the first work, ms. */
  readonly setupMs: number;
  /** Coefficient of variation of a call's work. */
  readonly noiseCv: number;
  readonly draws: Draws;
}

interface Share {
  readonly call: EndpointCall;
  readonly tokenWork: number;
  /** Work until its next token. */
  left: number;
}

/** Processor sharing: each call is served at the lesser of its cap and an equal share of the whole. */
export function createSharedRate(options: SharedRateOptions): EndpointServer {
  const { draws, perCallRate, totalRate } = options;
  const setup: { readonly call: EndpointCall; readonly readyMs: number }[] = [];
  let active: Share[] = [];
  let atMs = 0;

  const rate = (): number => Math.min(perCallRate, totalRate / active.length);
  const readyMs = (): number => setup[0]?.readyMs ?? Number.POSITIVE_INFINITY;

  function leastLeft(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const { left } of active) if (left < least) least = left;
    return least;
  }

  function nextTokenMs(): number {
    return active.length === 0 ? Number.POSITIVE_INFINITY : atMs + Math.max(0, leastLeft()) / rate();
  }

  function workUntil(nowMs: number): void {
    const done = active.length === 0 ? 0 : (nowMs - atMs) * rate();
    for (const share of active) share.left -= done;
    atMs = nowMs;
  }

  function begin(call: EndpointCall): void {
    const noise = draws.around1(options.noiseCv);
    active.push({ call, tokenWork: noise, left: (options.inputWork * call.inputTokens + 1) * noise });
  }

  return {
    nextMs: () => Math.min(nextTokenMs(), readyMs()),
    step() {
      const tokenMs = nextTokenMs();
      if (readyMs() <= tokenMs) {
        workUntil(readyMs());
        begin(setup.shift()!.call);
        return;
      }
      const least = leastLeft();
      const due = active.filter(({ left }) => left === least);
      workUntil(tokenMs);
      for (const share of due) {
        share.left = share.tokenWork;
        share.call.write(1, tokenMs);
      }
      active = active.filter(({ call }) => call.written < call.outputTokens);
    },
    admit(call, nowMs) {
      setup.push({ call, readyMs: nowMs + options.setupMs });
      return undefined;
    },
    cancel(call) {
      const left = setup.filter((each) => each.call !== call);
      setup.splice(0, setup.length, ...left);
      active = active.filter((each) => each.call !== call);
    },
  };
}

export interface LanesOptions {
  /** Prompts are processed by workers, one each, for (base + perToken x input) x noise, ms. */
  readonly readers: number;
  readonly readBaseMs: number;
  readonly readPerTokenMs: number;
  readonly readNoiseCv: number;
  /** Answers are written by another server in steps of base + perCall x calls, ms, for at most this many calls. */
  readonly stepMs: number;
  readonly stepPerCallMs: number;
  readonly stepNoiseCv: number;
  readonly writersMax: number;
  /** Transfer of a prompt's cache from one to the other, ms a token. */
  readonly handOverPerTokenMs: number;
  readonly draws: Draws;
}

interface Timed {
  readonly call: EndpointCall;
  readonly atMs: number;
}

/**
 * Disaggregated serving: prompts and answers have separate servers and queues. The first token comes when the prompt
 * has been processed, and then the answer may wait again.
 * Source: Zhong et al. 2024, "DistServe: Disaggregating Prefill and Decoding".
 */
export function createLanes(options: LanesOptions): EndpointServer {
  const { draws } = options;
  let unread: EndpointCall[] = [];
  let reading: Timed[] = [];
  let travelling: Timed[] = [];
  let waiting: EndpointCall[] = [];
  let writing: EndpointCall[] = [];
  let stepEndMs = Number.POSITIVE_INFINITY;

  function read(call: EndpointCall, nowMs: number): void {
    const workMs = options.readBaseMs + options.readPerTokenMs * call.inputTokens;
    reading.push({ call, atMs: nowMs + workMs * draws.around1(options.readNoiseCv) });
  }

  function beginStep(nowMs: number): void {
    while (waiting.length > 0 && writing.length < options.writersMax) writing.push(waiting.shift()!);
    const workMs = options.stepMs + options.stepPerCallMs * writing.length;
    stepEndMs = writing.length === 0 ? Number.POSITIVE_INFINITY : nowMs + workMs * draws.around1(options.stepNoiseCv);
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

  const nextMs = (): number => Math.min(stepEndMs, soonestMs(reading), soonestMs(travelling));

  return {
    nextMs,
    step() {
      const dueMs = nextMs();
      if (stepEndMs === dueMs) endStep();
      else if (soonestMs(reading) === dueMs) endReading(soonest(reading)!);
      else endTravel(soonest(travelling)!);
    },
    admit(call, nowMs) {
      if (reading.length < options.readers) read(call, nowMs);
      else unread.push(call);
      return undefined;
    },
    /** A prompt in progress is processed to its end. */
    cancel(call) {
      const others = (each: EndpointCall): boolean => each !== call;
      unread = unread.filter(others);
      travelling = travelling.filter((each) => each.call !== call);
      waiting = waiting.filter(others);
      writing = writing.filter(others);
    },
  };
}

function soonestMs(list: readonly Timed[]): number {
  return soonest(list)?.atMs ?? Number.POSITIVE_INFINITY;
}

function soonest(list: readonly Timed[]): Timed | undefined {
  let best = list[0];
  for (const each of list) if (each.atMs < best!.atMs) best = each;
  return best;
}
