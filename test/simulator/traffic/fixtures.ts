/** Made-up logs of one hour of requests, in the formats of their services. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

const FOLDER = join(import.meta.dirname, "../../scripts/fixtures");

/** Text of a file under test/scripts/fixtures, unpacked by its name. */
export function fixtureText(name: string): string {
  const bytes = readFileSync(join(FOLDER, name));
  return (name.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
}

export function sum(values: ArrayLike<number>): number {
  return Array.from(values).reduce((total, value) => total + value, 0);
}

/** How often each label stands in a column. */
export function counted(index: Uint16Array, names: readonly string[]): Readonly<Record<string, number>> {
  const times: Record<string, number> = {};
  for (const i of index) times[names[i]!] = (times[names[i]!] ?? 0) + 1;
  return times;
}
