import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { csvCell } from "../../reports/tables/table.ts";
import { type AuditRecord, createAudit } from "../../simulator/engine/audit.ts";
import { AUDIT_COLUMNS, auditJsonLine, auditRows } from "../../simulator/engine/audit-lines.ts";
import { type CloudWatchSeries, createCloudWatchSeries } from "../../simulator/engine/cloudwatch.ts";
import type { SimulationObserver } from "../../simulator/engine/observer.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import { type AuditFormat, type EvidenceFile, type EvidenceTask, evidenceNotWritten } from "./evidence.ts";
import { stableJson } from "./stable-json.ts";

/** Characters that are gathered before they go to the disk. */
const BUFFER_CHARACTERS = 1 << 18;

/** Writes the evidence of a job's runs while they go on. */
export interface EvidenceWriter {
  observerOf(strategy: number): SimulationObserver | null;
  /** Brings everything to the disk. @throws EVIDENCE_NOT_WRITTEN */
  finish(): void;
  /** Gives the files back after a failure. */
  abandon(): void;
}

/** Opens the task's files. Memory holds a buffer and the requests under way, however long the run. */
export function createEvidenceWriter(plan: Plan, replication: number, task: EvidenceTask): EvidenceWriter {
  const { audit, cloudwatch } = task;
  const file = audit === null ? null : new TextFile(audit);
  const series = cloudwatch === null ? null : createCloudWatchSeries(plan);
  const lineOf = audit === null ? null : LINES[audit.format];
  if (audit?.format === "csv") file?.write(csvLine(AUDIT_COLUMNS));
  const write = (record: AuditRecord) => file?.write(lineOf!(record));
  return {
    observerOf: (strategy) => {
      const watchers: SimulationObserver[] = [];
      if (audit?.strategies.includes(strategy)) watchers.push(createAudit({ plan, strategy, replication, write }));
      if (series !== null && cloudwatch!.strategy === strategy) watchers.push(series);
      return watchers.length > 1 ? all(watchers) : (watchers[0] ?? null);
    },
    finish: () => {
      file?.finish();
      if (series !== null) writeWhole(cloudwatch!, series);
    },
    abandon: () => file?.close(),
  };
}

const LINES: Readonly<Record<AuditFormat, (record: AuditRecord) => string>> = {
  jsonl: auditJsonLine,
  csv: (record) => auditRows(record).map(csvLine).join(""),
};

function csvLine(cells: readonly (string | number | null)[]): string {
  return `${cells.map(csvCell).join(",")}\r\n`;
}

function writeWhole(target: EvidenceFile, series: CloudWatchSeries): void {
  const file = new TextFile(target);
  file.write(stableJson(series.document()));
  file.finish();
}

function all(watchers: readonly SimulationObserver[]): SimulationObserver {
  return {
    onAttemptEnd: (attempt) => {
      for (const each of watchers) each.onAttemptEnd(attempt);
    },
    onRequestEnd: (request) => {
      for (const each of watchers) each.onRequestEnd(request);
    },
    onRunEnd: () => {
      for (const each of watchers) each.onRunEnd();
    },
  };
}

/** A file that is written in large pieces, synchronously: a job has its thread to itself. */
class TextFile {
  private readonly path: string;
  private readonly handle: number;
  private isOpen = true;
  private pieces: string[] = [];
  private characters = 0;

  constructor({ path, temp }: EvidenceFile) {
    this.path = path;
    this.handle = this.orFail(() => openSync(temp, "a"));
  }

  write(text: string): void {
    this.pieces.push(text);
    this.characters += text.length;
    if (this.characters >= BUFFER_CHARACTERS) this.flush();
  }

  finish(): void {
    this.flush();
    this.orFail(() => fsyncSync(this.handle));
    this.close();
  }

  close(): void {
    if (this.isOpen) closeSync(this.handle);
    this.isOpen = false;
  }

  private flush(): void {
    const bytes = Buffer.from(this.pieces.join(""));
    this.pieces = [];
    this.characters = 0;
    // A full disk may take a part and refuse the rest at the next call.
    for (let at = 0; at < bytes.length; ) at += this.orFail(() => writeSync(this.handle, bytes, at));
  }

  private orFail<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw evidenceNotWritten(this.path, error);
    }
  }
}
