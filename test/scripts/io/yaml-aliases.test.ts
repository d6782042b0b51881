import assert from "node:assert/strict";
import { it } from "node:test";
import { parseDocument } from "yaml";
import { toPlain, unknownAlias } from "../../../scripts/io/yaml-aliases.ts";

const problemsOf = (text: string) =>
  unknownAlias(parseDocument(text), (offset) => `line ${text.slice(0, offset).split("\n").length}`);

it("an alias of what stands before it is known, in maps, lists and merges", () => {
  assert.deepEqual(problemsOf("a: &a { x: 1 }\nb: *a\nc:\n  - *a\nd: &t text\ne: *t\n"), []);
  assert.deepEqual(problemsOf("a: &a { x: 1 }\nb: { <<: *a }\n"), []);
});

it("the first alias of nothing is one problem, on its line", () => {
  const [problem, ...others] = problemsOf("a: 1\nb: *later\nc: &later 2\nd: *never\n");
  assert.deepEqual(others, []);
  assert.equal(problem?.where, "line 2");
  assert.match(problem?.what ?? "", /^"\*later" /);
  assert.match(problem?.fix ?? "", /&later before/);
});

it("a few lines do not unfold into very much", () => {
  const nine = (name: string) => `[${Array.from({ length: 9 }, () => `*${name}`).join(", ")}]`;
  const bomb = `a: &a [x, x, x, x, x, x, x, x, x]\nb: &b ${nine("a")}\nc: &c ${nine("b")}\nd: ${nine("c")}\n`;
  const plain = toPlain(parseDocument(bomb), "t.yaml");
  assert.ok("problem" in plain && plain.problem.code === "SCENARIO_ALIASES");
  assert.deepEqual(toPlain(parseDocument("a: &a 1\nb: *a"), "t.yaml"), { value: { a: 1, b: 1 } });
});
