/** What the commands of all studies share: options, errors of usage and exit codes. */
import { type ParseArgsOptionsConfig, parseArgs } from "node:util";
import { MeridianError } from "../simulator/base/errors.ts";

/** Runs a study's command on the process's arguments. A MeridianError is printed without a stack trace. */
export async function runCommand(main: (argv: readonly string[]) => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof MeridianError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error.exitCode;
  }
}

/**
 * Values of a command's options.
 *
 * @param code of the error, such as STUDY_USAGE
 * @throws MeridianError usage, listing the options, for an unknown option or one without its value
 */
export function readOptions<const T extends ParseArgsOptionsConfig>(argv: readonly string[], code: string, options: T) {
  try {
    return parseArgs({ args: [...argv], options }).values;
  } catch (error) {
    const names = Object.keys(options).map((name) => `--${name}`);
    throw usageError(code, (error as Error).message, `options are ${names.join(" ")}`);
  }
}

/** Reads an option's whole number. @throws MeridianError usage outside [min, max] or for other text */
export function wholeNumber(
  code: string,
  option: string,
  text: string,
  min = 1,
  max = Number.MAX_SAFE_INTEGER,
): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isInteger(value) && value >= min && value <= max) return value;
  const range = max === Number.MAX_SAFE_INTEGER ? `of ${min} or more` : `from ${min} to ${max}`;
  throw usageError(code, `--${option} ${text} is not a whole number ${range}`, `write for example --${option} ${min}`);
}

/** An error of usage. */
export function usageError(code: string, what: string, fix: string): MeridianError {
  return new MeridianError("usage", { code, what, fix });
}
