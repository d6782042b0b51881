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
import { whyOwnProcess } from "./testing/own-process.ts";
import { createReport } from "./testing/report.ts";
import { runCheck, runInSlots, type TestFile } from "./testing/slots.ts";

const FILE_LIMIT_MS = 900_000;

/** What takes long starts first, so that no core is idle at the end. */
const LONGEST_FIRST = [
  "test/contributing",
  "test/e2e/",
  "test/scripts/commands/",
  "test/docs",
  "test/golden/",
  "test/scenarios/",
  "test/metamorphic/",
  "test/scripts/",
  "test/oracle/",
  "test/simulator/calibrate/",
];

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
const own: TestFile[] = [];
const shared: TestFile[] = [];
for (const file of files) {
  const isShared = whyOwnProcess(file, textOf) === undefined;
  (isShared ? shared : own).push({ path: join(PACKAGE_ROOT, file), isShared });
}
const checks = ["typecheck", "lint", "unused"]
  .filter(() => process.argv.includes("--checks"))
  .map((script) => async () => report.check(await runCheck(script, PACKAGE_ROOT)));
// The first file mostly waits for its emulator: the checks have the other cores meanwhile.
await runInSlots([...own.slice(0, 1), ...checks, ...own.slice(1), ...shared], {
  // One more than there are cores: tests of k6 and of emulators spend much of their time waiting.
  slots: availableParallelism() + 1,
  fileLimitMs: FILE_LIMIT_MS,
  onFile: report.file,
});
process.exitCode = report.finish() ? 0 : 1;

function rank(file: string): number {
  const index = LONGEST_FIRST.findIndex((prefix) => file.startsWith(prefix));
  return index === -1 ? LONGEST_FIRST.length : index;
}

function textOf(path: string): string | undefined {
  const file = join(PACKAGE_ROOT, path);
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}
