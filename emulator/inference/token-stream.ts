import type { InferenceHandle } from "../backend.ts";
import type { Deadline, EmulatorClock } from "../clock.ts";
import { dropIfUnread, SLOW_READER_MS, type WireResponse } from "../wire.ts";

export interface TokenStreamOptions {
  readonly clock: EmulatorClock;
  readonly handle: InferenceHandle;
  readonly response: WireResponse;
  /** Time from the service to the caller, emulator ms. */
  readonly returnMs: number;
  readonly begin: () => readonly Buffer[];
  readonly delta: (from: number, to: number) => Buffer;
  readonly writeHead: () => void;
}

/** Writes an answer's tokens as they come to exist. */
export interface TokenStream {
  readonly started: boolean;
  /** The first token exists: sends the headers with the first events. */
  start(nowMs: number): void;
  /** Writes what is left of the first `tokens` tokens and the closing frames, then ends the response. */
  finish(tokens: number, closing: () => readonly Buffer[]): void;
  /** The caller is gone: no more frames. */
  stop(): void;
}

/** Tokens that fell due at once go out as separate events up to this many; beyond it several share an event. */
const MAX_EVENTS_A_WRITE = 16;
/** An estimate that proved early is asked again after this long. */
const RETRY_MS = 1;

/**
 * Paces by absolute deadlines: every wake-up asks the handle how many tokens exist and writes all of them, so a late
 * timer delays single tokens and never the stream. While the caller reads too slowly nothing is written; the tokens
 * wait in the handle, not in memory. A caller that stands still too long is dropped.
 */
export function createTokenStream(options: TokenStreamOptions): TokenStream {
  const { clock, handle, response, returnMs } = options;
  let sent = 0;
  let started = false;
  let stopped = false;
  let blocked = false;
  let timer: Deadline | undefined;
  let slowReader: NodeJS.Timeout | undefined;
  let closing: (() => void) | undefined;

  response.on("drain", () => {
    clearTimeout(slowReader);
    blocked = false;
    if (stopped) return;
    if (closing === undefined) pump(clock.nowMs());
    else closing();
  });

  function pump(nowMs: number): void {
    if (stopped || blocked) return;
    const due = Math.min(handle.tokensWritten(nowMs), handle.outputTokens);
    write(deltas(due));
    if (sent >= handle.outputTokens) return;
    const nextMs = Math.max(handle.nextTokenMs(nowMs), nowMs + (due === 0 ? RETRY_MS : 0));
    if (!Number.isFinite(nextMs)) return;
    const wakeMs = nextMs > nowMs ? nextMs : nowMs + RETRY_MS;
    timer = clock.schedule(wakeMs, () => pump(Math.max(clock.nowMs(), wakeMs)));
  }

  function deltas(upTo: number): Buffer[] {
    const frames: Buffer[] = [];
    const step = Math.max(1, Math.ceil((upTo - sent) / MAX_EVENTS_A_WRITE));
    while (sent < upTo) {
      const to = Math.min(upTo, sent + step);
      frames.push(options.delta(sent, to));
      sent = to;
    }
    return frames;
  }

  function write(frames: readonly Buffer[]): void {
    if (frames.length === 0) return;
    const bytes = frames.length === 1 ? frames[0]! : Buffer.concat(frames);
    if (returnMs === 0) writeNow(bytes);
    else clock.schedule(clock.nowMs() + returnMs, () => writeNow(bytes));
  }

  function writeNow(bytes: Buffer): void {
    if (stopped || response.destroyed) return;
    if (!response.headersSent) options.writeHead();
    if (response.write(bytes) || blocked) return;
    blocked = true;
    slowReader = setTimeout(() => response.destroy(), SLOW_READER_MS);
    slowReader.unref();
  }

  return {
    get started() {
      return started;
    },
    start(nowMs) {
      if (started || stopped) return;
      started = true;
      const due = Math.max(1, Math.min(handle.tokensWritten(nowMs), handle.outputTokens));
      write([...options.begin(), ...deltas(due)]);
      if (!blocked) pump(nowMs);
    },
    finish(tokens, closingFrames) {
      timer?.cancel();
      if (stopped) return;
      closing = () => {
        const frames = started ? [] : options.begin();
        started = true;
        write([...frames, ...deltas(tokens), ...closingFrames()]);
        const end = (): void => {
          if (response.destroyed || stopped) return;
          response.end();
          dropIfUnread(response);
        };
        if (returnMs === 0) end();
        else clock.schedule(clock.nowMs() + returnMs, end);
        closing = () => {};
      };
      if (!blocked) closing();
    },
    stop() {
      stopped = true;
      timer?.cancel();
      clearTimeout(slowReader);
    },
  };
}
