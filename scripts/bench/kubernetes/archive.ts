/** A k6 archive of one strategy's replay: the same bytes for the same inputs, and nothing of this machine in it. */
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { encodeReplayPlan, type ReplayPlan } from "../../../simulator/bench/plan.ts";
import { encodeSchedule, type ScheduleRow } from "../../../simulator/bench/rows.ts";
import { PACKAGE_ROOT, programFile } from "../../io/process.ts";
import { interrupted } from "../../io/worker-pool.ts";
import { type K6Program, runChild } from "../k6-program.ts";

export interface ArchiveOrder {
  readonly k6: K6Program;
  readonly plan: ReplayPlan;
  readonly schedule: readonly ScheduleRow[];
  /** Whose rows these will be: every instance says it. */
  readonly run: string;
  readonly signal: AbortSignal;
}

/** What k6 loads: the script, everything that it imports (the compiled script imports nothing), and its two inputs. */
const SCRIPT_FILE = programFile("scenarios/k6/replay.ts");
const SCRIPT = `scenarios/k6/${basename(SCRIPT_FILE)}`;
const SOURCES: readonly (readonly [from: string, to: string])[] = SCRIPT_FILE.endsWith(".js")
  ? [[SCRIPT_FILE, SCRIPT]]
  : ["scenarios/k6", "simulator"].map((folder) => [join(PACKAGE_ROOT, folder), folder]);
/** Where the archive says that its files were. */
const HOME = "/meridian";
const LIMIT_MS = 120_000;

/**
 * Makes a k6 archive of one strategy's replay: script, plan and schedule in one tar file that `k6 run` takes. It holds
 * no credentials, no environment and no path of this machine, and the same inputs give the same bytes.
 *
 * @throws MeridianError environment K6_ARCHIVE; INTERRUPTED
 */
export async function makeArchive({ k6, plan, schedule, run, signal }: ArchiveOrder): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), "meridian-archive-"));
  try {
    for (const [from, to] of SOURCES) {
      const isSource = (path: string): boolean => !/\.(json|md)$/.test(path);
      await cp(from, join(folder, to), { recursive: true, filter: isSource });
    }
    await writeFile(join(folder, "plan.json"), encodeReplayPlan(plan));
    await writeFile(join(folder, "schedule.json"), encodeSchedule(schedule));
    const variables = { MERIDIAN_PLAN: "../../plan.json", MERIDIAN_SCHEDULE: "../../schedule.json", MERIDIAN_RUN: run };
    const given = Object.entries(variables).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
    const end = await runChild(k6.path, ["archive", "--quiet", ...given, "-O", "archive.tar", SCRIPT], {
      cwd: folder,
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        K6_NO_USAGE_REPORT: "true",
        K6_AUTO_EXTENSION_RESOLUTION: "false",
      },
      limitMs: LIMIT_MS,
      signal,
    });
    if (end.why === "aborted") throw interrupted();
    if (end.why !== "ended" || end.code !== 0) throw failed(end.tail.at(-1) ?? "it said nothing");
    return neutral(await readFile(join(folder, "archive.tar")));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Puts the archive's own name for its folder in place of the folder in which it was made. */
function neutral(tar: Uint8Array): Uint8Array {
  const entries = readTar(tar);
  const metadata = entries.find(({ name }) => name === "metadata.json");
  const text = metadata === undefined ? "{}" : Buffer.from(metadata.bytes).toString("utf8");
  const { filename = "" } = JSON.parse(text) as { readonly filename?: string };
  // k6 writes file:///folder/script, and the folder's files as file/folder/...
  if (!filename.endsWith(`/${SCRIPT}`)) throw failed(`its archive names the script "${filename}"`);
  const url = filename.slice(0, -SCRIPT.length - 1);
  const folder = `file${decodeURI(url.replace(/^file:\/\//, ""))}/`;
  return writeTar(
    entries.map(({ name, bytes }) => {
      if (name === "metadata.json") return { name, bytes: Buffer.from(text.replaceAll(url, `file://${HOME}`)) };
      if (name === "data") return { name, bytes };
      if (!name.startsWith(folder)) throw failed(`its archive holds "${name}", from outside of ${folder}`);
      return { name: `file${HOME}/${name.slice(folder.length)}`, bytes };
    }),
  );
}

function failed(said: string): MeridianError {
  return new MeridianError("environment", {
    code: "K6_ARCHIVE",
    what: `k6 made no archive that could be used: ${said}`,
    fix: "meridian doctor shows which k6 is used; 1.8 is tested",
  });
}

/** A regular file in a tar file. */
export interface TarEntry {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const BLOCK = 512;
const FILE = "0";
/** Hard links and folders: k6 writes them and never reads them. */
const LEFT_OUT = ["1", "5"];

/**
 * Reads the regular files of a tar file as k6 writes it (POSIX ustar, IEEE Std 1003.1).
 *
 * @throws MeridianError internal TAR for members of other kinds, such as extended headers for very long names
 */
export function readTar(tar: Uint8Array): readonly TarEntry[] {
  const buffer = Buffer.from(tar.buffer, tar.byteOffset, tar.byteLength);
  const text = (at: number, length: number): string => {
    const field = buffer.subarray(at, at + length);
    const end = field.indexOf(0);
    return field.toString("utf8", 0, end < 0 ? length : end);
  };
  const entries: TarEntry[] = [];
  for (let at = 0; at + BLOCK <= buffer.length && buffer[at] !== 0; ) {
    const size = Number.parseInt(text(at + 124, 12), 8);
    const prefix = text(at + 345, 155);
    const name = prefix === "" ? text(at, 100) : `${prefix}/${text(at, 100)}`;
    const kind = text(at + 156, 1);
    if (kind === FILE || kind === "") entries.push({ name, bytes: buffer.subarray(at + BLOCK, at + BLOCK + size) });
    else if (!LEFT_OUT.includes(kind)) throw malformed(`member "${name}" is of kind "${kind}"`);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return entries;
}

/**
 * Writes a tar file whose bytes depend on names and contents only: no times, no owners.
 *
 * @throws MeridianError internal TAR for a name that does not fit
 */
export function writeTar(entries: readonly TarEntry[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const { name, bytes } of entries) {
    parts.push(headerOf(name, bytes.length), bytes, new Uint8Array((BLOCK - (bytes.length % BLOCK)) % BLOCK));
  }
  return Buffer.concat([...parts, new Uint8Array(2 * BLOCK)]);
}

function headerOf(name: string, size: number): Uint8Array {
  const header = Buffer.alloc(BLOCK);
  const [prefix, rest] = splitName(name);
  header.write(rest, 0, 100, "utf8");
  header.write("0000644\0", 100);
  header.write("0000000\0", 108);
  header.write("0000000\0", 116);
  header.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
  header.write(`${"0".repeat(11)}\0`, 136);
  header.write(FILE, 156);
  header.write("ustar\x0000", 257);
  header.write(prefix, 345, 155, "utf8");
  // The checksum counts its own field as spaces.
  header.write(" ".repeat(8), 148);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}

/** A long name is cut at a slash: up to 155 bytes before it, up to 100 behind. */
function splitName(name: string): readonly [prefix: string, rest: string] {
  if (Buffer.byteLength(name) <= 100) return ["", name];
  for (let slash = name.indexOf("/"); slash > 0; slash = name.indexOf("/", slash + 1)) {
    const [prefix, rest] = [name.slice(0, slash), name.slice(slash + 1)];
    if (Buffer.byteLength(prefix) <= 155 && Buffer.byteLength(rest) <= 100) return [prefix, rest];
  }
  throw malformed(`the name "${name}" is too long`);
}

function malformed(what: string): MeridianError {
  return new MeridianError("internal", { code: "TAR", what });
}
