import type { Luck } from "./luck.ts";
import type { ForeignCall, ForeignServer } from "./server.ts";

export interface FifoServersOptions {
  readonly servers: number;
  /** Service = (base + perInput x input + perOutput x output) x noise, ms. */
  readonly baseMs: number;
  readonly perInputTokenMs: number;
  readonly perOutputTokenMs: number;
  /** This share of calls takes `slowFactor` times as long as the others; both kinds vary a little more. */
  readonly slowShare: number;
  readonly slowFactor: number;
  readonly noiseCv: number;
  readonly luck: Luck;
}

interface Job {
  readonly call: ForeignCall;
  readonly gapMs: number;
  nextTokenMs: number;
}

/** c machines and one line, first come, first served. A machine serves one call at a time, to its end. */
export function createFifoServers(options: FifoServersOptions): ForeignServer {
  const { servers, luck } = options;
  let waiting: ForeignCall[] = [];
  let jobs: Job[] = [];

  function start(call: ForeignCall, nowMs: number): void {
    const isSlow = luck.uniform() < options.slowShare;
    const noise = (isSlow ? options.slowFactor : 1) * luck.around1(options.noiseCv);
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
    /** A call in service keeps its machine to the end. */
    cancel(call) {
      waiting = waiting.filter((each) => each !== call);
    },
  };
}
