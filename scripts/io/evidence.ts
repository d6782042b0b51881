/** Files that a simulation writes beside its result, request by request (`--audit`) or minute by minute (`--cloudwatch`). */
import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { csvCell } from "../../reports/tables/table.ts";
import { MeridianError } from "../../simulator/base/errors.ts";
import { suggest } from "../../simulator/base/near-names.ts";
import { type AuditRecord, createAudit } from "../../simulator/engine/audit.ts";
import { AUDIT_COLUMNS, auditJsonLine, auditRows } from "../../simulator/engine/audit-lines.ts";
import { type CloudWatchSeries, createCloudWatchSeries } from "../../simulator/engine/cloudwatch.ts";
import type { SimulationObserver } from "../../simulator/engine/observer.ts";
import type { JobSpec } from "../../simulator/experiment/index.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import type { CommonOptions } from "../commands/command.ts";
import { environmentProblem, stableJson } from "./text-files.ts";

type AuditFormat = "jsonl" | "csv";

/** A file on its way: written under the temporary name, which exists already, and renamed when it is whole. */
interface EvidenceFile {
  readonly path: string;
  readonly temp: string;
}

/** What a worker writes while it simulates. */
export interface EvidenceTask {
  readonly audit: (EvidenceFile & { readonly format: AuditFormat; readonly strategies: readonly number[] }) | null;
  readonly cloudwatch: (EvidenceFile & { readonly strategy: number }) | null;
}

/** A job that may also write evidence of what it simulates. */
export interface EvidenceJob extends JobSpec {
  readonly evidence?: EvidenceTask;
}

/** Files asked for on the command line: open from the start, published when the run is saved. */
export interface Evidence {
  readonly replication: number;
  readonly task: EvidenceTask;
  /** Moves the finished files to their names. @throws EVIDENCE_NOT_WRITTEN (environment) */
  publish(): Promise<readonly string[]>;
  /** Removes what was not published. */
  discard(): Promise<void>;
}

const FORMATS: Readonly<Record<string, AuditFormat>> = { ".jsonl": "jsonl", ".csv": "csv" };

/**
 * Reads `--audit`, `--cloudwatch` and what they may narrow, and makes sure that the files can be written before any
 * work is done. Null when neither is asked for.
 *
 * @throws MeridianError usage: EVIDENCE_IN_SLICES, AUDIT_FORMAT, AUDIT_REPLICATION, AUDIT_STRATEGY, AUDIT_WITHOUT_FILE, EVIDENCE_TWICE;
 *   environment: EVIDENCE_NOT_WRITTEN
 */
export async function openEvidence(options: CommonOptions, plan: Plan): Promise<Evidence | null> {
  const auditFile = options.audit as string | undefined;
  const cloudwatchFile = options.cloudwatch as string | undefined;
  if (auditFile === undefined && cloudwatchFile === undefined) {
    const lonely = ["auditReplication", "auditStrategy"].find((name) => options[name] !== undefined);
    if (lonely === undefined) return null;
    const flag = lonely === "auditStrategy" ? "--audit-strategy" : "--audit-replication";
    throw usage("AUDIT_WITHOUT_FILE", `${flag} says what to audit, but not where to`, "add --audit audit.jsonl");
  }
  if (plan.slices !== undefined) {
    const what = "a run in slices has no record of every request, nor a series without gaps";
    throw usage("EVIDENCE_IN_SLICES", what, "leave out --slices, or --audit and --cloudwatch");
  }
  if (auditFile !== undefined && cloudwatchFile !== undefined && resolve(auditFile) === resolve(cloudwatchFile)) {
    throw usage("EVIDENCE_TWICE", "--audit and --cloudwatch name one file", "give each a file of its own");
  }
  const format = auditFile === undefined ? "jsonl" : auditFormat(auditFile);
  const replication = replicationOf(options, plan);
  const named = options.auditStrategy as string | undefined;
  const strategies = named === undefined ? [...plan.strategies.keys()] : [strategyOf(named, plan)];
  const files: EvidenceFile[] = [];
  try {
    const create = async (path: string | undefined) => {
      if (path === undefined) return null;
      const file = await createFile(path);
      files.push(file);
      return file;
    };
    const audit = await create(auditFile);
    const cloudwatch = await create(cloudwatchFile);
    return {
      replication,
      task: {
        audit: audit === null ? null : { ...audit, format, strategies },
        cloudwatch:
          cloudwatch === null
            ? null
            : { ...cloudwatch, strategy: named === undefined ? plan.baseline : strategies[0]! },
      },
      publish: () => publish(files),
      discard: () => discard(files),
    };
  } catch (error) {
    await discard(files);
    throw error;
  }
}

/**
 * Takes the watched runs out of the jobs into one of their own, which comes first because it has most to do. What the
 * run's result says does not change by it.
 */
export function withEvidence(jobs: readonly JobSpec[], evidence: Evidence | null): readonly EvidenceJob[] {
  if (evidence === null) return jobs;
  const { replication, task } = evidence;
  const watched = [
    ...new Set([...(task.audit?.strategies ?? []), ...(task.cloudwatch ? [task.cloudwatch.strategy] : [])]),
  ];
  const rest = jobs.map((job) =>
    job.replication === replication
      ? { ...job, strategyIndices: job.strategyIndices.filter((index) => !watched.includes(index)) }
      : job,
  );
  const own: EvidenceJob = { replication, strategyIndices: watched.sort((a, b) => a - b), evidence: task };
  return [own, ...rest.filter((job) => job.strategyIndices.length > 0)];
}

/** The error of a file that could not be written. */
function evidenceNotWritten(path: string, error: unknown): MeridianError {
  const fix = "free some space, check the folder and its permissions, or name another file";
  return new MeridianError("environment", environmentProblem("EVIDENCE_NOT_WRITTEN", error, path, fix), {
    cause: error,
  });
}

function auditFormat(file: string): AuditFormat {
  const format = FORMATS[extname(file).toLowerCase()];
  if (format !== undefined) return format;
  throw usage("AUDIT_FORMAT", `an audit is written as .jsonl or .csv, not as "${basename(file)}"`, "name audit.jsonl");
}

function replicationOf(options: CommonOptions, plan: Plan): number {
  const asked = (options.auditReplication as number | undefined) ?? 0;
  if (asked < plan.replications) return asked;
  const fix = `they are counted from 0: name one up to ${plan.replications - 1}`;
  throw usage("AUDIT_REPLICATION", `there is no replication ${asked}`, fix);
}

function strategyOf(name: string, plan: Plan): number {
  const names = plan.strategies.map((strategy) => strategy.name);
  const index = names.indexOf(name);
  if (index >= 0) return index;
  throw usage("AUDIT_STRATEGY", `no strategy "${name}" is run`, suggest(name, names));
}

function usage(code: string, what: string, fix: string): MeridianError {
  return new MeridianError("usage", { code, what, fix });
}

/** An empty temporary file beside the final one, so that the rename at the end stays on one disk. */
async function createFile(path: string): Promise<EvidenceFile> {
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined && !found.isFile()) throw evidenceNotWritten(path, new Error("this is not a regular file"));
  const temp = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    await rm(temp, { force: true });
    await (await open(temp, "wx")).close();
  } catch (error) {
    throw evidenceNotWritten(path, error);
  }
  return { path, temp };
}

async function publish(files: EvidenceFile[]): Promise<readonly string[]> {
  const published: string[] = [];
  for (let file = files.shift(); file !== undefined; file = files.shift()) {
    try {
      await rename(file.temp, file.path);
    } catch (error) {
      files.unshift(file);
      throw evidenceNotWritten(file.path, error);
    }
    published.push(file.path);
  }
  return published;
}

async function discard(files: readonly EvidenceFile[]): Promise<void> {
  for (const { temp } of files) await rm(temp, { force: true }).catch(() => undefined);
}

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
