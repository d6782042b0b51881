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

/** Readers of parsed JSON that refuse wrong types in the service's words. Null counts as absent, as on the service. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function asObject(value: unknown): JsonObject {
  return isObject(value) ? value : refuseType(value, "Structure");
}

export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : refuseType(value, "List");
}

export function asText(value: unknown): string {
  return typeof value === "string" ? value : refuseType(value, "String");
}

export function asNumber(value: unknown): number {
  return typeof value === "number" ? value : refuseType(value, "Float");
}

export function asInteger(value: unknown): number {
  return typeof value === "number" && Number.isInteger(value) ? value : refuseType(value, "Integer");
}

/** Applies a reader to a member unless it is absent. */
export function optional<T>(value: unknown, read: (value: unknown) => T): T | undefined {
  return value === undefined || value === null ? undefined : read(value);
}

/** Parses a JSON object out of a request body. */
export function parseJsonObject(bytes: Buffer, onBroken: (reason: string) => ServiceError): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    throw onBroken(error instanceof Error ? error.message : "not JSON");
  }
  if (!isObject(value)) throw onBroken("expected type: JSONObject");
  return value;
}

function refuseType(value: unknown, wanted: string): never {
  throw new ServiceError("SerializationException", typeMismatch(value, wanted));
}

function typeMismatch(value: unknown, wanted: string): string {
  if (Array.isArray(value)) return "Start of list found where not expected";
  if (isObject(value)) return "Start of structure or map found where not expected.";
  const found = value === null ? "NULL" : value === undefined ? "MISSING" : (typeof value).toUpperCase();
  return `${found}_VALUE cannot be converted to ${wanted}`;
}

/** Collects broken constraints of a request and reports them in one message, as the service does. */
export class ConstraintList {
  private readonly found: string[] = [];

  /** Notes a broken constraint unless it holds. */
  check(holds: boolean, value: unknown, at: string, constraint: string): void {
    if (holds) return;
    const shown = typeof value === "string" ? value : (JSON.stringify(value) ?? "null");
    this.found.push(`Value '${shown.slice(0, 200)}' at '${at}' failed to satisfy constraint: ${constraint}`);
  }

  throwIfAny(): void {
    const count = this.found.length;
    if (count === 0) return;
    const noun = count === 1 ? "error" : "errors";
    throw new ServiceError("ValidationException", `${count} validation ${noun} detected: ${this.found.join("; ")}`);
  }
}
