/** An audit as text: one record as a line of JSON, or as rows of a table. */
import type { AuditRecord } from "./audit.ts";

/** One record as a line of JSON Lines. */
export function auditJsonLine(record: AuditRecord): string {
  return `${JSON.stringify(record)}\n`;
}

/** Columns of an audit as a table: one row per attempt, and one for a request that was never sent. */
export const AUDIT_COLUMNS = [
  "strategy",
  "replication",
  "request",
  "class",
  "tags",
  "arrived_at",
  "origin",
  "counted",
  "end",
  "ended_at",
  "served_in",
  "residency",
  "allowed",
  "prompt_tokens",
  "attempts",
  "attempt",
  "target",
  "source_region",
  "route",
  "destination_region",
  "outcome",
  "given_up",
  "attempt_sent_at",
  "attempt_ended_at",
  "refused_by",
  "input_tokens",
  "output_tokens",
  "cache_read_tokens",
  "cache_write_tokens",
  "billing",
  "attempt_cost_usd",
] as const;

/** Cells of one record in the order of `AUDIT_COLUMNS`. Costs and tokens are the attempt's own, so columns add up. */
export function auditRows(record: AuditRecord): (string | number | null)[][] {
  const head = [
    record.strategy,
    record.replication,
    record.request,
    record.class,
    tagText(record.tags),
    record.arrivedAt,
    record.origin,
    yesNo(record.counted),
    record.end,
    record.endedAt,
    record.servedIn,
    record.residency,
    yesNo(record.allowed),
    record.promptTokens,
    record.attempts.length,
  ];
  if (record.attempts.length === 0) {
    const empty = Array.from({ length: AUDIT_COLUMNS.length - head.length }, () => null);
    return [[...head, ...empty]];
  }
  return record.attempts.map((attempt, ordinal) => [
    ...head,
    ordinal + 1,
    attempt.target,
    attempt.sourceRegion,
    attempt.route,
    attempt.destinationRegion,
    attempt.outcome,
    yesNo(attempt.givenUp),
    attempt.sentAt,
    attempt.endedAt,
    attempt.refusedBy,
    attempt.tokens.input,
    attempt.tokens.output,
    attempt.tokens.cacheRead,
    attempt.tokens.cacheWrite,
    record.billing,
    attempt.costUsd,
  ]);
}

function yesNo(value: boolean): string {
  return value ? "yes" : "no";
}

/** `team=support;product=assistant` */
function tagText(tags: Readonly<Record<string, string>>): string {
  return Object.entries(tags)
    .map(([name, value]) => `${name}=${value}`)
    .join(";");
}
