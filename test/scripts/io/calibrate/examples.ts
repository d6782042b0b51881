import { existsSync } from "node:fs";
import { join } from "node:path";

const FOLDER = join(import.meta.dirname, "../../../../../shared/examples");

/** An example input of the formats that users bring. */
export function exampleFile(name: string): string {
  return join(FOLDER, name);
}

/** Why tests on them are left out; false where they are there. */
export const noExamples: string | false = existsSync(FOLDER) ? false : "no example inputs beside the repository";
