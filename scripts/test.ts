/**
 * Runs the tests: `npm test`, or `npm run unit -- word...` for the files whose path holds one of the words. `--checks`
 * adds the type check, the linter and the search for unused code, which run beside the tests. Lists the files itself,
 * prints a line per file, and fails when there is nothing to run: a test command that finds no tests and says "ok" is
 * worse than none. `--full` gives statistical tests their whole budget. The last line is `N passed, N failed, N skipped`.
 */
import { existsSync, globSync, readFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { PACKAGE_ROOT } from "./io/process.ts";
import { helpersOf, whyOwnProcess } from "./testing/own-process.ts";
import { compilePackage, PACKAGE_VARIABLE } from "./testing/package.ts";
import { createReport } from "./testing/report.ts";
import { runCheck, runInSlots, type TestFile } from "./testing/slots.ts";

const FILE_LIMIT_MS = 900_000;

/** What takes long starts first, so that no core is idle at the end; and what mostly waits, beside what computes. */
const LONGEST_FIRST = [
  ...["contributing", "package", "e2e/", "scripts/commands/validate", "scripts/commands/", "docs"].map(inTests),
  ...["scripts/bench/", "studies/", "scenarios/", "golden/", "scripts/", "simulator/calibrate/", "metamorphic/"].map(
    inTests,
  ),
];

/** Starts the command: tests that reach it want the compiled package. */
const COMMAND_HELPER = "test/scripts/run-meridian.ts";
/** This many files start the command from its sources sooner than it is compiled. */
const SOURCES_MAX = 3;

const OPTIONS = ["--checks", "--full"];

const words = process.argv.slice(2).filter((argument) => !OPTIONS.includes(argument));
const files = globSync("test/**/*.test.ts", { cwd: PACKAGE_ROOT })
  .map((file) => file.replaceAll("\\", "/"))
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
if (files.length === 0) {
  process.stderr.write(`no test file ${words.length === 0 ? "in test/" : `with ${words.join(" or ")} in its path`}\n`);
  process.exit(1);
}

if (process.argv.includes("--full")) process.env.MERIDIAN_TEST_FULL = "1";
// What one process has compiled the next need not: half of the start of a command.
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), "meridian-compile-cache");
const report = createReport(PACKAGE_ROOT);
const work: readonly TestFile[] = files.map((file) => ({
  path: join(PACKAGE_ROOT, file),
  isShared: whyOwnProcess(file, textOf) === undefined,
}));
const checks = ["typecheck", "lint", "unused"]
  .filter(() => process.argv.includes("--checks"))
  .map((script) => async () => report.check(await runCheck(script, PACKAGE_ROOT)));
delete process.env[PACKAGE_VARIABLE];
const starters = files.filter((file) => helpersOf(file, textOf).has(COMMAND_HELPER));
const compiled = starters.length > SOURCES_MAX ? await compilePackage(PACKAGE_ROOT) : undefined;
if (compiled !== undefined) process.env[PACKAGE_VARIABLE] = compiled.folder;
await runInSlots([...work.slice(0, 2), ...checks, ...work.slice(2)], {
  // One more than there are cores: tests of k6 and of emulators spend much of their time waiting.
  slots: Number(process.env.MERIDIAN_TEST_SLOTS ?? availableParallelism() + 1),
  fileLimitMs: FILE_LIMIT_MS,
  onFile: report.file,
});
compiled?.remove();
process.exitCode = report.finish() ? 0 : 1;

function inTests(prefix: string): string {
  return `test/${prefix}`;
}

function rank(file: string): number {
  const index = LONGEST_FIRST.findIndex((prefix) => file.startsWith(prefix));
  return index === -1 ? LONGEST_FIRST.length : index;
}

function textOf(path: string): string | undefined {
  const file = join(PACKAGE_ROOT, path);
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}
