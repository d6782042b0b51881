/** Reads request bodies: the bytes within limits of size and time, the JSON in them, and members of the right type. */
import { isUtf8 } from "node:buffer";
import { ServiceError } from "./errors.ts";
import type { WireRequest } from "./wire.ts";

/** Limits of one request body. */
export interface BodyLimits {
  readonly maxBytes: number;
  readonly timeoutMs: number;
  /** Memory of all bodies together. */
  readonly budget?: BodyBudget | undefined;
}

/** The memory that the bodies of all connections may take. */
export class BodyBudget {
  readonly maxBytes: number;
  usedBytes = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** Takes memory for a body. @throws ServiceError ServiceUnavailableException when there is not enough left */
  take(bytes: number): void {
    if (this.usedBytes + bytes > this.maxBytes) {
      throw new ServiceError("ServiceUnavailableException", "Too many connections, please wait before trying again.");
    }
    this.usedBytes += bytes;
  }

  give(bytes: number): void {
    this.usedBytes -= bytes;
  }
}

/** The caller disconnected before its request was complete, so no answer is sent. */
export class RequestAborted extends Error {}

/** An oversize body is read and discarded up to this many times the limit, so that the caller still reads the error. */
const DISCARD_FACTOR = 4;
const FIRST_BYTES = 4096;

/**
 * Reads a whole request body into one buffer that grows, however small the pieces in which it arrives. A body that the
 * caller holds back is asked for, unless it says that it is too large.
 *
 * @param request incoming request
 * @param limits  most bytes, of this and of all bodies, and most milliseconds until the last one
 * @param use     called with the body; its memory counts until this has returned
 * @returns what `use` returns
 * @throws ServiceError RequestEntityTooLargeException beyond `maxBytes`, ModelTimeoutException (408) when too slow,
 *         ServiceUnavailableException without memory for it; RequestAborted when the caller disconnects
 */
export async function readBody<T>(request: WireRequest, limits: BodyLimits, use: (body: Buffer) => T): Promise<T> {
  if (request.heldBody !== undefined) {
    if (Number(request.headers["content-length"] ?? 0) > limits.maxBytes) throw tooLarge();
    request.heldBody.ask();
  }
  const bytes = new GrowingBytes(limits);
  try {
    return use(await collected(request, limits, bytes));
  } finally {
    bytes.drop();
  }
}

function collected(request: WireRequest, limits: BodyLimits, bytes: GrowingBytes): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => settle(() => reject(tooSlow())), limits.timeoutMs);
    let received = 0;

    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      request.off("data", onData).off("end", onEnd).off("close", onDisconnect).off("error", onDisconnect);
      // Late errors of a request that is over must not reach the process.
      request.on("error", () => {});
      finish();
    };
    const onData = (chunk: Buffer): void => {
      received += chunk.length;
      try {
        if (received <= limits.maxBytes) bytes.add(chunk);
        else bytes.drop();
      } catch (error) {
        settle(() => reject(error));
      }
      if (received > limits.maxBytes * DISCARD_FACTOR) settle(() => reject(tooLarge()));
    };
    const onEnd = (): void => {
      settle(() => (received > limits.maxBytes ? reject(tooLarge()) : resolve(bytes.whole())));
    };
    const onDisconnect = (): void => settle(() => reject(new RequestAborted()));
    request.on("data", onData).on("end", onEnd).on("close", onDisconnect).on("error", onDisconnect);
  });
}

/** One buffer that doubles when it is full. Pieces are copied: each would keep the memory of a whole read alive. */
class GrowingBytes {
  private readonly limits: BodyLimits;
  private buffer: Buffer = Buffer.alloc(0);
  private length = 0;

  constructor(limits: BodyLimits) {
    this.limits = limits;
  }

  add(chunk: Buffer): void {
    const needed = this.length + chunk.length;
    if (needed > this.buffer.length) this.grow(Math.max(needed, FIRST_BYTES, this.buffer.length * 2));
    chunk.copy(this.buffer, this.length);
    this.length = needed;
  }

  whole(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  drop(): void {
    this.limits.budget?.give(this.buffer.length);
    this.buffer = Buffer.alloc(0);
    this.length = 0;
  }

  private grow(wantedBytes: number): void {
    const size = Math.max(this.length, Math.min(wantedBytes, Math.max(this.limits.maxBytes, FIRST_BYTES)));
    this.limits.budget?.take(size - this.buffer.length);
    const larger = Buffer.allocUnsafe(size);
    this.buffer.copy(larger, 0, 0, this.length);
    this.buffer = larger;
  }
}

function tooLarge(): ServiceError {
  return new ServiceError("RequestEntityTooLargeException");
}

function tooSlow(): ServiceError {
  return new ServiceError("ModelTimeoutException", "The request body did not arrive in time.");
}

/** A JSON object. The `as...` readers below throw the service's SerializationException for a value of another type. */
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

/** Applies a reader to a member unless it is absent; null counts as absent, as on the service. */
export function optional<T>(value: unknown, read: (value: unknown) => T): T | undefined {
  return value === undefined || value === null ? undefined : read(value);
}

/**
 * Parses a request body that must be a JSON object.
 *
 * @param onBroken makes the error to throw from the reason
 * @throws what `onBroken` returns
 */
export function parseJsonObject(bytes: Buffer, onBroken: (reason: string) => ServiceError): JsonObject {
  // Decoding would replace them by other characters without a word.
  if (!isUtf8(bytes)) throw onBroken("invalid UTF-8");
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    throw onBroken(error instanceof Error ? error.message : "not JSON");
  }
  if (!isObject(value)) throw onBroken("expected type: JSONObject");
  return value;
}

/** @throws ServiceError SerializationException: the value has another type than `wanted` */
export function refuseType(value: unknown, wanted: string): never {
  throw new ServiceError("SerializationException", typeMismatch(value, wanted));
}

function typeMismatch(value: unknown, wanted: string): string {
  if (Array.isArray(value)) return "Start of list found where not expected";
  if (isObject(value)) return "Start of structure or map found where not expected.";
  const found = value === null ? "NULL" : value === undefined ? "MISSING" : (typeof value).toUpperCase();
  return `${found}_VALUE cannot be converted to ${wanted}`;
}

/** Collects violated constraints of a request and reports all of them in one message, as the service does. */
export class ConstraintList {
  private readonly found: string[] = [];

  /** Records a constraint unless it holds; `at` is the path of the member. */
  check(holds: boolean, value: unknown, at: string, constraint: string): void {
    if (holds) return;
    const shown = typeof value === "string" ? value : (JSON.stringify(value) ?? "null");
    const quoted = value === null ? "null" : `'${shown.slice(0, 200)}'`;
    this.found.push(`Value ${quoted} at '${at}' failed to satisfy constraint: ${constraint}`);
  }

  /** @throws ServiceError ValidationException naming every violated constraint */
  throwIfAny(): void {
    const count = this.found.length;
    if (count === 0) return;
    const noun = count === 1 ? "error" : "errors";
    throw new ServiceError("ValidationException", `${count} validation ${noun} detected: ${this.found.join("; ")}`);
  }
}
