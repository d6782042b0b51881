/**
 * Runs the tests: `npm test`, or `npm run unit -- word...` for the files whose path holds one of the words.
 * Lists the files itself, prints a line per file and the total, and fails when there is nothing to run: a test
 * command that finds no tests and says "ok" is worse than none.
 */
import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { relative } from "node:path";
import { run } from "node:test";
import { PACKAGE_ROOT } from "./io/package-info.ts";

const TEST_TIMEOUT_MS = 900_000;

interface FileTally {
  passed: number;
  failed: number;
  skipped: number;
  durationMs: number;
}

const words = process.argv.slice(2);
const files = globSync("test/**/*.test.ts", { cwd: PACKAGE_ROOT })
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .sort();
if (files.length === 0) {
  process.stderr.write(`no test file ${words.length === 0 ? "in test/" : `with ${words.join(" or ")} in its path`}\n`);
  process.exit(1);
}

const startedMs = performance.now();
const tallies = new Map<string, FileTally>();
const stream = run({
  cwd: PACKAGE_ROOT,
  files: files.map((file) => `${PACKAGE_ROOT}/${file}`),
  concurrency: availableParallelism(),
  timeout: TEST_TIMEOUT_MS,
  execArgv: ["--import", import.meta.resolve("tsx")],
});
stream.on("test:pass", (event) => {
  // A file without tests is reported as one passed test that has the file's path as its name.
  if (event.name !== event.file) count(event, event.skip === undefined ? "passed" : "skipped");
});
stream.on("test:fail", (event) => {
  count(event, "failed");
  if (failureTypeOf(event.details.error) !== "subtestsFailed") printFailure(event);
});
stream.on("test:stderr", (event) => void process.stderr.write(event.message));
for await (const event of stream) {
  if (event.type === "test:summary" && event.data.file !== undefined) printFile(event.data.file);
}
finish();

type LeafEvent = {
  readonly file?: string;
  readonly nesting: number;
  readonly details: { readonly type?: string; readonly duration_ms: number };
};

/** A suite that failed only because a test in it did has already been told of. */
function failureTypeOf(error: Error): unknown {
  return (error as { failureType?: unknown }).failureType;
}

function isLeaf(event: LeafEvent): boolean {
  return event.details.type !== "suite";
}

function tallyOf(file: string): FileTally {
  const tally = tallies.get(file) ?? { passed: 0, failed: 0, skipped: 0, durationMs: 0 };
  tallies.set(file, tally);
  return tally;
}

function count(event: LeafEvent, kind: "passed" | "failed" | "skipped"): void {
  if (event.file === undefined) return;
  const tally = tallyOf(event.file);
  if (isLeaf(event)) tally[kind] += 1;
  else if (kind === "failed" && tally.failed === 0) tally.failed += 1;
  if (event.nesting === 0) tally.durationMs += event.details.duration_ms;
}

function printFailure(event: {
  readonly name: string;
  readonly file?: string;
  readonly line?: number;
  readonly details: { readonly error: Error };
}): void {
  const error = event.details.error.cause instanceof Error ? event.details.error.cause : event.details.error;
  const place = event.file === undefined ? "" : `${relative(PACKAGE_ROOT, event.file)}:${event.line ?? 1}`;
  process.stdout.write(`\nFAILED  ${place}  ${event.name}\n${indent(error.stack ?? String(error))}\n`);
  if (event.file !== undefined)
    process.stdout.write(`  again: npm run unit -- ${relative(PACKAGE_ROOT, event.file)}\n\n`);
}

function printFile(file: string): void {
  const tally = tallyOf(file);
  const word = tally.failed > 0 ? "FAILED" : "ok";
  const skipped = tally.skipped > 0 ? `, ${tally.skipped} skipped` : "";
  const counts = `${tally.passed + tally.failed} tests${skipped}`;
  process.stdout.write(
    `${word.padEnd(7)} ${relative(PACKAGE_ROOT, file).padEnd(60)} ${counts}, ${Math.round(tally.durationMs)} ms\n`,
  );
}

/** Without the frames of the test runner itself. */
function indent(text: string): string {
  const lines = text.split("\n").filter((line) => !/^\s+at .*node:internal/.test(line));
  return lines.map((line) => `  ${line}`).join("\n");
}

function finish(): void {
  const all = [...tallies.values()];
  const sum = (kind: keyof FileTally) => all.reduce((total, tally) => total + tally[kind], 0);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  const empty = files.filter((file) => {
    const tally = tallies.get(`${PACKAGE_ROOT}/${file}`);
    return tally === undefined || tally.passed + tally.failed + tally.skipped === 0;
  });
  for (const file of empty) process.stdout.write(`FAILED  ${file} holds no tests\n`);
  const [passed, failed, skipped] = [sum("passed"), sum("failed"), sum("skipped")];
  process.stdout.write(
    `\n${passed + failed + skipped} tests in ${files.length} files: ${passed} passed, ${failed} failed, ${skipped} skipped, ${seconds} s\n`,
  );
  process.exitCode = failed > 0 || empty.length > 0 || passed === 0 ? 1 : 0;
}
