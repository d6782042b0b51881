import { type RowPlace, rowError } from "./trace-format.ts";

/**
 * One JSON object of a JSONL file.
 *
 * @throws MeridianError TRACE_BAD_JSON
 */
export function jsonRow(text: string, place: RowPlace): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw rowError(place, "TRACE_BAD_JSON", "the line is not JSON", "each line holds one JSON object");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw rowError(place, "TRACE_BAD_JSON", "the line is not a JSON object", "each line holds one JSON object");
  }
  return value as Record<string, unknown>;
}
