/**
 * Reads the recordings that a `meridian traffic` or `import` command names, as its options say: with stable names in place of
 * labels where a key is given, equal for equal labels, and none to be guessed without the key.
 */
import { createHmac } from "node:crypto";
import { realpath } from "node:fs/promises";
import { resolve } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { MeridianError } from "../../simulator/base/errors.ts";
import type { TimeUnit } from "../../simulator/base/instants.ts";
import { suggestOneOf } from "../../simulator/base/near-names.ts";
import { BadRows } from "../../simulator/traffic/bad-rows.ts";
import { COLUMN_ROLES, columnMapSchema } from "../../simulator/traffic/column-map.ts";
import { type RecordedRow, RowBuffer } from "../../simulator/traffic/recorded-rows.ts";
import type { RecordedColumns } from "../../simulator/traffic/traffic.ts";
import type { CommonOptions } from "../commands/command.ts";
import { badRowsOf, pairsOf } from "../commands/options.ts";
import { loadTagger, tagRow } from "../io/tag-rules.ts";
import { environmentProblem, readTextFile } from "../io/text-files.ts";
import { emptyRecording, readRequests, type TraceFileOptions } from "../io/trace-file.ts";
import { listTraces, loadTrace } from "../io/traces.ts";

/** Recordings put together, and what a reader should know of them. */
export interface ReadTraffic {
  readonly name: string;
  readonly columns: RecordedColumns;
  readonly format: string;
  readonly files: number;
  readonly sha256: string;
  readonly notes: readonly string[];
}

/** How the options of a command say that files are to be read. @throws MeridianError usage */
export function readingOf(options: CommonOptions): TraceFileOptions & { readonly badRows: BadRows } {
  const pairs = options.columns === undefined ? undefined : pairsOf(options.columns as readonly string[], "--columns");
  const parsed = pairs === undefined ? undefined : columnMapSchema.safeParse(Object.fromEntries(pairs));
  if (parsed?.success === false) {
    const what = parsed.error.issues.map(({ message }) => message).join("; ");
    const known = ["time", ...COLUMN_ROLES];
    const wrong = Object.keys(Object.fromEntries(pairs!)).find((role) => !known.includes(role));
    const fix = wrong === undefined ? "write it as time=ts input=prompt_tok" : suggestOneOf(wrong, known);
    throw new MeridianError("usage", { code: "TRAFFIC_COLUMNS", where: "--columns", what, fix });
  }
  return {
    format: (options.format as string | undefined) ?? null,
    unit: (options.unit as TimeUnit | undefined) ?? null,
    tag: (options.tag as string | undefined) ?? null,
    columns: parsed?.data ?? null,
    badRows: new BadRows(badRowsOf(options)),
  };
}

/**
 * Reads files and folders into one recording; bundled recordings go by their name.
 *
 * @throws MeridianError usage TRAFFIC_NO_FILES; data TRACE_*
 */
export async function readTraffic(names: readonly string[], options: CommonOptions): Promise<ReadTraffic> {
  if (names.length === 0) {
    const fix = "name a file, a folder or a recording of list traces";
    throw new MeridianError("usage", { code: "TRAFFIC_NO_FILES", what: "no traffic is named", fix });
  }
  const [name] = names as [string];
  const bundled = (await listTraces()).find((each) => each.name === name && each.kind === "trace");
  if (bundled !== undefined && names.length === 1) {
    const { recording, sha256 } = await loadTrace(name, ".");
    if (recording.kind === "trace") {
      return { name, columns: recording.columns, format: "bundled", files: 1, sha256, notes: [] };
    }
  }
  const reading = readingOf(options);
  const rows = new RowBuffer(name);
  const paths = names.map((each) => ({ path: resolve(each), source: each }));
  const tagger = options.tags === undefined ? undefined : await loadTagger(String(options.tags));
  const tagged = (row: RecordedRow) => (tagger === undefined ? row : tagRow(row, tagger, reading.tag ?? null));
  const { reader, sha256, files } = await readRequests(paths, reading, (row, place) =>
    rows.add(tagged(row), place),
  ).catch((cause: unknown) => {
    throw isMissing(cause) ? notFound(cause as NodeJS.ErrnoException) : cause;
  });
  await writeRejects(reading.badRows, options, names);
  if (rows.length === 0) throw emptyRecording(names.join(", "), reader);
  const columns = rows.finish(reader.times);
  return {
    name: names.join(", "),
    columns,
    format: reader.format!,
    files,
    sha256,
    notes: [...reader.notes, ...(tagger?.notes() ?? [])],
  };
}

/**
 * Refuses to write over what is read: a log that is gone cannot be read again.
 *
 * @param names what the command reads
 * @throws MeridianError usage TRAFFIC_OVER_INPUT
 */
export async function refuseOverInput(out: string, names: readonly string[], option = "--out"): Promise<void> {
  const file = await realpath(out).catch(() => undefined);
  if (file === undefined) return;
  for (const name of names) {
    const read = await realpath(name).catch(() => undefined);
    if (file !== read) continue;
    const what = "this file is read, and would be written over";
    throw new MeridianError("usage", {
      code: "TRAFFIC_OVER_INPUT",
      where: `${option} ${out}`,
      what,
      fix: `give ${option} another name`,
    });
  }
}

/** Lists rows that were left out, each with its place and reason; what they hold is not written. */
export async function writeRejects(
  { rejected }: BadRows,
  options: CommonOptions,
  names: readonly string[],
): Promise<void> {
  if (rejected.length === 0 || options.rejects === undefined) return;
  const file = String(options.rejects);
  await refuseOverInput(file, names, "--rejects");
  await writeFileAtomic(file, `${rejected.map((each) => JSON.stringify(each)).join("\n")}\n`).catch(
    (error: unknown) => {
      const fix = "name a place that can be written to with --rejects";
      throw new MeridianError("environment", environmentProblem("TRAFFIC_NOT_SAVED", error, file, fix));
    },
  );
}

function isMissing(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && (cause.code === "ENOENT" || cause.code === "ENOTDIR");
}

function notFound(cause: NodeJS.ErrnoException): MeridianError {
  const what = "there is no such file, folder or bundled recording";
  const problem = { code: "TRACE_NOT_FOUND", where: cause.path ?? "", what, fix: "check the path; see list traces" };
  return new MeridianError("data", problem, { cause });
}

/** Made names that are remembered; more are made anew. */
const KNOWN_MAX = 100_000;

/**
 * Pseudonyms by kind and label, such as `tenant-0123456789abcdef`.
 *
 * @param file holds the key
 * @throws MeridianError usage KEY_FILE, KEY_FILE_SHORT
 */
export async function pseudonymsOf(file: string): Promise<(kind: string, label: string) => string> {
  const key = await keyOf(file);
  const known = new Map<string, string>();
  return (kind, value) => {
    const label = `${kind}/${value}`;
    const before = known.get(label);
    if (before !== undefined) return before;
    const made = `${kind}-${createHmac("sha256", key).update(label).digest("hex").slice(0, 16)}`;
    if (known.size < KNOWN_MAX) known.set(label, made);
    return made;
  };
}

/** A row under pseudonyms; regions and models stay, account numbers do not. */
export function pseudonymousRow(row: RecordedRow, of: (kind: string, label: string) => string): RecordedRow {
  const named = (kind: string, label: string | undefined) =>
    label === undefined || label === "" ? label : of(kind, label);
  return {
    ...row,
    tenant: named("tenant", row.tenant),
    className: named(row.className === row.tenant ? "tenant" : "class", row.className),
    session: named("session", row.session),
    requestId: named("request", row.requestId),
    model: row.model?.replace(/\d{12}/g, "000000000000"),
  };
}

async function keyOf(file: string): Promise<string> {
  const kind = { code: "KEY_FILE", noun: "key file", bytesMax: 4096, kind: "usage" as const };
  const key = (await readTextFile(file, kind)).trim();
  if (key.length >= 16) return key;
  const fix = "put 16 random characters or more into it, and keep it: the same key gives the same pseudonyms";
  throw new MeridianError("usage", { code: "KEY_FILE_SHORT", where: file, what: "the key is too short", fix });
}
