/** Begins a strategy of the user's own: `meridian strategy new mine.ts` and `meridian init mine.ts --strategy`. */
import { writeFile } from "node:fs/promises";
import { basename, extname } from "node:path";
import { EXIT_CODES, MeridianError } from "../../simulator/base/errors.ts";
import type { Terminal } from "../io/terminal.ts";
import { environmentProblem } from "../io/text-files.ts";
import { strategyTemplate } from "./template.ts";

/**
 * Writes the template; a file that is there is never overwritten.
 *
 * @param file its name is the strategy's: lower case with hyphens, ending with .ts, .mts, .js or .mjs
 * @returns the exit code
 * @throws MeridianError STRATEGY_NAME, STRATEGY_FILE_EXISTS, STRATEGY_NOT_WRITTEN
 */
export async function beginStrategy(file: string, terminal: Pick<Terminal, "note" | "out">): Promise<number> {
  const extension = extname(file);
  const name = basename(file, extension);
  if (![".ts", ".mts", ".js", ".mjs"].includes(extension) || !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
    const what = `"${file}" is no name for a strategy's file`;
    const fix = "lower case with hyphens, ending with .ts or .js: mine.ts";
    throw new MeridianError("usage", { code: "STRATEGY_NAME", what, where: file, fix });
  }
  await writeFile(file, strategyTemplate(name, extension.endsWith("ts")), { flag: "wx" }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST")
      throw new MeridianError(
        "environment",
        environmentProblem("STRATEGY_NOT_WRITTEN", error, file, "choose a folder that can be written to"),
      );
    const what = `${file} is there already`;
    throw new MeridianError("usage", { code: "STRATEGY_FILE_EXISTS", what, where: file, fix: "give another name" });
  });
  terminal.note(`wrote ${file}`);
  terminal.out(`Try it: meridian conformance ${file}`);
  terminal.out(`Use it: strategies: [{ file: ./${basename(file)} }] in a scenario of the same folder`);
  return EXIT_CODES.ok;
}
