import { ServiceError } from "./errors.ts";
import type { WireRequest } from "./wire.ts";

export interface BodyLimits {
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

/** The caller went away before its request was complete: there is nobody to answer. */
export class RequestAborted extends Error {}

/** How much of an oversize body is read and thrown away, so that the caller is still listening for the refusal. */
const DISCARD_FACTOR = 4;

/**
 * Reads a whole request body within bounds of size and time.
 *
 * @throws ServiceError RequestEntityTooLargeException beyond `maxBytes`, ModelTimeoutException (408) when too slow;
 *         RequestAborted when the caller leaves
 */
export function readBody(request: WireRequest, limits: BodyLimits): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const timer = setTimeout(() => settle(() => reject(tooSlow())), limits.timeoutMs);

    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      request.off("data", onData).off("end", onEnd).off("close", onGone).off("error", onGone);
      // Late errors of a request that is over must not reach the process.
      request.on("error", () => {});
      finish();
    };
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes <= limits.maxBytes) chunks.push(chunk);
      else chunks.length = 0;
      if (bytes > limits.maxBytes * DISCARD_FACTOR) settle(() => reject(tooLarge()));
    };
    const onEnd = (): void => {
      settle(() => (bytes > limits.maxBytes ? reject(tooLarge()) : resolve(Buffer.concat(chunks, bytes))));
    };
    const onGone = (): void => settle(() => reject(new RequestAborted()));
    request.on("data", onData).on("end", onEnd).on("close", onGone).on("error", onGone);
  });
}

function tooLarge(): ServiceError {
  return new ServiceError("RequestEntityTooLargeException");
}

function tooSlow(): ServiceError {
  return new ServiceError("ModelTimeoutException", "The request body did not arrive in time.");
}
