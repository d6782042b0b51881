/**
 * Reads the lines of a decision log: as what a bench writes, a schedule and rows; and as an audit of where the calls of each
 * class went, whether they were allowed to, and what they cost.
 */
import { z } from "zod";
import { MeridianError } from "../base/errors.ts";
import { repeatedKey } from "../base/repeated-keys.ts";
import { END } from "../client/request-rules.ts";
import type { AuditEnd } from "../engine/audit.ts";
import type { AttemptRow, RequestRow, ScheduleRow } from "./rows.ts";

const count = z.number().int().min(0);
const instant = z.string().transform((text, context) => {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) context.addIssue({ code: "custom", message: "is not an instant" });
  return ms;
});
const tokens = z.object({ input: count, output: count, cacheRead: count, cacheWrite: count });
const attempt = z.object({
  target: z.string(),
  sourceRegion: z.string(),
  route: z.string(),
  destinationRegion: z.string().nullable(),
  outcome: z.enum(["ok", "throttled", "unavailable", "error", "abandoned", "inFlight"]),
  givenUp: z.boolean().default(false),
  sentAt: instant,
  endedAt: instant,
  tokens,
  calledId: z.string().optional(),
  status: count.optional(),
  error: z.string().optional(),
  serviceRequestId: z.string().optional(),
  e2eMs: z.number().min(0).optional(),
  ttftMs: z.number().min(0).nullish(),
});
const record = z.object({
  strategy: z.string(),
  replication: count.default(0),
  request: count,
  class: z.string(),
  arrivedAt: instant,
  origin: z.string(),
  end: z.enum(Object.keys(END) as [AuditEnd, ...AuditEnd[]]),
  endedAt: instant,
  residency: z.string().nullable().default(null),
  allowed: z.boolean(),
  promptTokens: count,
  maxTokens: count.default(0),
  model: z.string().optional(),
  costUsd: z.string().nullish(),
  roundTripMs: z.record(z.string(), z.number().min(0)).default({}),
  attempts: z.array(attempt),
});

/** A record of a log or of an audit, with its instants as ms since 1970. */
export type ReadDecision = z.output<typeof record>;
export type ReadAttempt = ReadDecision["attempts"][number];

/**
 * Reads one line.
 *
 * @param where `file:line`, for the message
 * @throws MeridianError data DECISION_LOG_BAD_ROW
 */
export function readDecision(line: string, where: string): ReadDecision {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw badRow(where, "the line is not JSON", "was the log cut off while it was written?");
  }
  const twice = repeatedKey(line);
  if (twice !== undefined) throw badRow(where, `the key ${JSON.stringify(twice)} is there twice`, "take one out");
  const read = record.safeParse(value);
  if (read.success) return read.data;
  const issue = read.error.issues[0]!;
  const what = `${issue.path.join(".") || "the record"}: ${issue.message.toLowerCase()}`;
  throw badRow(where, what, "give a log of meridian/bedrock, or an audit that simulate --audit wrote as .jsonl");
}

function badRow(where: string, what: string, fix: string): MeridianError {
  return new MeridianError("data", { code: "DECISION_LOG_BAD_ROW", where, what, fix });
}

/** Names of a scenario, in whose order classes, origins and targets are numbered. */
export interface LogNames {
  readonly classes: readonly string[];
  readonly origins: readonly string[];
  readonly targets: readonly string[];
}

/** The requests of a log in order of arrival, as a measured run has them. */
export interface LoggedRun {
  readonly schedule: readonly ScheduleRow[];
  readonly attempts: readonly AttemptRow[];
  readonly requests: readonly RequestRow[];
}

/**
 * Numbers the requests of a log, and counts their instants from `originMs`.
 *
 * @param originMs ms since 1970 that become 0
 * @throws MeridianError data DECISION_LOG_OTHER_SCENARIO for names that the scenario does not have
 */
export function loggedRun(records: readonly ReadDecision[], names: LogNames, originMs: number): LoggedRun {
  const indexOf = (kind: keyof LogNames, name: string): number => {
    const index = names[kind].indexOf(name);
    if (index >= 0) return index;
    const what = `the log has ${kind.replace(/s$/, "")} "${name}", the scenario has ${names[kind].join(", ")}`;
    const fix = "give the scenario that the log's client was made from";
    throw new MeridianError("data", { code: "DECISION_LOG_OTHER_SCENARIO", what, fix });
  };
  const numbered = records.map((each) => ({ each, classIndex: indexOf("classes", each.class) }));
  numbered.sort(
    (a, b) => a.each.arrivedAt - b.each.arrivedAt || a.classIndex - b.classIndex || a.each.request - b.each.request,
  );
  const attempts: AttemptRow[] = [];
  const requests: RequestRow[] = [];
  const schedule = numbered.map(({ each, classIndex }, i): ScheduleRow => {
    const serving = each.end === "served" ? each.attempts.findIndex(({ outcome }) => outcome === "ok") : -1;
    each.attempts.forEach((one, o) => {
      attempts.push(attemptRow(one, { i, o, g: indexOf("targets", one.target), originMs }));
    });
    const arrivalMs = each.arrivedAt - originMs;
    const n = each.attempts.length;
    requests.push({ t: "r", i, b: arrivalMs, e: each.endedAt - originMs, end: END[each.end], n, w: serving });
    const output = each.attempts[serving]?.tokens.output ?? each.maxTokens;
    return [arrivalMs, classIndex, indexOf("origins", each.origin), each.promptTokens, output, each.maxTokens, 0, -1];
  });
  return { schedule, attempts, requests };
}

const KINDS = {
  ok: "ok",
  throttled: "throttled",
  unavailable: "unavailable",
  error: "error",
  abandoned: "unavailable",
  inFlight: "unfinished",
} as const satisfies Record<ReadAttempt["outcome"], AttemptRow["k"]>;

function attemptRow(
  one: ReadAttempt,
  { i, o, g, originMs }: { readonly i: number; readonly o: number; readonly g: number; readonly originMs: number },
): AttemptRow {
  const { input, output, cacheRead, cacheWrite } = one.tokens;
  const isCounted = input + output + cacheRead + cacheWrite > 0;
  const s = one.sentAt - originMs;
  return {
    t: "a",
    i,
    o,
    g,
    s,
    e: one.e2eMs === undefined ? one.endedAt - originMs : s + one.e2eMs,
    k: one.givenUp ? "timeout" : KINDS[one.outcome],
    c: one.status ?? 0,
    f: one.ttftMs ?? null,
    u: isCounted ? [input, output, cacheRead, cacheWrite] : null,
    id: one.serviceRequestId ?? "",
    x: one.error ?? "",
  };
}

/** The calls of one class. */
export interface ClassAudit {
  readonly class: string;
  readonly residency: string | null;
  requests: number;
  served: number;
  attempts: number;
  /** Requests of which an attempt went where the class must not. */
  violations: number;
  /** USD of the attempts whose cost is known. */
  costUsd: number;
  /** Requests whose cost is not known. */
  unpriced: number;
  /** Attempts by the region that was called, and those that ran elsewhere by the region that ran them. */
  readonly called: Record<string, number>;
  readonly ranElsewhere: Record<string, number>;
}

/** A request that broke a rule. */
export interface AuditViolation {
  readonly where: string;
  readonly request: number;
  readonly class: string;
  readonly what: string;
}

/** What a scenario allows, to check a log against: not by the log's own word. */
export interface AllowedTargets {
  /** By class: ids of the targets that are legal for it. */
  readonly targetsOf: ReadonlyMap<string, ReadonlySet<string>>;
  /** By class: regions that its data may be in. */
  readonly regionsOf: ReadonlyMap<string, ReadonlySet<string>>;
}

const LISTED_MAX = 20;

/** Counts records of decisions; memory holds classes and the first violations only. */
export class DecisionAudit {
  readonly classes = new Map<string, ClassAudit>();
  readonly violations: AuditViolation[] = [];
  violationCount = 0;
  private readonly allowed: AllowedTargets | undefined;

  /** @param allowed rules to judge by; the log's own word where left out */
  constructor(allowed?: AllowedTargets) {
    this.allowed = allowed;
  }

  add(record: ReadDecision, where: string): void {
    const counts = this.countsOf(record);
    counts.requests++;
    if (record.end === "served") counts.served++;
    counts.attempts += record.attempts.length;
    if (record.costUsd == null) counts.unpriced++;
    else counts.costUsd += Number(record.costUsd);
    for (const { sourceRegion, destinationRegion } of record.attempts) {
      counts.called[sourceRegion] = (counts.called[sourceRegion] ?? 0) + 1;
      if (destinationRegion === null || destinationRegion === sourceRegion) continue;
      counts.ranElsewhere[destinationRegion] = (counts.ranElsewhere[destinationRegion] ?? 0) + 1;
    }
    const what = this.fault(record);
    if (what === undefined) return;
    counts.violations++;
    this.violationCount++;
    if (this.violations.length < LISTED_MAX)
      this.violations.push({ where, request: record.request, class: record.class, what });
  }

  private fault(record: ReadDecision): string | undefined {
    if (this.allowed === undefined) return record.allowed ? undefined : "the log says that it was not allowed";
    const targets = this.allowed.targetsOf.get(record.class);
    const regions = this.allowed.regionsOf.get(record.class);
    if (targets === undefined || regions === undefined) return `the scenario has no class "${record.class}"`;
    for (const { target, sourceRegion, destinationRegion } of record.attempts) {
      if (!targets.has(target)) return `target ${target} is not legal for the class`;
      for (const region of [sourceRegion, destinationRegion])
        if (region !== null && !regions.has(region)) return `region ${region} is not allowed to the class`;
    }
    return undefined;
  }

  private countsOf({ class: name, residency }: ReadDecision): ClassAudit {
    const known = this.classes.get(name);
    if (known !== undefined) return known;
    const none = { requests: 0, served: 0, attempts: 0, violations: 0, costUsd: 0, unpriced: 0 };
    const made: ClassAudit = { class: name, residency, ...none, called: {}, ranElsewhere: {} };
    this.classes.set(name, made);
    return made;
  }
}
