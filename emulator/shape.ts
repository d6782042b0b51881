import { ServiceError } from "./errors.ts";

/** Readers of parsed JSON that refuse wrong types in the service's words. Null counts as absent, as on the service. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function asObject(value: unknown): JsonObject {
  return isObject(value) ? value : refuse(value, "Structure");
}

export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : refuse(value, "List");
}

export function asText(value: unknown): string {
  return typeof value === "string" ? value : refuse(value, "String");
}

export function asNumber(value: unknown): number {
  return typeof value === "number" ? value : refuse(value, "Float");
}

export function asInteger(value: unknown): number {
  return typeof value === "number" && Number.isInteger(value) ? value : refuse(value, "Integer");
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

function refuse(value: unknown, wanted: string): never {
  throw new ServiceError("SerializationException", mismatch(value, wanted));
}

function mismatch(value: unknown, wanted: string): string {
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
