/** Text files: safe reading of small ones, reports and JSON as Meridian writes them, and problems of the file system. */
import { appendFile, mkdir, open, readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, extname, isAbsolute, join, relative, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { MeridianError, type Problem } from "../../simulator/base/errors.ts";
import { nearNames } from "../../simulator/base/near-names.ts";

/** What kind of file is read: the first part of the problem codes, and its name in sentences. */
export interface TextFileKind {
  readonly code: string;
  readonly noun: string;
  readonly bytesMax: number;
  readonly kind: "usage" | "data";
  /** A name that ends in .gz says that the file is packed. */
  readonly mayBePacked?: boolean;
}

/**
 * Reads a UTF-8 file whole. Never opens a device or a pipe for reading, so it cannot hang.
 * @throws `<code>_NOT_FOUND`, `_IS_DIRECTORY`, `_NOT_A_FILE`, `_TOO_LARGE`, `_NOT_UTF8`, `_UNREADABLE`; GZIP_DAMAGED
 */
export async function readTextFile(path: string, file: TextFileKind): Promise<string> {
  const fail = (suffix: string, what: string, fix: string): MeridianError =>
    new MeridianError(file.kind, { code: `${file.code}_${suffix}`, what, where: path, fix });
  // O_NONBLOCK: opening a named pipe without a writer would otherwise wait for ever.
  const handle = await open(path, O_RDONLY_NONBLOCK).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") {
      throw fail("NOT_FOUND", `there is no such ${file.noun}`, await nearbyFile(path));
    }
    throw fail(
      "UNREADABLE",
      `the ${file.noun} cannot be read (${error.code ?? error.message})`,
      "check its permissions",
    );
  });
  try {
    const stats = await handle.stat();
    if (stats.isDirectory()) throw fail("IS_DIRECTORY", `this is a folder, not a ${file.noun}`, `name a file in it`);
    if (!stats.isFile()) throw fail("NOT_A_FILE", "this is not a regular file", `name a ${file.noun}`);
    const tooLarge = () =>
      fail("TOO_LARGE", `a ${file.noun} may have at most ${file.bytesMax} bytes`, "is it the right file?");
    if (stats.size > file.bytesMax) throw tooLarge();
    const stored = await handle.readFile();
    if (stored.length > file.bytesMax) throw tooLarge();
    const bytes = file.mayBePacked === true && path.endsWith(".gz") ? unpack(stored, path, file, tooLarge) : stored;
    return decode(bytes, () => fail("NOT_UTF8", "the file is not UTF-8 text", "save it as UTF-8"));
  } finally {
    await handle.close();
  }
}

const O_RDONLY_NONBLOCK = 0o4000;

/**
 * A text whose lines end by LF alone, for csv-parse: inside quotes it counts CR LF as two lines, so that every row after
 * such a cell would be told a line too far down.
 */
export function withLineFeeds(text: string): string {
  return text.replaceAll("\r\n", "\n");
}

/** The longest text that the engine keeps as one has 2^29 characters; a file that is read whole must be below that. */
export const WHOLE_TEXT_BYTES_MAX = 500_000_000;
const UNPACKED_FREE_BYTES = 64 * 2 ** 20;
const UNPACKED_RATIO_MAX = 500;

/** Bytes that a gzip file may unpack to where it is read whole: what packs better than recorded rows do is a bomb. */
export function unpackedBytesMax(packedBytes: number, freeBytes = UNPACKED_FREE_BYTES): number {
  return Math.min(WHOLE_TEXT_BYTES_MAX, freeBytes + packedBytes * UNPACKED_RATIO_MAX);
}

function unpack(bytes: Uint8Array, where: string, file: TextFileKind, tooLarge: () => MeridianError): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: Math.min(file.bytesMax, unpackedBytesMax(bytes.length)) });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge();
    const what = "the gzip file is damaged or cut off";
    throw new MeridianError("data", { code: "GZIP_DAMAGED", what, where, fix: "copy it again; gzip -t checks it" });
  }
}

function decode(bytes: Uint8Array, notUtf8: () => MeridianError): string {
  if (bytes.includes(0)) throw notUtf8();
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw notUtf8();
  }
}

/** Whether a file lies below a folder, links followed; a file that is not there is judged by its path. */
export async function isBelow(file: string, folder: string): Promise<boolean> {
  const real = async (path: string): Promise<string> => realpath(path).catch(() => resolve(path));
  const [inside, root] = await Promise.all([real(file), real(folder)]);
  const way = relative(root, inside);
  return way !== "" && !way.startsWith("..") && !isAbsolute(way);
}

/** The fix for a missing file: the nearest name in the same folder, or what is there. */
async function nearbyFile(path: string): Promise<string> {
  const folder = dirname(path);
  const names = await readdir(folder).catch(() => undefined);
  if (names === undefined) return `the folder ${folder} does not exist either`;
  const extension = extname(path);
  // Both extensions of YAML are common.
  const like = extension === ".yml" ? [".yml", ".yaml"] : extension === ".yaml" ? [".yaml", ".yml"] : [extension];
  const kin = names.filter((name) => extension === "" || like.includes(extname(name))).sort();
  const near = nearNames(basename(path), kin)[0];
  if (near !== undefined) return `did you mean ${join(folder, near)}?`;
  // What shares nothing but the lack of an extension is of another kind.
  return extension !== "" && kin.length > 0 ? `there are ${kin.slice(0, 10).join(", ")}` : "check the path";
}

/** A problem that quotes the message of an operating system error. */
export function environmentProblem(code: string, error: unknown, where: string, fix: string): Problem {
  return { code, what: error instanceof Error ? error.message : String(error), where, fix };
}

/**
 * JSON with keys in a stable order (as built, which the result's types fix) and one rule more than JSON.stringify:
 * a number that is not finite is a bug, never a silent null.
 *
 * @throws MeridianError internal RESULT_NOT_FINITE with the key of the bad number
 * @example stableJson({ b: 1, a: [2] }) // => '{\n  "b": 1,\n  "a": [\n    2\n  ]\n}\n'
 */
export function stableJson(value: unknown): string {
  return `${JSON.stringify(value, refuseBadNumbers, 2)}\n`;
}

/** Levels of a document that are put together piece by piece: strategies of a result, and their hours. */
const LEVELS_IN_PIECES = 4;
/** Bytes that are written at once. */
const PIECE_BYTES = 256 * 1024;

/**
 * The bytes of `stableJson` in pieces, which are made anew each time they are gone through: the result of a run of months has a
 * hundred megabytes, and is read twice, for the name of its run and to be written.
 *
 * @throws MeridianError internal RESULT_NOT_FINITE with the key of the bad number, where a piece is made
 */
export class JsonPieces implements Iterable<Buffer> {
  declare private readonly value: object;

  constructor(value: object) {
    this.value = value;
  }

  *[Symbol.iterator](): Iterator<Buffer> {
    let texts: string[] = [];
    let length = 0;
    for (const text of piecesOf(this.value, "", { levels: LEVELS_IN_PIECES, newline: "\n" })) {
      texts.push(text);
      length += text.length;
      if (length < PIECE_BYTES) continue;
      yield Buffer.from(texts.join(""));
      texts = [];
      length = 0;
    }
    yield Buffer.from(`${texts.join("")}\n`);
  }
}

function* piecesOf(
  value: unknown,
  key: string,
  { levels, newline }: { readonly levels: number; readonly newline: string },
): Generator<string> {
  const isList = Array.isArray(value);
  if (
    levels === 0 ||
    typeof value !== "object" ||
    value === null ||
    (isList ? value : Object.keys(value)).length === 0
  ) {
    // A list has null where an object would leave the key out.
    yield (JSON.stringify(refuseBadNumbers(key, value), refuseBadNumbers, 2) ?? "null").replaceAll("\n", newline);
    return;
  }
  const inner = `${newline}  `;
  const members = isList
    ? value.map((member: unknown, i) => ({ name: "", key: String(i), member }))
    : Object.entries(value)
        .filter(([, member]) => member !== undefined)
        .map(([name, member]) => ({ name: `${JSON.stringify(name)}: `, key: name, member: member as unknown }));
  for (const [i, { name, key: own, member }] of members.entries()) {
    yield `${i > 0 ? "," : isList ? "[" : "{"}${inner}${name}`;
    yield* piecesOf(member, own, { levels: levels - 1, newline: inner });
  }
  yield members.length === 0 ? "{}" : `${newline}${isList ? "]" : "}"}`;
}

function refuseBadNumbers(key: string, value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new MeridianError("internal", {
      code: "RESULT_NOT_FINITE",
      what: `the result holds ${value} under "${key}"`,
      fix: "please report this with the scenario",
    });
  }
  return value;
}

/** GitHub refuses a job summary above this size. */
const SUMMARY_BYTES_MAX = 1024 * 1024;

/** Appends a run's summary to the summary of the GitHub job that runs us, if one does. Never fails a run. */
export async function appendJobSummary(markdown: string, file: string | undefined): Promise<void> {
  if (file === undefined || file === "" || Buffer.byteLength(markdown) > SUMMARY_BYTES_MAX) return;
  await appendFile(file, `${markdown}\n`).catch(() => undefined);
}

/** Makes a folder and those above it, one by one: made in one go, a folder below /proc is tried for ever. */
export async function makeFolder(path: string): Promise<void> {
  const missing: string[] = [];
  for (let each = resolve(path); !(await isFolder(each)); each = dirname(each)) {
    missing.push(each);
    if (dirname(each) === each) break;
  }
  for (const each of missing.toReversed()) {
    await mkdir(each).catch(async (error: NodeJS.ErrnoException) => {
      // Another process may have made it meanwhile.
      if (error.code !== "EEXIST" || !(await isFolder(each))) throw error;
    });
  }
}

export async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true;
}

/** Writes a report, whole or not at all. @throws MeridianError (environment) REPORT_NOT_WRITTEN */
export async function writeReport(path: string, text: string): Promise<void> {
  // Commands that write none need not load it.
  const { default: writeFileAtomic } = await import("write-file-atomic");
  try {
    await writeFileAtomic(path, text);
  } catch (error) {
    const fix = "check that the folder exists and can be written to";
    throw new MeridianError("environment", environmentProblem("REPORT_NOT_WRITTEN", error, path, fix), {
      cause: error,
    });
  }
}
