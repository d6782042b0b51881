/** What the columns of a table mean: known names in any spelling, and the names that a user gives. */
import { z } from "zod";
import { TIME_UNITS, type TimeUnit } from "../base/instants.ts";

/** Known names of each role, in lower case with `_` between words; the first that a table has is taken. */
const KNOWN_NAMES = {
  input: [
    "input_tokens",
    "prompt_tokens",
    "context_tokens",
    "input_length",
    "prompt_length",
    "prompt_len",
    "request_tokens",
    "input_token_count",
    "input_toks",
    "num_prefill_tokens",
    "input_input_token_count",
  ],
  output: [
    "output_tokens",
    "completion_tokens",
    "generated_tokens",
    "output_length",
    "output_len",
    "response_tokens",
    "output_token_count",
    "output_toks",
    "num_decode_tokens",
    "output_output_token_count",
  ],
  maxTokens: ["max_tokens", "max_output_tokens", "max_new_tokens", "max_completion_tokens"],
  cacheRead: [
    "cache_read_tokens",
    "cache_read_input_tokens",
    "cache_read_input_token_count",
    "cached_tokens",
    "input_cache_read_input_token_count",
  ],
  cacheWrite: [
    "cache_write_tokens",
    "cache_write_input_tokens",
    "cache_write_input_token_count",
    "cache_creation_input_tokens",
    "input_cache_write_input_token_count",
  ],
  prefixTokens: ["prefix_tokens"],
  prefixId: ["prefix_id"],
  class: ["class"],
  origin: ["origin"],
  region: ["region", "source_region", "aws_region"],
  processingRegion: ["processing_region", "inference_region"],
  model: ["model", "model_id", "model_name"],
  tenant: ["tenant", "tenant_id", "team", "team_id", "customer"],
  session: ["session_id", "session", "conversation_id"],
  requestId: ["request_id", "x_request_id"],
  status: ["status", "status_code", "http_status", "outcome", "error_code"],
  latency: ["e2e", "e2e_latency", "latency", "request_latency", "duration", "elapsed_time"],
  ttft: ["ttft", "time_to_first_token", "first_token"],
  roundTrip: ["round_trip", "rtt"],
  cost: ["cost_usd", "spend", "cost"],
} as const;

/** What a column can mean, besides the time. */
export type ColumnRole = keyof typeof KNOWN_NAMES;

export const COLUMN_ROLES = Object.keys(KNOWN_NAMES) as readonly ColumnRole[];

const TIME_NAMES = [
  "time",
  "timestamp",
  "arrival",
  "arrival_time",
  "ts",
  "start",
  "start_time",
  "request_time",
  "event_time",
  "created_at",
  "datetime",
  "date",
];

/** Roles that are lengths of time: their columns may carry a unit in their name, and have ms without one. */
const TIMED: readonly string[] = ["latency", "ttft", "roundTrip"];

/** Names of columns as a user gives them, with units of those that are times. */
export type ColumnMap = {
  readonly [role in ColumnRole | "time"]?: { readonly name: string; readonly unit?: TimeUnit };
};

const column = z
  .union([
    z
      .string()
      .min(1)
      .max(200)
      .transform((name): { name: string; unit?: TimeUnit } => ({ name })),
    z
      .strictObject({
        name: z.string().min(1).max(200).meta({ description: "Name of the column" }),
        unit: z.enum(TIME_UNITS).meta({ description: "Unit of its times" }),
      })
      .meta({ description: "A column of times with their unit: { name: started, unit: s }" }),
  ])
  .meta({ description: "Name of a column, or { name, unit }" });

/** The YAML form: `{ time: ts, input: prompt_tok, output: completion_tok, latency: { name: took, unit: s } }`. */
export const columnMapSchema: z.ZodType<ColumnMap> = z
  .strictObject(Object.fromEntries(["time", ...COLUMN_ROLES].map((role) => [role, column.optional()])))
  .transform((map) => Object.fromEntries(Object.entries(map).filter(([, value]) => value !== undefined)) as ColumnMap)
  .meta({ description: "Which column of a CSV, JSONL or Parquet file means what" });

/** A column that was found in a table. */
export interface FoundColumn {
  readonly name: string;
  /** Of its times; null where nothing states it. */
  readonly unit: TimeUnit | null;
}

export type FoundColumns = { readonly [role in ColumnRole | "time"]?: FoundColumn };

/**
 * Which columns of a table mean what: those that the user named, and known names for the rest.
 *
 * @example findColumns(["startTime", "promptTokens"], null).input?.name // => "promptTokens"
 */
export function findColumns(names: readonly string[], map: ColumnMap | null): FoundColumns {
  const spelled = new Map<string, string>();
  for (const name of names) {
    const known = spelling(name);
    if (!spelled.has(known)) spelled.set(known, name);
  }
  const found: Record<string, FoundColumn> = {};
  for (const role of ["time", ...COLUMN_ROLES] as const) {
    const given = map?.[role];
    if (given !== undefined) found[role] = { name: given.name, unit: given.unit ?? null };
    else {
      const known = role === "time" ? timed(TIME_NAMES, spelled, null) : knownColumn(role, spelled);
      if (known !== undefined) found[role] = known;
    }
  }
  return found;
}

function knownColumn(role: ColumnRole, spelled: ReadonlyMap<string, string>): FoundColumn | undefined {
  const names: readonly string[] = KNOWN_NAMES[role];
  if (TIMED.includes(role)) return timed(names, spelled, "ms");
  for (const each of names) {
    const name = spelled.get(each);
    if (name !== undefined) return { name, unit: null };
  }
  return undefined;
}

/** A column of times: with a unit at the end of its name, or without. */
function timed(
  names: readonly string[],
  spelled: ReadonlyMap<string, string>,
  otherwise: TimeUnit | null,
): FoundColumn | undefined {
  for (const unit of [...TIME_UNITS, null]) {
    for (const each of names) {
      const name = spelled.get(unit === null ? each : `${each}_${unit}`);
      if (name !== undefined) return { name, unit: unit ?? otherwise };
    }
  }
  return undefined;
}

/** `inputTokens`, `Input Tokens` and `input_tokens` are one name. */
export function spelling(name: string): string {
  return name
    .trim()
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "");
}
