import { EXIT_CODES } from "../../simulator/errors.ts";

export interface Interrupts {
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  stop(): void;
}

/**
 * The launcher passes a signal on that the terminal has already sent to the whole process group, so one Ctrl-C may
 * arrive twice within a few milliseconds. That must not count as the impatient second one.
 */
const SAME_KEYSTROKE_MS = 300;

/** The first signal asks the work to stop; a second one ends the process. */
export function watchInterrupts(clockMs: () => number = () => performance.now()): Interrupts {
  const controller = new AbortController();
  let firstMs: number | undefined;
  const onSignal = (): void => {
    const nowMs = clockMs();
    if (firstMs === undefined) {
      firstMs = nowMs;
      controller.abort();
    } else if (nowMs - firstMs > SAME_KEYSTROKE_MS) process.exit(EXIT_CODES.interrupted);
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return {
    signal: controller.signal,
    stop: () => {
      process.off("SIGINT", onSignal);
      process.off("SIGTERM", onSignal);
    },
  };
}
