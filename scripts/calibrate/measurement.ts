/** What every source of measured calls gives, and how the files of a run are read. */
import { open } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { MeridianError } from "../../simulator/base/errors.ts";
import type { Observation } from "../../simulator/calibrate/calls.ts";
import { unpackedBytesMax, WHOLE_TEXT_BYTES_MAX } from "../io/text-files.ts";

/** What was read of one source. */
export interface Measurement {
  readonly observations: readonly Observation[];
  /** Bedrock id of each model, by the name that observations give it. */
  readonly modelIds: Readonly<Record<string, string>>;
  /** What was left out and why, one sentence each. */
  readonly notes: readonly string[];
}

/** The first instant of a file, ms since 1970, from which its times count; Infinity without rows. */
export function axisStartOf(epochsMs: readonly number[]): number {
  return epochsMs.reduce((least, ms) => Math.min(least, ms), Number.POSITIVE_INFINITY);
}

const O_RDONLY_NONBLOCK = 0o4000;

/**
 * Reads a text file whole, plain or, by its name, gzipped. Devices and pipes are not opened for reading.
 *
 * @throws MeridianError data CALIBRATE_NOT_FOUND, _NOT_A_FILE, _TOO_LARGE, _DAMAGED, _NOT_UTF8
 */
export async function readPackedText(file: string): Promise<string> {
  const bytes = await readBytes(file);
  const text = file.endsWith(".gz") ? unpack(bytes, file) : bytes;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(text);
  } catch {
    throw fail("NOT_UTF8", file, "the file is not UTF-8 text", "give a text file, or one packed by gzip named .gz");
  }
}

async function readBytes(file: string): Promise<Uint8Array> {
  const handle = await open(file, O_RDONLY_NONBLOCK).catch((error: NodeJS.ErrnoException) => {
    throw error.code === "ENOENT" || error.code === "ENOTDIR"
      ? fail("NOT_FOUND", file, "there is no such file", "check the path")
      : fail("UNREADABLE", file, `the file cannot be read (${error.code})`, "check its permissions");
  });
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw fail("NOT_A_FILE", file, "this is not a file", "name a file, or the folder of a run");
    if (stats.size > WHOLE_TEXT_BYTES_MAX) throw tooLarge(file);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

function unpack(bytes: Uint8Array, file: string): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: unpackedBytesMax(bytes.length) });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(file);
    throw fail("DAMAGED", file, "the gzip file is damaged or cut off", "copy it again; gzip -t checks it");
  }
}

function tooLarge(file: string): MeridianError {
  return fail("TOO_LARGE", file, "the file is too large to be read whole", "give a part of it: some thousand calls do");
}

function fail(suffix: string, where: string, what: string, fix: string): MeridianError {
  return new MeridianError("data", { code: `CALIBRATE_${suffix}`, where, what, fix });
}
