/**
 * The measured data of the studies: one compressed archive per folder, listed with its SHA-256 in the file SHA256SUMS
 * beside it (`sha256sum -c` and `tar -xzf` read them too). An archive that does not match its checksum is refused.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, posix } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { readTar, type TarEntry, writeTar } from "../scripts/bench/kubernetes/archive.ts";
import { PACKAGE_ROOT } from "../scripts/io/process.ts";
import { MeridianError } from "../simulator/base/errors.ts";

const SUMS = "SHA256SUMS";
const SUFFIX = ".tar.gz";
const CACHE = join(PACKAGE_ROOT, ".cache", "studies");

/**
 * Unpacks an archive into the cache, once for each content.
 *
 * @param archive path of `<name>.tar.gz`, which holds a folder `<name>`
 * @param cache folder to unpack into
 * @returns path of that folder; it must not be written to
 * @throws MeridianError data STUDY_DATA_MISSING, STUDY_DATA_DAMAGED when the archive is not the one of SHA256SUMS
 */
export async function unpackFolder(archive: string, cache: string = CACHE): Promise<string> {
  const bytes = await readFile(archive).catch(() => undefined);
  const sums = await readSums(dirname(archive));
  const expected = sums.get(basename(archive));
  if (bytes === undefined || expected === undefined)
    throw missing(archive, bytes === undefined ? "is not there" : `is not in ${SUMS}`);
  const found = sha256(bytes);
  if (found !== expected) throw damaged(archive, `its SHA-256 is ${found}, and ${SUMS} says ${expected}`);
  const name = basename(archive, SUFFIX);
  const home = join(cache, found.slice(0, 16));
  if (!existsSync(home)) await unpackInto(home, readTar(gunzipSync(bytes)));
  return join(home, name);
}

/** Atomic, since another process may unpack the same archive. */
async function unpackInto(home: string, entries: readonly TarEntry[]): Promise<void> {
  await mkdir(dirname(home), { recursive: true });
  const partial = await mkdtemp(`${home}-`);
  for (const { name, bytes } of entries) {
    const file = join(partial, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, bytes);
  }
  await rename(partial, home).catch(() => rm(partial, { recursive: true }));
}

/**
 * Packs a folder and records it in the checksum file. Equal contents give equal bytes: no times, no owners, sorted
 * names.
 *
 * @param archive path of `<name>.tar.gz`; the folder must be called `<name>`
 */
export async function packFolder(folder: string, archive: string): Promise<void> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const named = paths.map((path) => ({ path, name: posixPath(path.slice(dirname(folder).length + 1)) }));
  named.sort((a, b) => (a.name < b.name ? -1 : 1));
  const entries = await Promise.all(named.map(async ({ path, name }) => ({ name, bytes: await readFile(path) })));
  const bytes = gzipSync(writeTar(entries), { level: 9 });
  const sums = new Map(await readSums(dirname(archive)));
  sums.set(basename(archive), sha256(bytes));
  const lines = [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, sum]) => `${sum}  ${name}\n`);
  await mkdir(dirname(archive), { recursive: true });
  await writeFile(archive, bytes);
  await writeFile(join(dirname(archive), SUMS), lines.join(""));
}

function posixPath(path: string): string {
  return path.split(/[\\/]/).join(posix.sep);
}

/** SHA-256 by file name, as `sha256sum` writes it. */
async function readSums(folder: string): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(join(folder, SUMS), "utf8").catch(() => "");
  return new Map([...text.matchAll(/^([0-9a-f]{64}) [ *](.+)$/gm)].map(([, sum, name]) => [name!, sum!]));
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function missing(archive: string, why: string): MeridianError {
  const fix = "restore both files with git, or make them anew as the study's page says";
  return new MeridianError("data", {
    code: "STUDY_DATA_MISSING",
    what: `${basename(archive)} ${why}`,
    where: archive,
    fix,
  });
}

function damaged(archive: string, why: string): MeridianError {
  const fix = "restore the file with git: figures must follow from what was measured";
  return new MeridianError("data", {
    code: "STUDY_DATA_DAMAGED",
    what: `${basename(archive)} was changed: ${why}`,
    where: archive,
    fix,
  });
}
