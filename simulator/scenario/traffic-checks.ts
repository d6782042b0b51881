/**
 * Checks the traffic of each class before the run: that it can be made, what its sessions may stand beside and how long their
 * prompts may get, and what becomes of recorded rows.
 */
import type { TimeUnit } from "../base/instants.ts";
import { replayedRows, type TraceSpec } from "../traffic/arrivals/trace.ts";
import { type ClassTraffic, createClassStream, knownOrigin } from "../traffic/class-stream.ts";
import { rowFilter } from "../traffic/labels.ts";
import type { SessionSpec } from "../traffic/sessions.ts";
import type { RecordedColumns } from "../traffic/traffic.ts";
import type { ClassPlan, ModelPlan } from "./plan.ts";
import type { Problems } from "./problems.ts";
import type { Scenario } from "./schema.ts";

/** The run as the traffic sees it. */
interface Run {
  readonly seed: number;
  /** ms; Infinity where a number of requests ends the run. */
  readonly durationMs: number;
  readonly arrivalsFromMs: number;
}

/**
 * Adds a problem for each class whose traffic cannot be made, or of whose recorded rows none falls into the run.
 *
 * @returns what a reader of the result should know of rows that are not replayed as they are recorded
 */
export function checkTraffic(traffic: readonly ClassTraffic[], run: Run, problems: Problems): readonly string[] {
  const notes = traffic.flatMap((each, index): readonly string[] => {
    const { arrivals, recordings = {} } = each;
    // What could not be loaded has been reported by who loads it.
    if (Object.values(recordings).some((recording) => recording === undefined)) return [];
    const where = `traffic[${index}]`;
    const pathOf = (own: string) => (own.includes(", tokens") ? `${where}.tokens` : `${where}.arrivals`);
    const found = problems.attempt(() => {
      createClassStream(
        each,
        { ...run, replication: 0, requestsMax: 1 },
        { classIndex: 0, prefixIdBase: 0, rowsMax: 1 },
      );
      return arrivals.process === "trace" ? notesOfRows(each, arrivals, run, { where, problems }) : [];
    }, pathOf);
    return found ?? [];
  });
  checkUnits(traffic, problems);
  checkReadings(traffic, problems);
  return [...notes, ...notesOfLabels(traffic), ...notesOfRest(traffic)];
}

/** A file is read once, and so in one unit. */
function checkUnits(traffic: readonly ClassTraffic[], problems: Problems): void {
  const unitOf = new Map<string, TimeUnit>();
  traffic.forEach(({ arrivals }, index) => {
    if (arrivals.process !== "trace" || arrivals.unit === null) return;
    const { trace, unit } = arrivals;
    const before = unitOf.get(trace) ?? unit;
    unitOf.set(trace, before);
    if (before === unit) return;
    const what = `${trace} is read in ${before} by another class, and here in ${unit}`;
    problems.add("TRACE_TWO_UNITS", `traffic[${index}].arrivals.unit`, what, "give one file one unit");
  });
}

const READING_KEYS = ["format", "columns", "tag", "tags"] as const;

/** A file is read once: two classes that say how, each in its own way, cannot both have theirs. */
function checkReadings(traffic: readonly ClassTraffic[], problems: Problems): void {
  const said = new Map<string, string>();
  for (const key of READING_KEYS) {
    traffic.forEach(({ arrivals }, index) => {
      const value = arrivals.process === "trace" ? (arrivals.reading?.[key] ?? null) : null;
      if (arrivals.process !== "trace" || value === null) return;
      const { trace } = arrivals;
      const text = typeof value === "string" ? value : JSON.stringify(Object.entries(value).sort());
      const before = said.get(`${key} ${trace}`) ?? text;
      said.set(`${key} ${trace}`, before);
      if (before === text) return;
      const what = `${trace} is read once, and another class gives other ${key}`;
      const fix = `give one file the same ${key} everywhere, or read a copy of it under another name`;
      problems.add("TRACE_TWO_READINGS", `traffic[${index}].arrivals.${key}`, what, fix);
    });
  }
}

function notesOfRows(
  each: ClassTraffic,
  spec: TraceSpec,
  run: Run,
  { where, problems }: { readonly where: string; readonly problems: Problems },
): readonly string[] {
  const recording = each.recordings?.[spec.trace];
  if (recording?.kind !== "trace") return [];
  const context = { recordings: each.recordings!, className: each.name };
  const replayed = replayedRows(spec, context, { fromMs: run.arrivalsFromMs, toMs: run.durationMs });
  const { rows, inRun, firstMs, lastMs } = replayed;
  const notes = [...notesOfOrigins(each, spec, rows, recording.columns)];
  if (inRun === 0) {
    const what = `0 of ${count(rows.length, "row")} of ${spec.trace} fall into the run: first at ${seconds(firstMs)}`;
    if (run.arrivalsFromMs > 0) notes.unshift(`Class ${each.name}: ${what}, ${spanOf(run)}.`);
    else
      problems.add(
        "TRACE_OUTSIDE_RUN",
        `${where}.arrivals`,
        `${what}, duration ${seconds(run.durationMs)}`,
        outsideFix(firstMs),
      );
  } else if (inRun < rows.length && !isWindow(spec, run)) {
    const outside = `${thousands(rows.length - inRun)} of ${count(rows.length, "row")} of ${spec.trace} fall outside the run`;
    notes.unshift(`Class ${each.name}: ${outside}: last at ${seconds(lastMs)}, ${spanOf(run)}.`);
  }
  return notes;
}

function outsideFix(firstMs: number): string {
  return `make the run longer, or leave out what is before the first row: slice: { from: ${Math.floor(firstMs / 1000)}s } beside the trace's name`;
}

/**
 * Whether the scenario itself says that the run shows a part of the recording: repeated to fill it, from a point on
 * without an end, or a window of a longer run. A slice with an end names the rows that are wanted, all of them.
 */
function isWindow(spec: TraceSpec, { arrivalsFromMs }: Run): boolean {
  return spec.tile || arrivalsFromMs > 0 || (spec.fromMs > 0 && spec.toMs === null);
}

function spanOf({ arrivalsFromMs, durationMs }: Run): string {
  return arrivalsFromMs > 0
    ? `the run is from ${seconds(arrivalsFromMs)} to ${seconds(durationMs)}`
    : `duration ${seconds(durationMs)}`;
}

/** Origins that the scenario does not know, and those that it knows by another spelling. */
function notesOfOrigins(
  { name, recordedOrigins = {} }: ClassTraffic,
  { trace }: TraceSpec,
  rows: Int32Array,
  { originIndex, originNames }: RecordedColumns,
): readonly string[] {
  if (originIndex === undefined || originNames === undefined) return [];
  const unknown = new Map<string, number>();
  const respelled = new Map<string, number>();
  for (const [label, times] of countLabels(rows, originIndex, originNames)) {
    const known = knownOrigin(label, recordedOrigins);
    if (known === undefined) unknown.set(label.trim() === "" ? "none at all" : label, times);
    else if (known.name !== label) respelled.set(`${label} read as ${known.name}`, times);
  }
  const notes: string[] = [];
  if (unknown.size > 0) {
    const all = `${sum(unknown)} of ${count(rows.length, "row")} of ${trace}`;
    notes.push(
      `Class ${name}: ${all} name origins that the scenario does not know: ${listed(unknown)}; drawn from the class's shares.`,
    );
  }
  if (respelled.size > 0) notes.push(`Class ${name}: origins of ${trace} in another spelling: ${listed(respelled)}.`);
  return notes;
}

/** Class labels of recordings that no class takes, where every class takes one label only. */
function notesOfLabels(traffic: readonly ClassTraffic[]): readonly string[] {
  const taken = new Map<string, { readonly columns: RecordedColumns; readonly labels: Set<string | null> }>();
  for (const { arrivals, recordings } of traffic) {
    if (arrivals.process !== "trace") continue;
    const recording = recordings?.[arrivals.trace];
    if (recording?.kind !== "trace") continue;
    const { labels } = taken.get(arrivals.trace) ?? { labels: new Set<string | null>() };
    const { only } = arrivals;
    const label = only === null || typeof only === "string" ? only : (only.class ?? null);
    taken.set(arrivals.trace, { columns: recording.columns, labels: labels.add(label) });
  }
  return [...taken].flatMap(([trace, { columns, labels }]): readonly string[] => {
    const { classIndex, classNames, arrivalMs } = columns;
    if (labels.has(null) || classIndex === undefined || classNames === undefined) return [];
    const all = countLabels(Int32Array.from(arrivalMs.keys()), classIndex, classNames);
    const left = new Map([...all].flatMap(([label, times]) => (labels.has(label) ? [] : [[label || "none", times]])));
    if (left.size === 0) return [];
    return [
      `${sum(left)} of ${count(arrivalMs.length, "row")} of ${trace} have labels that no class takes: ${listed(left)}.`,
    ];
  });
}

/** Rows of recordings that no class takes, where classes take them by team, model or origin. */
function notesOfRest(traffic: readonly ClassTraffic[]): readonly string[] {
  const takers = new Map<string, { readonly columns: RecordedColumns; readonly specs: TraceSpec[] }>();
  for (const { arrivals, recordings } of traffic) {
    const recording = arrivals.process === "trace" ? recordings?.[arrivals.trace] : undefined;
    if (arrivals.process !== "trace" || recording?.kind !== "trace") continue;
    const { specs } = takers.get(arrivals.trace) ?? { specs: [] };
    takers.set(arrivals.trace, { columns: recording.columns, specs: [...specs, arrivals] });
  }
  return [...takers].flatMap(([trace, { columns, specs }]): readonly string[] => {
    const isByLabel = ({ only }: TraceSpec) => only !== null && typeof only !== "string" && only.class === undefined;
    if (!specs.some(isByLabel)) return [];
    const filters = specs.map(({ only }) => rowFilter(only, columns));
    const rows = columns.arrivalMs.length;
    let left = 0;
    for (let row = 0; row < rows; row++) if (!filters.some((isTaken) => isTaken(row))) left++;
    return left === 0 ? [] : [`${thousands(left)} of ${count(rows, "row")} of ${trace} are taken by no class.`];
  });
}

function countLabels(rows: Int32Array, index: Uint16Array, names: readonly string[]): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  for (const row of rows) {
    const name = names[index[row]!]!;
    times.set(name, (times.get(name) ?? 0) + 1);
  }
  return times;
}

const LISTED_MAX = 8;

/** `eu-central-1 (2), mars (1)`, the most frequent first. */
function listed(times: ReadonlyMap<string, number>): string {
  const sorted = [...times].sort(([, a], [, b]) => b - a).map(([name, number]) => `${name} (${thousands(number)})`);
  const more = sorted.length > LISTED_MAX ? ` and ${sorted.length - LISTED_MAX} more` : "";
  return sorted.slice(0, LISTED_MAX).join(", ") + more;
}

function sum(times: ReadonlyMap<string, number>): string {
  return thousands([...times.values()].reduce((total, number) => total + number, 0));
}

function count(number: number, noun: string): string {
  return `${thousands(number)} ${noun}${number === 1 ? "" : "s"}`;
}

function thousands(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 3 });
}

function seconds(ms: number): string {
  return `${thousands(ms / 1000)} s`;
}

/**
 * The sessions of each class; null where it has none. Prompts are limited by the model's context window unless the
 * scenario says otherwise.
 */
export function resolveSessions(
  { traffic: classes, requests, slices }: Pick<Scenario, "traffic" | "requests" | "slices">,
  models: readonly Pick<ModelPlan, "contextTokens">[],
  plans: readonly Pick<ClassPlan, "model">[],
  problems: Problems,
): readonly (SessionSpec | null)[] {
  return classes.map(({ sessions, deferrable, tokens }, i) => {
    if (sessions === undefined) return null;
    const where = `traffic[${i}].sessions`;
    if (slices !== undefined) {
      const what = "sessions begin in one slice of a run and end in another, where they are not known";
      problems.add("SESSIONS_SLICES", where, what, "leave out slices, or sessions");
    }
    if (deferrable) {
      const what = "a deferrable class has sessions: who waits for an answer before asking on cannot be put off";
      problems.add("SESSIONS_DEFERRABLE", where, what, "leave out deferrable: true, or sessions");
    }
    if (sessions.kind === "recorded") {
      if ((tokens?.input ?? tokens?.output ?? tokens?.prefix) !== undefined) {
        const what = "recorded sessions bring their lengths, and the class gives others";
        problems.add("SESSIONS_TOKENS", `traffic[${i}].tokens`, what, "leave out all of tokens but maxTokens");
      }
      return sessions;
    }
    if (sessions.turns === null && requests !== undefined) {
      const what = "sessions without an end cannot share a number of requests";
      problems.add("SESSIONS_UNLIMITED", `${where}.turns`, what, "end the run by duration, not by requests");
    }
    const contextMax = sessions.contextMax ?? models[plans[i]!.model]!.contextTokens;
    return { ...sessions, contextMax: Number.isFinite(contextMax) ? contextMax : null };
  });
}
