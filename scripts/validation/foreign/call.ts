import type { ForeignCall } from "./server.ts";

export interface CallOptions {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly key: string;
  readonly onFirstToken: (atMs: number) => void;
  readonly onEnd: (atMs: number) => void;
}

/** A call whose caller is told of its first token and of its end, once each. */
export function createCall(options: CallOptions): ForeignCall {
  const { inputTokens, outputTokens, key } = options;
  let written = 0;
  return {
    inputTokens,
    outputTokens,
    key,
    get written() {
      return written;
    },
    write(tokens, atMs) {
      if (tokens <= 0 || written >= outputTokens) return;
      const isFirst = written === 0;
      written = Math.min(outputTokens, written + tokens);
      if (isFirst) options.onFirstToken(atMs);
      if (written === outputTokens) options.onEnd(atMs);
    },
  };
}
