/** What the test command prints: a line per file, every failure with the command that repeats it, and the total. */
import { relative } from "node:path";
import type { CheckOutcome, FileOutcome, TestOutcome } from "./slots.ts";

export interface TestReport {
  file(outcome: FileOutcome): void;
  check(outcome: CheckOutcome): void;
  /** Prints the total; true when something ran and all of it passed. */
  finish(): boolean;
}

/**
 * @param root folder that paths are shown from
 * @param write takes what is printed
 */
export function createReport(root: string, write: (text: string) => void = toStdout): TestReport {
  const startedMs = performance.now();
  const total = { files: 0, checks: 0, passed: 0, failed: 0, skipped: 0, processorMs: 0 };
  const skips: string[] = [];
  return {
    file({ file, tests, end, problems }) {
      const path = shown(root, file.path);
      const of = (kind: TestOutcome["outcome"]) => tests.filter(({ outcome }) => outcome === kind);
      const [passed, failed, skipped] = [of("passed"), of("failed"), of("skipped")];
      const wrongs = tests.length === 0 && problems.length === 0 ? ["it holds no tests"] : problems;
      for (const test of failed) write(failureText(path, shown(root, test.file ?? file.path), test));
      for (const wrong of wrongs) write(`\nFAILED  ${path}: ${wrong}\n  again: npm run unit -- ${path}\n\n`);
      skips.push(...skipped.map(({ name, detail }) => `skipped ${path}  ${name}: ${detail || "no reason given"}`));
      const isOk = failed.length === 0 && wrongs.length === 0;
      const skippedText = skipped.length > 0 ? `, ${skipped.length} skipped` : "";
      const duration =
        end === undefined ? "" : `, ${Math.round(end.durationMs)} ms (processor ${Math.round(end.processorMs)} ms)`;
      write(`${isOk ? "ok     " : "FAILED "} ${path.padEnd(60)} ${tests.length} tests${skippedText}${duration}\n`);
      total.files += 1;
      total.processorMs += end?.processorMs ?? 0;
      total.passed += passed.length;
      total.failed += failed.length + wrongs.length;
      total.skipped += skipped.length;
    },
    check({ name, isOk, text, durationMs }) {
      if (!isOk) write(`\nFAILED  ${name}\n${indent(text)}\n  again: npm run ${name}\n\n`);
      write(`${isOk ? "ok     " : "FAILED "} ${name.padEnd(60)} check, ${Math.round(durationMs)} ms\n`);
      total.checks += 1;
      if (isOk) total.passed += 1;
      else total.failed += 1;
    },
    finish() {
      const { files, checks, passed, failed, skipped } = total;
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
      const processor = `${(total.processorMs / 1000).toFixed(1)} s of processor time in the files`;
      const beside = checks > 0 ? ` and ${checks} checks` : "";
      if (skips.length > 0) write(`\n${skips.join("\n")}\n`);
      write(`\n${passed + failed + skipped - checks} tests in ${files} files${beside}, ${seconds} s, ${processor}\n`);
      write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
      return passed > 0 && failed === 0;
    },
  };
}

function failureText(path: string, place: string, { name, line, detail }: TestOutcome): string {
  return `\nFAILED  ${place}:${line ?? 1}  ${name}\n${indent(detail)}\n  again: npm run unit -- ${path}\n\n`;
}

function shown(root: string, path: string): string {
  return relative(root, path).replaceAll("\\", "/");
}

function indent(text: string): string {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
}

function toStdout(text: string): void {
  process.stdout.write(text);
}
