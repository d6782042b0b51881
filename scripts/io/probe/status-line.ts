import type { OutputStream } from "../terminal.ts";

/** What goes on, on stderr. */
export interface StatusLine {
  show(text: string): void;
  /** Clears the live line. */
  stop(): void;
}

const PLAIN_EVERY_MS = 10_000;
const CLEAR_LINE = "\r\u001b[2K";

/** One live line on a terminal, a plain line every ten seconds elsewhere. */
export function createStatusLine(options: {
  readonly stream: OutputStream;
  readonly live: boolean;
  readonly quiet: boolean;
  readonly clockMs?: () => number;
}): StatusLine {
  const { stream, live, quiet } = options;
  const clockMs = options.clockMs ?? (() => performance.now());
  let printedMs = clockMs();
  let isShown = false;
  return {
    show(text) {
      if (quiet) return;
      if (live) {
        stream.write(`${CLEAR_LINE}${text.slice(0, Math.max(20, (stream.columns || 80) - 1))}`);
        isShown = true;
      } else if (clockMs() - printedMs >= PLAIN_EVERY_MS) {
        printedMs = clockMs();
        stream.write(`${text}\n`);
      }
    },
    stop() {
      if (isShown) stream.write(CLEAR_LINE);
      isShown = false;
    },
  };
}
