/** `meridian traffic convert`: recordings transformed as a scenario would replay them, into a file of any format. */
import { rename, rm } from "node:fs/promises";
import { EXIT_CODES, MeridianError } from "../../simulator/base/errors.ts";
import { parseDurationMs, parseShare } from "../../simulator/base/quantities.ts";
import { arrivalSchema } from "../../simulator/traffic/arrivals/index.ts";
import type { TraceSpec } from "../../simulator/traffic/arrivals/trace.ts";
import { LABELS, mergeRecordings, takeRows } from "../../simulator/traffic/columns.ts";
import { bareModelId, shortModelName } from "../../simulator/traffic/labels.ts";
import { tokensSchema } from "../../simulator/traffic/tokens.ts";
import type { RecordedColumns } from "../../simulator/traffic/traffic.ts";
import { type Transform, transformed } from "../../simulator/traffic/transform.ts";
import type { CommonOptions } from "../commands/command.ts";
import { type CommandInput, jsonDocument } from "../commands/command.ts";
import { pairsOf } from "../commands/options.ts";
import { environmentProblem } from "../io/text-files.ts";
import { pseudonymsOf, type ReadTraffic, readTraffic, refuseOverInput } from "./read.ts";
import { writeRecording } from "./recording-writer.ts";
import { type RequestWriter, writerOf } from "./request-writers.ts";

/** Tags by which a recording can be split: a file for each of their values. */
const SPLITS = { class: 0, origin: 1, model: 2, tenant: 3 } as const;

/** @throws MeridianError usage TRAFFIC_*; data TRACE_*; environment TRAFFIC_NOT_SAVED */
export async function convert({ args, options, terminal }: CommandInput): Promise<number> {
  const out = String(options.out ?? "traffic.csv");
  const writer = writerOf(out, options.as as string | undefined);
  const transform = transformOf(options, args.join(", "));
  const parts: ReadTraffic[] = [];
  for (const name of args.length === 0 ? [""] : args) parts.push(await readTraffic(name === "" ? [] : [name], options));
  const merged = mergeRecordings(parts.map(({ columns }) => columns));
  const read = merged.arrivalMs.length;
  const { columns: moved, dropped } = transformed(merged, transform);
  const renamed = withModels(moved, options.mapModel as readonly string[] | undefined);
  const { columns, sessionName } =
    options.anonymise === undefined
      ? { columns: renamed, sessionName: undefined }
      : await pseudonymsOf(String(options.anonymise)).then((of) => anonymous(renamed, of));
  const files = filesOf(out, columns, options.splitBy as keyof typeof SPLITS | undefined);
  for (const { file } of files) await refuseOverInput(file, args);
  for (const each of files) await save(writer, each.file, each.columns, sessionName);
  const notes = notesOf(parts, writer, columns, dropped);
  const rows = columns.arrivalMs.length;
  const written = files.map(({ file, columns: { arrivalMs } }) => ({ file, rows: arrivalMs.length }));
  if (options.json === true) {
    terminal.out(jsonDocument("traffic-convert", { format: writer.name, read, rows, dropped, files: written, notes }));
    return EXIT_CODES.ok;
  }
  for (const note of notes) terminal.note(`note: ${note}`);
  terminal.out(`${number(read)} requests read, ${number(rows)} written (${writer.name})`);
  for (const each of written) terminal.out(`  ${each.file}: ${number(each.rows)}`);
  return EXIT_CODES.ok;
}

/** What the options ask for, by the schemas of a scenario: values are written as there. */
function transformOf(options: CommonOptions, name: string): Transform {
  const given = (value: unknown, parse: (text: string) => unknown = (text) => text) =>
    value === undefined ? undefined : parse(String(value));
  const only = options.only as readonly string[] | undefined;
  const parsed = arrivalSchema.safeParse(
    dropUndefined({
      trace: name || "recording",
      scale: given(options.scaleRate, factorOf),
      timeScale: given(options.scaleTime, factorOf),
      slice: given(options.slice, sliceOf),
      thin: given(options.thin),
      tile: options.tile === true ? true : undefined,
      only: only === undefined ? undefined : Object.fromEntries(pairsOf(only, "--only")),
    }),
  );
  const limits = options.maxTokens === undefined ? undefined : tokensSchema.safeParse({ maxTokens: limitOf(options) });
  const issues = [...(parsed.error?.issues ?? []), ...(limits?.error?.issues ?? [])];
  if (issues.length > 0) throw badTransform(issues, options);
  return {
    spec: parsed.data as TraceSpec,
    maxTokens: limits?.data?.maxTokens ?? null,
    durationMs: options.duration === undefined ? Number.POSITIVE_INFINITY : durationOf(String(options.duration)),
    seed: Number(options.seed ?? 1),
  };
}

function dropUndefined(entries: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined));
}

/** A factor; what is none stays as it is written, for the schema to refuse. */
function factorOf(text: string): number | string {
  const factor = Number(text);
  return Number.isNaN(factor) ? text : factor;
}

/** `10m..1h`, `10m..` or `..1h`. */
function sliceOf(text: string): object {
  const [from = "", to = ""] = text.split("..");
  return { ...(from === "" ? {} : { from }), ...(to === "" ? {} : { to }) };
}

/** `800`, `unset`, `quantile:99%` of the answers by class, `times:1.5` the answer; undefined: as recorded. */
function limitOf({ maxTokens }: CommonOptions): unknown {
  const text = String(maxTokens);
  const [how, value = ""] = text.split(":");
  if (how === "quantile") return { outputQuantile: value };
  if (how === "times") return { outputTimes: Number(value) };
  if (text === "recorded") return undefined;
  return /^\d+$/.test(text) ? Number(text) : text;
}

/** Options by the key of the scenario that they set. */
const OPTION_OF: Readonly<Record<string, string>> = {
  scale: "--scale-rate",
  timeScale: "--scale-time",
  slice: "--slice",
  thin: "--thin",
  only: "--only",
  maxTokens: "--max-tokens",
};

interface TransformIssue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

function badTransform(issues: readonly TransformIssue[], { scaleRate, scaleTime }: CommonOptions) {
  const factors: Readonly<Record<string, unknown>> = { scale: scaleRate, timeScale: scaleTime };
  return new MeridianError(
    "usage",
    issues.map(({ path, message }) => {
      const key = String(path[0]);
      const isNoNumber = Object.hasOwn(factors, key) && message.startsWith("Invalid");
      const share = isNoNumber ? parseShare(String(factors[key])) : undefined;
      return {
        code: "TRAFFIC_TRANSFORM",
        where: OPTION_OF[key] ?? String(path[0] ?? "convert"),
        what: isNoNumber ? `${JSON.stringify(factors[key])} is not a number` : message,
        fix:
          share === undefined
            ? "write it as beside trace: in a scenario: --scale-rate 2, --slice 10m..1h, --thin 10%, --max-tokens quantile:99%"
            : `write ${share}`,
      };
    }),
  );
}

function durationOf(text: string): number {
  const ms = parseDurationMs(text);
  if (ms !== undefined && ms > 0) return ms;
  const problem = {
    code: "TRAFFIC_NO_END",
    where: `--duration ${text}`,
    what: "this is not a duration",
    fix: "write 24h",
  };
  throw new MeridianError("usage", problem);
}

/** Models under other names: by their id, or by their short name. */
function withModels(columns: RecordedColumns, pairs: readonly string[] | undefined): RecordedColumns {
  const { modelNames } = columns;
  if (pairs === undefined) return columns;
  const names = pairsOf(pairs, "--map-model");
  const known = modelNames ?? [];
  const keysOf = (name: string) => [name, bareModelId(name), shortModelName(name)];
  for (const from of names.keys()) {
    if (known.some((name) => keysOf(name).includes(from))) continue;
    const what = `no request asks for ${from}`;
    const fix = known.length === 0 ? "the recording names no models" : `its models are ${known.join(", ")}`;
    throw new MeridianError("usage", { code: "TRAFFIC_NO_MODEL", where: "--map-model", what, fix });
  }
  const renamed = known.map((name) => keysOf(name).flatMap((key) => names.get(key) ?? [])[0] ?? name);
  return { ...columns, ...(modelNames === undefined ? {} : { modelNames: renamed }) };
}

/** Labels under pseudonyms; regions and models stay, account numbers do not. */
function anonymous(columns: RecordedColumns, of: (kind: string, label: string) => string) {
  const renamed = (names: readonly string[], kind: string) => names.map((name) => (name === "" ? "" : of(kind, name)));
  const { tenantNames = [], classNames, modelNames } = columns;
  const isTenant = (name: string) => tenantNames.includes(name);
  return {
    columns: {
      ...columns,
      ...(columns.tenantNames && { tenantNames: renamed(tenantNames, "tenant") }),
      // A class that is called as its tenant stays so.
      ...(classNames && {
        classNames: classNames.map((name) => name && of(isTenant(name) ? "tenant" : "class", name)),
      }),
      ...(modelNames && { modelNames: modelNames.map((name) => name.replace(/\d{12}/g, "000000000000")) }),
    },
    sessionName: (id: number) => of("session", String(id)),
  };
}

/** One file, or one for each value of a tag: `out-search.csv`. */
function filesOf(out: string, columns: RecordedColumns, splitBy: keyof typeof SPLITS | undefined) {
  if (splitBy === undefined) return [{ file: out, columns }];
  const [indexName, namesName] = LABELS[SPLITS[splitBy]]!;
  const [index, names] = [columns[indexName], columns[namesName]];
  if (index === undefined || names === undefined) {
    const what = `the requests have no ${splitBy}`;
    const fix = `they have ${
      LABELS.filter(([i]) => columns[i])
        .map(([i]) => i.replace("Index", ""))
        .join(", ") || "no tags"
    }`;
    throw new MeridianError("usage", { code: "TRAFFIC_SPLIT", where: `--split-by ${splitBy}`, what, fix });
  }
  const dot = out.lastIndexOf(".");
  const [stem, ending] = dot > 0 ? [out.slice(0, dot), out.slice(dot)] : [out, ""];
  const taken = new Set<string>();
  return names.flatMap((name, label) => {
    const rows = Int32Array.from([...index.keys()].filter((row) => index[row] === label));
    if (rows.length === 0) return [];
    const plain = name.replace(/[^A-Za-z0-9._-]+/g, "-").slice(0, 80) || "none";
    let file = `${stem}-${plain}${ending}`;
    for (let i = 2; taken.has(file); i++) file = `${stem}-${plain}-${i}${ending}`;
    taken.add(file);
    return [
      {
        file,
        columns: takeRows(
          columns,
          rows,
          Float64Array.from(rows, (row) => columns.arrivalMs[row]!),
        ),
      },
    ];
  });
}

async function save(
  writer: RequestWriter,
  file: string,
  columns: RecordedColumns,
  sessionName: ((id: number) => string) | undefined,
): Promise<void> {
  const temporary = `${file}.tmp`;
  try {
    writeRecording(writer, temporary, columns, sessionName);
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    if (error instanceof MeridianError) throw error;
    const fix = "name a place that can be written to with --out";
    throw new MeridianError("environment", environmentProblem("TRAFFIC_NOT_SAVED", error, file, fix));
  }
}

/** What a reader of the file should know: of reading, of what is not in it, of what its format cannot hold. */
function notesOf(
  parts: readonly ReadTraffic[],
  writer: RequestWriter,
  columns: RecordedColumns,
  dropped: Readonly<Record<string, number>>,
): readonly string[] {
  const why: Readonly<Record<string, string>> = {
    only: "lack the labels that --only asks for",
    slice: "lie outside --slice",
    duration: "come after --duration",
    thin: "were thinned out",
  };
  const isByClock = parts.every((part) => part.columns.startEpochMs !== undefined);
  const isOwn = ["csv", "jsonl", "parquet"].includes(writer.name);
  const unknown = columns.outputTokens.reduce((sum, tokens) => sum + Number(tokens < 0), 0);
  return [
    ...parts.flatMap(({ name, notes }) => notes.map((note) => (parts.length > 1 ? `${name}: ${note}` : note))),
    ...(parts.length > 1 && !isByClock
      ? ["not all of them tell the time of day: each begins at the start of the file"]
      : []),
    ...Object.entries(dropped).flatMap(([key, count]) => (count > 0 ? [`${number(count)} requests ${why[key]}`] : [])),
    ...(isOwn ? [] : [`${writer.name} holds times, lengths and prefixes; tenants, models and all else are not in it`]),
    ...(isOwn || unknown === 0 ? [] : [`${number(unknown)} requests tell no output tokens, and stand there with none`]),
  ];
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}
