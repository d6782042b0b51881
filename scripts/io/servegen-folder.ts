/** A folder of ServeGen's client files, rates and lengths, as its repository has them under `data/`. */
import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { MeridianError } from "../../simulator/base/errors.ts";
import { CLIENT_FILE, clientLengths, LENGTHS_FILE, servegenClient } from "../../simulator/traffic/servegen-clients.ts";
import type { RecordedClient } from "../../simulator/traffic/traffic.ts";

const FILE_BYTES_MAX = 2 ** 24;
const UNPACKED_BYTES_MAX = 2 ** 26;

export interface ServegenFolder {
  readonly clients: readonly RecordedClient[];
  readonly sha256: string;
}

/**
 * Reads the clients of a folder, in order of their numbers.
 *
 * @returns undefined where the path is no folder with such files
 * @throws MeridianError data TRACE_*
 */
export async function readServegenFolder(path: string, source: string): Promise<ServegenFolder | undefined> {
  const names = await readdir(path).catch(() => []);
  const numberOf = (name: string) => Number(CLIENT_FILE.exec(name)![1]);
  const files = names.filter((name) => CLIENT_FILE.test(name)).sort((a, b) => numberOf(a) - numberOf(b));
  if (files.length === 0) return undefined;
  const lengthNames = names.filter((name) => LENGTHS_FILE.test(name));
  const hash = createHash("sha256");
  const clients: RecordedClient[] = [];
  for (const name of files) {
    const text = await textOf(join(path, name), `${source}/${name}`);
    hash.update(text);
    const client = servegenClient(`client ${numberOf(name)}`, text, `${source}/${name}`);
    if (client === undefined) continue;
    const own = lengthNames.find((each) => Number(LENGTHS_FILE.exec(each)![1]) === numberOf(name));
    if (own === undefined) {
      clients.push(client);
      continue;
    }
    const dataset = await textOf(join(path, own), `${source}/${own}`);
    hash.update(dataset);
    const firstS = startOf(text);
    const stepOf = (atS: number) => Math.max(0, Math.ceil((1000 * (atS - firstS)) / client.stepMs));
    const requestsIn = (fromS: number, toS: number) =>
      client.ratePerS.slice(stepOf(fromS), stepOf(toS)).reduce((sum, rate) => sum + rate, 0);
    clients.push({ ...client, lengths: clientLengths(dataset, `${source}/${own}`, requestsIn) });
  }
  if (clients.length > 0) return { clients, sha256: hash.digest("hex") };
  const what = "none of the clients has a request";
  throw new MeridianError("data", { code: "TRACE_EMPTY", where: source, what, fix: "give another folder" });
}

async function textOf(file: string, where: string): Promise<string> {
  const { size } = await stat(file);
  if (size > FILE_BYTES_MAX) throw tooLarge(where, size);
  const bytes = await readFile(file);
  return (file.endsWith(".gz") ? unpacked(bytes, where) : bytes).toString("utf8");
}

/** When the first window begins, s. */
function startOf(text: string): number {
  return Number(text.trimStart().split(",", 1)[0]);
}

function unpacked(bytes: Buffer, where: string): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: UNPACKED_BYTES_MAX });
  } catch (cause) {
    const what = "the gzip file is damaged, or unpacks to more than 64 MiB";
    const fix = "copy or pack the file again; `gzip -t` checks it";
    throw new MeridianError("data", { code: "TRACE_DAMAGED_GZIP", where, what, fix }, { cause });
  }
}

function tooLarge(where: string, bytes: number): MeridianError {
  const what = `the file has ${bytes.toLocaleString("en-US")} bytes`;
  const fix = "a client's windows take no more than 16 MiB";
  return new MeridianError("data", { code: "TRACE_TOO_LARGE", where, what, fix });
}
