/** Stable names made with a key: equal labels stay equal, and without the key none can be guessed. */
import { createHmac } from "node:crypto";
import { MeridianError } from "../../simulator/base/errors.ts";
import type { RecordedRow } from "../../simulator/traffic/recorded-rows.ts";
import { readTextFile } from "../io/text-files.ts";

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
