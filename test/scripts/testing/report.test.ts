import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createReport, type TestReport } from "../../../scripts/testing/report.ts";
import type { TestOutcome } from "../../../scripts/testing/slots.ts";

const ROOT = "/project";
const file = { path: `${ROOT}/test/a.test.ts`, isShared: true };
const end = { kind: "end" as const, durationMs: 12.4, processorMs: 9.6, problems: [], residentBytes: 1 };
const test = (outcome: TestOutcome["outcome"], detail = ""): TestOutcome => ({
  kind: "test",
  outcome,
  name: "adds",
  file: `${ROOT}/test/helper.ts`,
  line: 7,
  detail,
});

function printed(act: (report: TestReport) => void): { readonly text: string; readonly isOk: boolean } {
  let text = "";
  const report = createReport(ROOT, (part) => {
    text += part;
  });
  act(report);
  return { isOk: report.finish(), text };
}

describe("the report of the tests", () => {
  it("is good when something ran and nothing failed; what was skipped is listed with its reason", () => {
    const { text, isOk } = printed((report) =>
      report.file({ file, tests: [test("passed"), test("skipped", "no such host")], end, problems: [] }),
    );
    assert.equal(isOk, true);
    assert.match(text, /^ok {6}test\/a\.test\.ts +2 tests, 1 skipped, 12 ms \(processor 10 ms\)\n/);
    assert.match(text, /\nskipped test\/a\.test\.ts {2}adds: no such host\n/);
    assert.match(
      text,
      /\n2 tests in 1 files, \d+\.\d s, 0\.0 s of processor time in the files\n1 passed, 0 failed, 1 skipped\n$/,
    );
  });

  it("shows where a test failed, why, and how to run it again", () => {
    const { text, isOk } = printed((report) =>
      report.file({ file, tests: [test("failed", "Error: 1 is not 2\n    at x")], end, problems: [] }),
    );
    assert.equal(isOk, false);
    assert.ok(
      text.includes(
        "FAILED  test/helper.ts:7  adds\n  Error: 1 is not 2\n      at x\n  again: npm run unit -- test/a.test.ts\n",
      ),
      text,
    );
    assert.match(text, /\n0 passed, 1 failed, 0 skipped\n$/);
  });

  it("counts a file without tests, and one whose process died, as failed", () => {
    const empty = printed((report) => report.file({ file, tests: [], end, problems: [] }));
    assert.match(empty.text, /FAILED {2}test\/a\.test\.ts: it holds no tests\n/);
    const dead = printed((report) =>
      report.file({ file, tests: [test("passed")], end: undefined, problems: ["its process ended"] }),
    );
    assert.deepEqual([empty.isOk, dead.isOk], [false, false]);
    assert.match(dead.text, /\n1 passed, 1 failed, 0 skipped\n$/);
  });

  it("is not good when nothing ran", () => assert.equal(printed(() => {}).isOk, false));

  it("counts checks with the tests, and shows what a failed one says", () => {
    const { text, isOk } = printed((report) => {
      report.file({ file, tests: [test("passed")], end, problems: [] });
      report.check({ name: "lint", isOk: true, text: "all is well", durationMs: 5 });
      report.check({ name: "typecheck", isOk: false, text: "a.ts(1,1): wrong\n", durationMs: 5 });
    });
    assert.equal(isOk, false);
    assert.ok(text.includes("FAILED  typecheck\n  a.ts(1,1): wrong\n  again: npm run typecheck\n"), text);
    assert.ok(!text.includes("all is well"));
    assert.match(text, /\n1 tests in 1 files and 2 checks, .*\n2 passed, 1 failed, 0 skipped\n$/);
  });
});
