import assert from "node:assert/strict";
import { test } from "node:test";
import { junitText } from "../../../scripts/commands/compare.ts";
import { compareRuns } from "../../../simulator/compare/compare.ts";
import type { ComparisonResult } from "../../../simulator/compare/result.ts";
import { runOf } from "../../simulator/compare/fixtures.ts";

const run = (label: string) => runOf({ label, strategies: { single: { total: { e2eMsP95: [1, 2] } } } });
const comparison = compareRuns([run("a"), run("b & <c>")]);
const of = (gates: ComparisonResult["gates"]) => junitText({ ...comparison, gates });

test("a gate is a test case, and one that failed says what was found", () => {
  const text = of([
    { text: "regression", passed: true, found: "nothing" },
    { text: "p95(e2e) > +5%", passed: false, found: "<b> & \u0001more" },
  ]);
  assert.match(text, /<testsuite name="meridian compare a vs b &amp; &lt;c>" tests="2" failures="1"/);
  assert.match(
    text,
    /<testcase classname="meridian\.compare" name="p95\(e2e\) > \+5%">\s*<failure message="&lt;b> &amp; [^"]*more" type="gate"/,
  );
  // XML 1.0 has no control characters.
  assert.ok([...text].every((character) => character >= " " || character === "\n"));
});

test("without gates there is one case that passed", () => {
  assert.match(of([]), /tests="1" failures="0"/);
});
