import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Figures } from "../../../studies/held-out/figures.ts";
import { medianError, studyPart, studyTables, withStudyPart } from "../../../studies/held-out/report.ts";
import type { CaseResult } from "../../../studies/held-out/study.ts";

const figures = (e2eMsP95: number): Figures => ({
  e2eMsP50: 500,
  e2eMsP95,
  e2eMsP99: 3000,
  ttftMsP50: 100,
  ttftMsP95: 200,
  ttftMsP99: 300,
  throttledShare: 0.125,
  firstTargetShare: 0.5,
  servedShare: 1,
});

const caseOf = (condition: CaseResult["condition"], predicted: number): CaseResult => ({
  world: "steps",
  condition,
  load: 1.5,
  strategy: "round-robin",
  requests: 100,
  measured: figures(1000),
  e2eMsP95Interval: { low: 900, high: 1100 },
  predicted: figures(predicted),
  naive: figures(800),
  twin: figures(1010),
  twinE2eP95Spread: 0.023,
});

const CASES = [caseOf("base", 1001), caseOf("load", 1020), caseOf("strategy", 960), caseOf("both", 1234)];

describe("tables of the study", () => {
  it("give the median of absolute errors", () => {
    assert.ok(Math.abs(medianError(CASES.slice(1), "e2eMsP95", "predicted") - 0.04) < 1e-12);
    assert.ok(Math.abs(medianError(CASES.slice(1), "e2eMsP95", "naive") - 0.2) < 1e-12);
  });

  it("head with held-out cases only, and make misses bold", () => {
    const text = studyTables(CASES);
    assert.match(text, /Median error of p95 E2E over 3 held-out cases: 4\.0 %\*\* \(within 5 % in 2\)/);
    assert.match(
      text,
      /\| steps +\| × 1\.5 +\| round-robin +\| +1,000 ms \| +900 – 1,100 ms \| +1,234 ms \| +\*\*\+23\.4 %\*\*/,
    );
    assert.match(text, /\| steps +\| +2 of 3 \| +4\.0 % \| +20\.0 % \| +1\.0 % \|/);
    assert.match(text, /\| load and strategy \| +0 of 1 \| +23\.4 %/);
    assert.match(text, /−4\.0 % \|/);
    assert.match(text, /\+1\.0 % ± 2\.3 % \|/);
    assert.match(text, /12\.5 % \/ 12\.5 %/);
  });

  it("are the same text each time", () => assert.equal(studyTables(CASES), studyTables([...CASES])));
});

const PAGE = "# A\n\n<!-- study: written by npm run study -- --write -->\nold\n<!-- end of study -->\n\nend\n";

it("the page's tables are replaced and found again, and nothing else moves", () => {
  const page = withStudyPart(PAGE, "new\n\ntable");
  assert.equal(studyPart(page), "new\n\ntable");
  assert.equal(withStudyPart(page, "new\n\ntable"), page);
  assert.ok(page.startsWith("# A\n\n<!-- study") && page.endsWith("<!-- end of study -->\n\nend\n"));
  assert.throws(() => studyPart("# no marks"));
});
