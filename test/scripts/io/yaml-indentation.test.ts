import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { misindented } from "../../../scripts/io/yaml-indentation.ts";

const GOOD = `
world:
  regions: [a]   # a comment: with a colon
  models:
    m:
      id: x
traffic:
  - class: c
    tokens: { input: 1,
  output: 2 }
    note: |
          free text: of any shape
        and another
    origin: a
  -
    class: d
  - - nested: 1
      more: 2
list:
- one: 1
  two: 2
text: "a
  quoted one"
plain: goes
  on here
`;
const found = (text: string) => {
  const answer = misindented(text);
  return answer && [answer.line, answer.what, answer.fix];
};

describe("a line whose indentation is like none above it", () => {
  it("is found, with the indentation that is near", () => {
    assert.deepEqual(found("traffic:\n  - class: a\n    deferrable: true\n   origin: x\n"), [
      4,
      "the line is indented by 3 spaces, and no line above it is",
      "indent it by 4 spaces, like line 2",
    ]);
    assert.deepEqual(found("a:\n    b: 1\n c: 2"), [
      3,
      "the line is indented by 1 space, and no line above it is",
      "indent it by 0 spaces, like line 1",
    ]);
  });

  it("is found where it goes deeper below a value that is complete", () => {
    assert.deepEqual(found("a: 1\n  b: 2"), [
      2,
      "the line is indented by 2 spaces, and the line before takes nothing below it",
      "indent it by 0 spaces, like line 1",
    ]);
    assert.equal(misindented("a: { x: 1 }\n  b: 2")!.line, 2);
  });

  it("is not seen in good YAML", () => {
    assert.equal(misindented(GOOD), undefined);
    for (const file of globSync("scenarios/*.yaml"))
      assert.equal(misindented(readFileSync(file, "utf8")), undefined, file);
  });
});
