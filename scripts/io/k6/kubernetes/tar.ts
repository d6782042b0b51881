import { MeridianError } from "../../../../simulator/errors.ts";

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
