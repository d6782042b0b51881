import type { OutcomeKind } from "../strategies/strategy.ts";
import { lastFrame } from "./event-stream.ts";

/** What a response says of an attempt, in the words of the contract between strategies and the world. */
export interface Verdict {
  readonly kind: OutcomeKind;
  /** Tried again neither by the SDKs nor by us: the request itself is wrong, or the model failed on it. */
  readonly isFinal: boolean;
  /** Name of the error, "" for none. */
  readonly error: string;
  /** Tokens as the service counted them: uncached input, output, cache read, cache write. */
  readonly usage: readonly [number, number, number, number] | null;
}

const THROTTLED = 429;
const UNAVAILABLE = 503;
/** 429 by number, but no quota: the model's machines are warming up. */
const NOT_READY = "ModelNotReadyException";

/**
 * Reads the answer to a Converse call.
 *
 * @param errorType the response's `x-amzn-errortype`, undefined when there is none
 */
export function verdictOfJson(status: number, errorType: string | undefined, body: string): Verdict {
  if (status !== 200) return failure(status, errorName(errorType));
  const usage = usageOf(body);
  return usage === null ? broken("NoUsage") : { kind: "ok", isFinal: false, error: "", usage };
}

/** Reads the answer to a ConverseStream call: its last frame tells how it ended. */
export function verdictOfStream(status: number, errorType: string | undefined, body: ArrayBuffer): Verdict {
  if (status !== 200) return failure(status, errorName(errorType));
  const frame = lastFrame(body);
  if (frame === undefined) return broken("StreamCutShort");
  const exception = frame.headers[":exception-type"];
  if (exception !== undefined) return failure(statusOfException(exception), exception);
  const usage = frame.headers[":event-type"] === "metadata" ? usageOf(frame.payload) : null;
  return usage === null ? broken("NoUsage") : { kind: "ok", isFinal: false, error: "", usage };
}

/** Status codes that the SDKs try again; 408 and 424 they do not (seen on the wire with boto3 1.44.5 and JS 3.1162). */
function failure(status: number, error: string): Verdict {
  if (status === THROTTLED && error !== NOT_READY) return { kind: "throttled", isFinal: false, error, usage: null };
  if (status === THROTTLED || status === UNAVAILABLE) {
    return { kind: "unavailable", isFinal: false, error, usage: null };
  }
  return { kind: "error", isFinal: status >= 300 && status < 500, error: error || `HTTP ${status}`, usage: null };
}

function broken(error: string): Verdict {
  return { kind: "error", isFinal: false, error, usage: null };
}

/** `ThrottlingException:http://internal...` and `namespace#ThrottlingException` are the same name. */
function errorName(errorType: string | undefined): string {
  return (errorType ?? "").split(":", 1)[0]!.split("#").pop()!;
}

function statusOfException(exception: string): number {
  switch (exception) {
    case "throttlingException":
      return THROTTLED;
    case "serviceUnavailableException":
      return UNAVAILABLE;
    case "validationException":
      return 400;
    case "modelStreamErrorException":
      return 424;
    default:
      return 500;
  }
}

function usageOf(json: string): Verdict["usage"] {
  try {
    const { usage } = JSON.parse(json) as { usage?: Readonly<Record<string, unknown>> };
    const count = (name: string): number => (typeof usage?.[name] === "number" ? (usage[name] as number) : 0);
    if (typeof usage?.outputTokens !== "number") return null;
    return [count("inputTokens"), count("outputTokens"), count("cacheReadInputTokens"), count("cacheWriteInputTokens")];
  } catch {
    return null;
  }
}
