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
import { type Lane, runCheck, runInSlots, type TestFile } from "./testing/slots.ts";

const FILE_LIMIT_MS = 900_000;

/**
 * What mostly waits (for k6, for emulators in real time, for a browser), the longest first: these run beside what
 * computes, and before it where both want the processor, as they measure time.
 */
const WAITING = [
  ...["e2e/emulate.", "scripts/commands/validate", "scripts/bench/executors", "scripts/commands/probe"],
  ...["scripts/bench/", "scripts/commands/bench.", "scripts/playground/browser", "e2e/emulat", "studies/held-out/"],
  ...["reports/html/browser", "scripts/view/", "studies/performance/executors", "scripts/probe/", "scripts/testing/"],
  ...["scripts/playground/session", "emulator/http/", "emulator/sdk", "e2e/litellm"],
].map(inTests);
/** Of the others, what takes long starts first, so that no core is idle at the end. */
const LONGEST_FIRST = [
  ...["contributing", "package", "docs", "tidy", "studies/", "scripts/commands/", "e2e/", "scenarios/", "golden/"],
  ...["scripts/", "metamorphic/", "simulator/calibrate/", "simulator/experiment/", "simulator/service/capacity/"],
  ...["simulator/traffic/", "simulator/validate/", "simulator/strategies/index"],
].map(inTests);

/** Waiting tests at a time: together they need less than one core. */
const WAITING_SLOTS = 3;

/** Set where a test runs tests. */
const INNER_VARIABLE = "MERIDIAN_TEST_INNER";

/** Starts the command: tests that reach it want the compiled package. */
const COMMAND_HELPER = "test/scripts/run-meridian.ts";
/** This many files start the command from its sources sooner than it is compiled. */
const SOURCES_MAX = 3;

const OPTIONS = ["--checks", "--full"];

const words = process.argv.slice(2).filter((argument) => !OPTIONS.includes(argument));
const files = globSync("test/**/*.test.ts", { cwd: PACKAGE_ROOT })
  .map((file) => file.replaceAll("\\", "/"))
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .sort();
if (files.length === 0) {
  process.stderr.write(`no test file ${words.length === 0 ? "in test/" : `with ${words.join(" or ")} in its path`}\n`);
  process.exit(1);
}

if (process.argv.includes("--full")) process.env.MERIDIAN_TEST_FULL = "1";
// What one process has compiled the next need not: half of the start of a command.
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), "meridian-compile-cache");
// The compiler and k6 are Go programs, too short to need a garbage collector, which takes a third of the compiler's time.
process.env.GOGC ??= "off";
process.env.GOMEMLIMIT ??= "2GiB";
const report = createReport(PACKAGE_ROOT);
const checks = ["typecheck", "lint", "unused"]
  .filter(() => process.argv.includes("--checks"))
  .map(async (script) => report.check(await runCheck(script, PACKAGE_ROOT)));
delete process.env[PACKAGE_VARIABLE];
const starters = files.filter((file) => helpersOf(file, textOf).has(COMMAND_HELPER));
const compiled = starters.length > SOURCES_MAX ? await compilePackage(PACKAGE_ROOT) : undefined;
if (compiled !== undefined) process.env[PACKAGE_VARIABLE] = compiled.folder;
await runInSlots(lanesOf(files), { fileLimitMs: FILE_LIMIT_MS, onFile: report.file });
await Promise.all(checks);
compiled?.remove();
process.exitCode = report.finish() ? 0 : 1;

function inTests(prefix: string): string {
  return `test/${prefix}`;
}

function lanesOf(paths: readonly string[]): readonly Lane[] {
  const waits = (file: string) => rank(file, WAITING) < WAITING.length;
  const waiting = inOrder(paths.filter(waits), WAITING);
  const computing = inOrder(
    paths.filter((file) => !waits(file)),
    LONGEST_FIRST,
  );
  // A run that a test has started takes one core, as that test does.
  if (process.env[INNER_VARIABLE] !== undefined) return [{ work: [...waiting, ...computing], slots: 1 }];
  return [
    { work: computing, slots: availableParallelism(), isPatient: waiting.length > 0 },
    { work: waiting, slots: WAITING_SLOTS },
  ];
}

/** Files by the first of the prefixes that they have, then by name. */
function inOrder(paths: readonly string[], prefixes: readonly string[]): readonly TestFile[] {
  return [...paths]
    .sort((a, b) => rank(a, prefixes) - rank(b, prefixes) || (a < b ? -1 : 1))
    .map((file) => ({ path: join(PACKAGE_ROOT, file), isShared: whyOwnProcess(file, textOf) === undefined }));
}

function rank(file: string, prefixes: readonly string[]): number {
  const index = prefixes.findIndex((prefix) => file.startsWith(prefix));
  return index === -1 ? prefixes.length : index;
}

function textOf(path: string): string | undefined {
  const file = join(PACKAGE_ROOT, path);
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}
