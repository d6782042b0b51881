/** What an audit of decisions answers: where the calls of each class went, whether they were allowed to, what they cost. */
import type { ReadDecision } from "./read-decisions.ts";

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
