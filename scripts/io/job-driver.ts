import type { MessagePort } from "node:worker_threads";
import { type ErrorKind, MeridianError, type Problem } from "../../simulator/errors.ts";

/** What a worker is handed for one job. */
export interface PoolTask<Job> {
  readonly job: Job;
  /** Takes progress messages; nobody answers on it. */
  readonly port: MessagePort;
}

/** What a worker hands back. A thrown error would lose its fields on the way between threads. */
export type JobAnswer<Output> =
  | { readonly ok: true; readonly output: Output }
  | { readonly ok: false; readonly kind: ErrorKind; readonly problems: readonly Problem[]; readonly stack: string };

const PROGRESS_EVERY_MS = 200;

/** Runs a job's generator to its end inside a worker, posting progress at most five times a second. */
export function driveJob<Progress, Output>(
  steps: Iterator<Progress, Output>,
  port: { postMessage(message: Progress): void },
  clockMs: () => number = () => performance.now(),
): JobAnswer<Output> {
  let postedMs = clockMs();
  try {
    for (;;) {
      const step = steps.next();
      if (step.done === true) return { ok: true, output: step.value };
      if (clockMs() - postedMs < PROGRESS_EVERY_MS) continue;
      postedMs = clockMs();
      port.postMessage(step.value);
    }
  } catch (error) {
    return answerOfError(error);
  }
}

/** An error as plain data. */
export function answerOfError(error: unknown): JobAnswer<never> {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (error instanceof MeridianError) return { ok: false, kind: error.kind, problems: error.problems, stack };
  const what = error instanceof Error ? error.message : String(error);
  return { ok: false, kind: "internal", problems: [{ code: "INTERNAL", what }], stack };
}
