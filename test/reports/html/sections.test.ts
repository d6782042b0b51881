import assert from "node:assert/strict";
import { test } from "node:test";
import { assertionsSection, conditionsSection, notesSection, verdictSection } from "../../../reports/html/sections.ts";
import { fixture } from "../fixture.ts";

test("fewer replications than asked for stand out", () => {
  const result = { ...fixture(), replications: { asked: 20, done: 10 } };
  assert.match(String(conditionsSection(result)), /class="alarm"><dt>Replications<\/dt><dd>10 of 20 asked for/);
});

test("a residency violation stands out; without rules there is nothing to say", () => {
  const result = fixture();
  assert.match(String(conditionsSection(result)), /<div><dt>Residency<\/dt><dd>0 violations/);
  const [first, ...rest] = result.strategies;
  const counts = { ...first!.total.counts, residencyViolations: 2 };
  const broken = { ...result, strategies: [{ ...first!, total: { ...first!.total, counts } }, ...rest] };
  assert.match(String(conditionsSection(broken)), /class="alarm"><dt>Residency<\/dt><dd>2 violations/);
  const free = { ...result, classes: result.classes.map((one) => ({ ...one, residency: null })) };
  assert.doesNotMatch(String(conditionsSection(free)), /Residency/);
});

test("the verdict comes with what failed", () => {
  assert.match(String(verdictSection(fixture())), /1 assertion failed/);
  assert.match(String(assertionsSection(fixture())), /<strong>FAILED<\/strong>/);
});

test("empty sections are left out", () => {
  const bare = { ...fixture(), assertions: [], notes: [] };
  assert.equal(assertionsSection(bare), "");
  assert.equal(notesSection(bare), "");
});
