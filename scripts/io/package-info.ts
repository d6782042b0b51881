import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Folder that holds package.json, scenarios/ and the rest, wherever the command was called from. */
export const PACKAGE_ROOT = join(import.meta.dirname, "..", "..");

/** Version of this package. */
export function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(PACKAGE_ROOT, "package.json"), "utf8"));
  return (manifest as { version: string }).version;
}
